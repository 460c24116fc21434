package tensor_test

import (
	"fmt"
	"testing"

	"github.com/tutti-ml/tutti/tensor"
)

// BenchmarkPieces measures searches and casts, which are shared out by pieces, in million elements a second.
func BenchmarkPieces(b *testing.B) {
	for _, shape := range [][]int{{128, 10}, {512, 2048}, {1, 1 << 20}} {
		n := shape[0] * shape[1]
		x := filled(newRand(1), tensor.Float32, shape...)
		half, whole := x.Cast(tensor.Float16), x.Cast(tensor.Int32)
		at := tensor.New(tensor.Int64, shape[0])
		for _, c := range []struct {
			name string
			f    func()
		}{
			{"ArgMax", func() { tensor.ArgMaxTo(at, x, 1) }},
			{"ArgMin", func() { tensor.ArgMinTo(at, x, 1) }},
			{"Cast int32 to float32", func() { tensor.CastTo(x, whole) }},
			{"Cast float16 to int32", func() { tensor.CastTo(whole, half) }},
		} {
			b.Run(fmt.Sprintf("%s %v", c.name, shape), func(b *testing.B) {
				for b.Loop() {
					c.f()
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "M/s")
			})
		}
	}
}
