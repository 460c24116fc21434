package blas_test

import (
	"testing"

	"gonum.org/v1/gonum/blas/testblas"

	"github.com/tutti-ml/tutti/blas"
)

// TestGonum runs gonum's own suite for the real types on every implementation. It has tests in float64 only; float32 comes
// from the same generic code and is compared with float64 by blastest.
func TestGonum(t *testing.T) {
	each(t, func(t *testing.T, im blas.Implementation) {
		for _, c := range []struct {
			name string
			test func(t *testing.T)
		}{
			{"Ddot", func(t *testing.T) { testblas.DdotTest(t, im) }},
			{"Dnrm2", func(t *testing.T) { testblas.Dnrm2Test(t, im) }},
			{"Dasum", func(t *testing.T) { testblas.DasumTest(t, im) }},
			{"Idamax", func(t *testing.T) { testblas.IdamaxTest(t, im) }},
			{"Dswap", func(t *testing.T) { testblas.DswapTest(t, im) }},
			{"Dcopy", func(t *testing.T) { testblas.DcopyTest(t, im) }},
			{"Daxpy", func(t *testing.T) { testblas.DaxpyTest(t, im) }},
			{"Drotg", func(t *testing.T) { testblas.DrotgTest(t, im, false) }},
			{"Drotmg", func(t *testing.T) { testblas.DrotmgTest(t, im) }},
			{"Drot", func(t *testing.T) { testblas.DrotTest(t, im) }},
			{"Drotm", func(t *testing.T) { testblas.DrotmTest(t, im) }},
			{"Dscal", func(t *testing.T) { testblas.DscalTest(t, im) }},

			{"Dgemv", func(t *testing.T) { testblas.DgemvTest(t, im) }},
			{"Dger", func(t *testing.T) { testblas.DgerTest(t, im) }},
			{"Dgbmv", func(t *testing.T) { testblas.DgbmvTest(t, im) }},
			{"Dtxmv", func(t *testing.T) { testblas.DtxmvTest(t, im) }},
			{"Dtrmv", func(t *testing.T) { testblas.DtrmvTest(t, im) }},
			{"Dtbmv", func(t *testing.T) { testblas.DtbmvTest(t, im) }},
			{"Dtpmv", func(t *testing.T) { testblas.DtpmvTest(t, im) }},
			{"Dtrsv", func(t *testing.T) { testblas.DtrsvTest(t, im) }},
			{"Dtbsv", func(t *testing.T) { testblas.DtbsvTest(t, im) }},
			{"Dtpsv", func(t *testing.T) { testblas.DtpsvTest(t, im) }},
			{"Dsymv", func(t *testing.T) { testblas.DsymvTest(t, im) }},
			{"Dsbmv", func(t *testing.T) { testblas.DsbmvTest(t, im) }},
			{"Dspmv", func(t *testing.T) { testblas.DspmvTest(t, im) }},
			{"Dsyr", func(t *testing.T) { testblas.DsyrTest(t, im) }},
			{"Dspr", func(t *testing.T) { testblas.DsprTest(t, im) }},
			{"Dsyr2", func(t *testing.T) { testblas.Dsyr2Test(t, im) }},
			{"Dspr2", func(t *testing.T) { testblas.Dspr2Test(t, im) }},

			{"Dgemm", func(t *testing.T) { testblas.TestDgemm(t, im) }},
			{"Dsymm", func(t *testing.T) { testblas.DsymmTest(t, im) }},
			{"Dsyrk", func(t *testing.T) { testblas.DsyrkTest(t, im) }},
			{"Dsyr2k", func(t *testing.T) { testblas.Dsyr2kTest(t, im) }},
			{"Dtrmm", func(t *testing.T) { testblas.DtrmmTest(t, im) }},
			{"Dtrsm", func(t *testing.T) { testblas.DtrsmTest(t, im) }},
		} {
			t.Run(c.name, c.test)
		}
	})
}
