package cpu

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		name, env string
		machine   ISA
		want      ISA
		err       string
	}{
		{"unset", "", AVX2, AVX2, ""},
		{"unset, nothing there", "", Generic, Generic, ""},
		{"lowered", "generic", AVX512, Generic, ""},
		{"lowered one step", "avx2", AVX512, AVX2, ""},
		{"exact", "avx512", AVX512, AVX512, ""},
		{"missing", "avx512", AVX2, AVX2, "TUTTI_ISA=avx512, but " + platform + " has only avx2 here"},
		{"missing all", "avx2", Generic, Generic, "TUTTI_ISA=avx2, but " + platform + " has only generic here"},
		{"unknown", "sse9", AVX2, AVX2, "TUTTI_ISA=sse9, want one of generic, avx2, avx512"},
		{"case matters", "AVX2", AVX512, AVX512, "TUTTI_ISA=AVX2, want one of"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := choose(c.env, c.machine)
			assert.Equal(t, c.want, got.isa)
			if c.err == "" {
				require.NoError(t, got.err)
				return
			}
			require.ErrorIs(t, got.err, ErrISA)
			assert.Contains(t, got.err.Error(), c.err)
		})
	}
}

// A run that asks for an ISA must get it: a missing one fails here, and is never skipped.
func TestEnvironmentIsHonoured(t *testing.T) {
	require.NoError(t, Check())
	if env := os.Getenv(Variable); env != "" {
		assert.Equal(t, env, Best().String())
	} else {
		assert.Equal(t, Machine(), Best())
	}
}

func TestOrder(t *testing.T) {
	assert.Less(t, Generic, AVX2)
	assert.Less(t, AVX2, AVX512)
	assert.Equal(t, "ISA(7)", ISA(7).String())
}

func TestReport(t *testing.T) {
	r := Features()
	assert.NotEmpty(t, r.Brand)
	assert.Positive(t, r.Threads)
	assert.Equal(t, Best(), r.Best)
	r = Report{Brand: "P", GOOS: "o", GOARCH: "a", Cores: 2, Threads: 4, L1D: 32 << 10, L2: 512 << 10, L3: 32 << 20, CacheLine: 64,
		Features: []string{"A", "B"}, Machine: AVX512, Best: AVX2, Why: "TUTTI_ISA=avx2"}
	assert.Equal(t, `processor  P, o/a
cores      2 physical, 4 usable threads
caches     L1d 32 KiB, L2 512 KiB, L3 32 MiB, line 64 B
features   A B
isa        avx2 (machine has avx512): TUTTI_ISA=avx2`, r.String())
}
