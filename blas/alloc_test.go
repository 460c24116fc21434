package blas_test

import (
	"testing"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/blastest"
)

func TestAllocations(t *testing.T) {
	each(t, func(t *testing.T, im blas.Implementation) {
		t.Run("float32", func(t *testing.T) { blastest.Allocations(t, im.Sgemm) })
		t.Run("float64", func(t *testing.T) { blastest.Allocations(t, im.Dgemm) })
	})
}

func TestFusedAllocations(t *testing.T) {
	t.Run("float32", blastest.FusedAllocations[float32])
	t.Run("float64", blastest.FusedAllocations[float64])
}
