package vec_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/cpu"
)

// BenchmarkISA measures float32 functions on operands in L1, in L2, and in memory: ns/element, GB/s read and written, and
// how many times faster than the portable loops, which it times by turns with the kernel. All are medians.
//
//	go test -bench 'ISA/Add' ./blas/vec
func BenchmarkISA(b *testing.B) {
	const most = 1 << 24
	rng := rand.New(rand.NewPCG(1, 1))
	d, x, y, z := make([]float32, most), make([]float32, most), make([]float32, most), make([]float32, most)
	h := make([]uint16, most)
	copy(x, normal[float32](rng, 1<<16))
	for i := range x {
		x[i] = x[i&(1<<16-1)]
		y[i], z[i] = x[i]*x[i], 1
	}
	for _, c := range []struct {
		name  string
		bytes int // read and written, an element
		f     func(n int)
	}{
		{"Add", 12, func(n int) { vec.Add(d[:n], x[:n], y[:n]) }},
		{"MulAdd", 16, func(n int) { vec.MulAdd(d[:n], x[:n], z[:n]) }},
		{"Axpy", 12, func(n int) { vec.Axpy(d[:n], 0.5, x[:n]) }},
		{"Scale", 8, func(n int) { vec.Scale(d[:n], 0.5, x[:n]) }},
		{"Maximum", 12, func(n int) { vec.Maximum(d[:n], x[:n], y[:n]) }},
		{"Div", 12, func(n int) { vec.Div(d[:n], x[:n], y[:n]) }},
		{"Sqrt", 8, func(n int) { vec.Sqrt(d[:n], y[:n]) }},
		{"Relu", 8, func(n int) { vec.Relu(d[:n], x[:n]) }},
		{"ReluGrad", 12, func(n int) { vec.ReluGrad(d[:n], y[:n], x[:n]) }},
		{"TanhGrad", 12, func(n int) { vec.TanhGrad(d[:n], y[:n], x[:n]) }},
		{"Fill", 4, func(n int) { vec.Fill(d[:n], 1.5) }},
		{"Exp", 8, func(n int) { vec.Exp(d[:n], x[:n]) }},
		{"Log", 8, func(n int) { vec.Log(d[:n], y[:n]) }},
		{"Tanh", 8, func(n int) { vec.Tanh(d[:n], x[:n]) }},
		{"Sigmoid", 8, func(n int) { vec.Sigmoid(d[:n], x[:n]) }},
		{"Erf", 8, func(n int) { vec.Erf(d[:n], x[:n]) }},
		{"Rsqrt", 8, func(n int) { vec.Rsqrt(d[:n], y[:n]) }},
		{"Silu", 8, func(n int) { vec.Silu(d[:n], x[:n]) }},
		{"SiluGrad", 12, func(n int) { vec.SiluGrad(d[:n], y[:n], x[:n]) }},
		{"Gelu", 8, func(n int) { vec.Gelu(d[:n], x[:n]) }},
		{"GeluGrad", 12, func(n int) { vec.GeluGrad(d[:n], y[:n], x[:n]) }},
		{"LayerNorm768", 8, func(n int) { vec.LayerNorm(d[:n/768*768], x[:n/768*768], x[:768], y[:768], nil, nil, n/768, 768, 1e-5) }},
		{"Softmax10", 8, func(n int) { vec.Softmax(d[:n/10*10], x[:n/10*10], n/10, 10) }},
		{"Softmax128", 8, func(n int) { vec.Softmax(d[:n], x[:n], n/128, 128) }},
		{"LogSumExp128", 4, func(n int) { vec.LogSumExp(d[:n/128], x[:n], n/128, 128) }},
		{"Sum", 4, func(n int) { vec.Sum(x[:n]) }},
		{"Dot", 8, func(n int) { vec.Dot(x[:n], y[:n]) }},
		{"Max", 4, func(n int) { vec.Max(x[:n]) }},
		{"ArgMax", 4, func(n int) { vec.ArgMax(x[:n]) }},
		{"ToBFloat16", 6, func(n int) { vec.ToBFloat16(h[:n], x[:n]) }},
		{"FromBFloat16", 6, func(n int) { vec.FromBFloat16(d[:n], h[:n]) }},
		{"ToFloat16", 6, func(n int) { vec.ToFloat16(h[:n], x[:n]) }},
		{"FromFloat16", 6, func(n int) { vec.FromFloat16(d[:n], h[:n]) }},
		{"SGD", 12, func(n int) { vec.SGD(d[:n], x[:n], 0.1, 0.1) }},
		{"SGDMomentum", 20, func(n int) { vec.SGDMomentum(d[:n], x[:n], z[:n], vec.SGDCoef{Momentum: 0.9, New: 1, Rate: 0.1}) }},
		{"Adam", 28, func(n int) {
			vec.Adam(d[:n], x[:n], y[:n], z[:n], vec.AdamCoef{Keep: 1, Beta1: 0.9, New1: 0.1, Beta2: 0.999, New2: 0.001, Rate: 0.1, Root: 1, Eps: 1e-8})
		}},
	} {
		for _, n := range []int{1 << 10, 1 << 14, 1 << 20, most} {
			b.Run(fmt.Sprintf("%s/%d", c.name, n), func(b *testing.B) {
				var slow, fast []time.Duration
				for b.Loop() {
					vec.SetISA(cpu.Generic)
					start := time.Now()
					c.f(n)
					middle := time.Now()
					vec.SetISA(cpu.Best())
					c.f(n)
					fast = append(fast, time.Since(middle))
					slow = append(slow, middle.Sub(start))
				}
				slices.Sort(slow)
				slices.Sort(fast)
				f, s := float64(fast[len(fast)/2]), float64(slow[len(slow)/2])
				ns := f / float64(n)
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(ns, "ns/element")
				b.ReportMetric(float64(c.bytes)/ns, "GB/s")
				b.ReportMetric(s/f, "x-generic")
			})
		}
	}
}
