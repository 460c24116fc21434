package vec_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/cpu"
)

// TestStepsOnEveryISA requires the loops' bits from the kernels of optimizer steps, in every buffer, and nothing written
// beside them: on all lengths around a tail, on slices that start anywhere, with numbers of every kind among them.
func TestStepsOnEveryISA(t *testing.T) {
	sgd := vec.SGDCoef{Decay: 0.01, Momentum: 0.9, New: 0.7, Rate: 0.3}
	nesterov := sgd
	nesterov.Nesterov = true
	adam := vec.AdamCoef{Keep: 0.999, Decay: 0.01, Beta1: 0.9, New1: 0.1, Beta2: 0.97, New2: 0.03, Rate: 0.2, Root: 1.3, Eps: 1e-8}
	for _, c := range []struct {
		name string
		f    func(w, g, m, v []float32)
	}{
		{"SGD", func(w, g, m, v []float32) { vec.SGD(w, g, 0.01, 0.3) }},
		{"SGDMomentum", func(w, g, m, v []float32) { vec.SGDMomentum(w, g, m, sgd) }},
		{"SGDMomentum Nesterov", func(w, g, m, v []float32) { vec.SGDMomentum(w, g, m, nesterov) }},
		{"Adam", func(w, g, m, v []float32) { vec.Adam(w, g, m, v, adam) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer vec.SetISA(vec.ISA())
			rng := rand.New(rand.NewPCG(15, 16))
			lengths := []int{40009}
			for n := range 71 {
				lengths = append(lengths, n, n)
			}
			for _, n := range lengths {
				const guard = 8
				var start [4]int
				var buffers [4][]float32
				for i := range buffers {
					start[i] = guard + rng.IntN(8)
					buffers[i] = every(rng, n+3*guard)
				}
				run := func(isa cpu.ISA) (all [4][]float32) {
					var s [4][]float32
					for i := range buffers {
						all[i] = slices.Clone(buffers[i])
						s[i] = all[i][start[i] : start[i]+n : start[i]+n]
					}
					vec.SetISA(isa)
					c.f(s[0], s[1], s[2], s[3])
					return all
				}
				want := run(cpu.Generic)
				for _, isa := range cpu.All()[1:] {
					if isa > cpu.Best() {
						break
					}
					for i, got := range run(isa) {
						for j := range got {
							require.Truef(t, identical(got[j], want[i][j]), "%v, n=%d: buffer %d [%d] = %v, want %v, from %v",
								isa, n, i, j-start[i], got[j], want[i][j], buffers[i][j])
						}
					}
				}
			}
		})
	}
}
