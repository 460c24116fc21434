package blas_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/blastest"
	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/cpu"
)

// each runs a test on every implementation this machine has. Where TUTTI_ISA names one that is missing, it fails.
func each(t *testing.T, test func(t *testing.T, im blas.Implementation)) {
	require.NoError(t, cpu.Check())
	if env := os.Getenv(cpu.Variable); env != "" {
		require.Equal(t, env, cpu.Best().String())
	}
	for _, im := range blas.Implementations() {
		t.Run(im.ISA().String(), func(t *testing.T) { test(t, im) })
	}
}

func TestSgemm(t *testing.T) {
	each(t, func(t *testing.T, im blas.Implementation) {
		k := kernel.Pick(kernel.Sgemm, im.ISA())
		blastest.Gemm(t, im.Sgemm, k.MR, k.NR, k.KC)
	})
}

func TestDgemm(t *testing.T) {
	each(t, func(t *testing.T, im blas.Implementation) {
		k := kernel.Pick(kernel.Dgemm, im.ISA())
		blastest.Gemm(t, im.Dgemm, k.MR, k.NR, k.KC)
	})
}
