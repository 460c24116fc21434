package blas_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/internal/alloctest"
)

func TestGemmu8s8Allocations(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	each(t, func(t *testing.T, im blas.Implementation) {
		c := int8Case{150, 170, 100, 0}
		a, b, dst := int8Operands(c)
		packed := im.PackInt8(c.k, c.n, b, c.n)
		multiply := func() {
			im.Gemmu8s8(c.m, c.n, c.k, a, c.k, b, c.n, dst, c.n)
			packed.Gemm(c.m, a, c.k, dst, c.n)
		}
		require.Zero(t, alloctest.PerRun(50, multiply))
	})
}
