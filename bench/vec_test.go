package bench

import (
	"bytes"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/cpu"
)

func TestVecTable(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, Vec(&out, 0))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 2+len(vecCases()))
	for _, name := range []string{"axpy 1000 ", "nrm2 1000000 ", "exp 1000000 ", "gemv 4096×4096 "} {
		assert.Contains(t, out.String(), "\n"+name)
	}
	require.ErrorContains(t, Vec(full{}, 0), "disk full")
}

func TestMeasureVec(t *testing.T) {
	row := vecCases()[0].measure(0)
	assert.Positive(t, row.Time)
	assert.InEpsilon(t, row.Fraction*float64(row.Time), float64(row.Limit), 1e-9)
	assert.InEpsilon(t, row.GBs*float64(row.Time), 12*1000, 1e-9)
	assert.Equal(t, "update", row.By)
}

// A case whose mix is misspelt would be measured against memory alone.
func TestMixesAreMeasured(t *testing.T) {
	var used []string
	for _, c := range vecCases() {
		used = append(used, c.mix)
	}
	for _, m := range kernel.Mixes {
		assert.Contains(t, used, m.Kernel)
	}
	if cpu.Best() >= cpu.AVX2 {
		assert.Len(t, kernel.Mixes, len(slices.Compact(slices.Sorted(slices.Values(used))))-1, "every name of a mix, and none for a case without")
	}
}

// Shares must cover all elements once, in pieces that a stream takes, on any number of threads, or limits would be too low.
func TestShare(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, threads := range []int{1, 2, 3} {
		runtime.GOMAXPROCS(threads)
		for _, spread := range []bool{false, true} {
			var seen [100_008]atomic.Int32
			share(len(seen), spread, func(lo, hi int) {
				assert.Zero(t, (hi-lo)%8)
				for i := lo; i < hi; i++ {
					seen[i].Add(1)
				}
			})()
			for i := range seen {
				require.EqualValues(t, 1, seen[i].Load(), i)
			}
		}
	}
}
