package blas_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/internal/cpu"
)

// TestLongSums adds up 2²⁰ products and absolute values of float32(0.1), whose rounding errors pile up where they are
// added one after another. A leaf of 1024 has two partial sums at least, so the bound is (512 + log₂ n)·2⁻²⁴.
func TestLongSums(t *testing.T) {
	const n = 1 << 20
	x, one := make([]float32, 2*n), make([]float32, 2*n)
	for i := range x {
		x[i], one[i] = 0.1, 1
	}
	want := float64(float32(0.1)) * n
	for isa := cpu.Generic; isa <= cpu.Best(); isa++ {
		im, err := blas.For(isa)
		require.NoError(t, err)
		for name, got := range map[string]float32{
			"Sdot":          im.Sdot(n, x, 1, one, 1),
			"Sdot strided":  im.Sdot(n, x, 2, one, -1),
			"Sasum":         im.Sasum(n, x, 1),
			"Sasum strided": im.Sasum(n, x, 2),
		} {
			assert.InDelta(t, want, float64(got), (512+20)*0x1p-24*want, "%v %s", isa, name)
		}
	}
}
