package blas_test

import (
	"testing"

	"gonum.org/v1/gonum/blas/gonum"

	gblas "gonum.org/v1/gonum/blas"

	"github.com/tutti-ml/tutti/blas"
)

// BenchmarkLevel2 measures matrices of order 4096 in float32, read once from memory: GB/s of the stored triangle, by turns with
// gonum's code.
func BenchmarkLevel2(b *testing.B) {
	const n = 4096
	a, x, y := make([]float32, n*n), make([]float32, n), make([]float32, n)
	for i := range a {
		a[i] = 1e-5 // every page of memory is a page of its own
	}
	for i := range n {
		x[i], y[i], a[i*n+i] = 1/float32(i+1), 1, 1
	}
	const up, lo, no, yes, non = gblas.Upper, gblas.Lower, gblas.NoTrans, gblas.Trans, gblas.NonUnit
	for _, c := range []struct {
		name string
		f    func(im gblas.Float32Level2)
	}{
		{"symv", func(im gblas.Float32Level2) { im.Ssymv(up, n, 0.5, a, n, x, 1, 0, y, 1) }},
		{"spmv", func(im gblas.Float32Level2) { im.Sspmv(lo, n, 0.5, a, x, 1, 0, y, 1) }},
		{"syr", func(im gblas.Float32Level2) { im.Ssyr(up, n, 1e-9, x, 1, a, n) }},
		{"syr2", func(im gblas.Float32Level2) { im.Ssyr2(up, n, 1e-9, x, 1, y, 1, a, n) }},
		{"trmv N", func(im gblas.Float32Level2) { im.Strmv(up, no, non, n, a, n, x, 1) }},
		{"trmv T", func(im gblas.Float32Level2) { im.Strmv(up, yes, non, n, a, n, x, 1) }},
		{"trsv N", func(im gblas.Float32Level2) { im.Strsv(lo, no, non, n, a, n, x, 1) }},
		{"trsv T", func(im gblas.Float32Level2) { im.Strsv(lo, yes, non, n, a, n, x, 1) }},
	} {
		for name, im := range map[string]gblas.Float32Level2{"tutti": blas.Implementation{}, "gonum": gonum.Implementation{}} {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				for b.Loop() {
					c.f(im)
				}
				b.ReportMetric(n*n/2*4*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GB/s")
			})
		}
	}
}
