package vec_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tutti-ml/tutti/blas/vec"
)

// BenchmarkVec measures 4096 float32 elements, in L1, on the caller's thread; package math on the same ones is the peer:
// `go test -bench Vec ./blas/vec`.
func BenchmarkVec(b *testing.B) {
	const n = 4096
	rng := rand.New(rand.NewPCG(1, 1))
	d, x, y, pos := make([]float32, n), normal[float32](rng, n), normal[float32](rng, n), make([]float32, n)
	vec.Exp(pos, x)
	through := func(f func(float64) float64, x []float32) func() {
		return func() {
			for i, v := range x {
				d[i] = float32(f(float64(v)))
			}
		}
	}
	for _, c := range []struct {
		name string
		f    func()
	}{
		{"Add", func() { vec.Add(d, x, y) }},
		{"Axpy", func() { vec.Axpy(d, 0, x) }},
		{"Relu", func() { vec.Relu(d, x) }},
		{"ReluGrad", func() { vec.ReluGrad(d, y, x) }},
		{"Sum", func() { vec.Sum(x) }},
		{"Dot", func() { vec.Dot(x, y) }},
		{"Max", func() { vec.Max(x) }},
		{"Exp", func() { vec.Exp(d, x) }},
		{"Exp by math", through(math.Exp, x)},
		{"Log", func() { vec.Log(d, pos) }},
		{"Log by math", through(math.Log, pos)},
		{"Tanh", func() { vec.Tanh(d, x) }},
		{"Tanh by math", through(math.Tanh, x)},
		{"Sigmoid", func() { vec.Sigmoid(d, x) }},
		{"Softmax of 16", func() { vec.Softmax(d, x, n/16, 16) }},
		{"Adam", func() { vec.Adam(d, x, y, pos, vec.AdamCoef{Keep: 1, Beta1: 1, Beta2: 1, Eps: 1}) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				c.f()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/element")
		})
	}
}
