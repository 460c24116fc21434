package kernel

import "testing"

func BenchmarkTile(b *testing.B) {
	benchTile(b, Sgemm)
	benchTile(b, Dgemm)
	for _, p := range append(SPeak, DPeak...) {
		b.Run(p.Name, func(b *testing.B) {
			for b.Loop() {
				p.Run(10000)
			}
			b.ReportMetric(float64(p.Flops)*10000*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}

func benchTile[T Float](b *testing.B, table []Gemm[T]) {
	for _, g := range table {
		b.Run(g.Name, func(b *testing.B) {
			k := g.KC
			x, y, c := make([]T, g.MR*k), make([]T, g.NR*k), make([]T, g.MR*g.NR)
			for b.Loop() {
				g.Tile(k, 1, &x[0], 1, g.MR, &y[0], g.NR, 1, &c[0], g.NR)
			}
			b.ReportMetric(float64(2*g.MR*g.NR*k)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}
