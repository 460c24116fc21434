package bench

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
	assert.Contains(t, []string{"copy", "ports"}, row.By)
}

// A stream must move all of its bytes, on any number of threads, or limits would be too high.
func TestStream(t *testing.T) {
	for _, threads := range []int{1, 2, 3} {
		s := newStream(4*1001, threads)
		for i := range s.from {
			s.from[i] = float32(i)
		}
		s.copy()
		assert.Equal(t, s.from[:500], s.to)
		seen := 0
		s.sums = func(lo, hi int) { seen += hi - lo }
		s.grain = len(s.from)
		s.read()
		assert.Equal(t, 1001, seen)
	}
}
