package layers

import (
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
)

// containerExamples are layers made of layers, and those that compute their weights.
func containerExamples() []Example {
	return []Example{
		always("Identity", Identity{}, 3, 5),
		{"Residual", []int{3, 5}, func(rng *rand.Rand) Layer { return Residual{Body: NewLinear(rng, 5, 5)} }},
		{"Residual with a shortcut", []int{3, 5}, func(rng *rand.Rand) Layer {
			return Residual{NewLinear(rng, 5, 4), NewLinear(rng, 5, 4)}
		}},
		{"Concat", []int{3, 5}, func(rng *rand.Rand) Layer {
			return Concat{[]Layer{NewLinear(rng, 5, 4), Identity{}, Func(autograd.Neg)}, 1}
		}},
		{"Parallel", []int{3, 5}, func(rng *rand.Rand) Layer { return Parallel{NewLinear(rng, 5, 5), Tanh{}} }},
		always("Unflatten", Unflatten{[]int{2, -1}}, 3, 6),
		{"Highway", []int{3, 5}, func(rng *rand.Rand) Layer { return NewHighway(rng, 5) }},
		{"Highway of tanh", []int{3, 5}, func(rng *rand.Rand) Layer {
			l := NewHighway(rng, 5)
			l.Activation = Tanh{}
			return l
		}},
		{"Maxout", []int{3, 5}, func(rng *rand.Rand) Layer { return NewMaxout(rng, 5, 4, 3) }},
		{"WeightNormLinear", []int{3, 5}, func(rng *rand.Rand) Layer { return NewWeightNormLinear(rng, 5, 4) }},
		{"WeightNormConv2D", []int{2, 2, 4, 4}, func(rng *rand.Rand) Layer {
			return NewWeightNormConv2D(rng, Conv2DConfig{In: 2, Out: 3, Kernel: 3})
		}},
		{"SpectralNormConv1D", []int{2, 2, 5}, func(rng *rand.Rand) Layer {
			l := NewSpectralNormConv1D(rng, Conv1DConfig{In: 2, Out: 3, Kernel: 2, Same: true})
			l.settle()
			return l
		}},
		{"SpectralNormConv2D", []int{2, 2, 4, 4}, func(rng *rand.Rand) Layer {
			l := NewSpectralNormConv2D(rng, Conv2DConfig{In: 2, Out: 3, Kernel: 2, Same: true})
			l.settle()
			return l
		}},
		{"SpectralNormConv3D", []int{1, 2, 3, 2, 3}, func(rng *rand.Rand) Layer {
			l := NewSpectralNormConv3D(rng, Conv3DConfig{In: 2, Out: 2, Kernel: [3]int{2, 1, 2}, Same: true})
			l.settle()
			return l
		}},
		{"SpectralNormLinear", []int{3, 5}, func(rng *rand.Rand) Layer {
			l := NewSpectralNormLinear(rng, 5, 4)
			l.settle()
			return l
		}},
	}
}

// settle lets one singular vector stand out: they count as constant, which is exact where the iteration has come to rest.
func (s *SpectralWeight) settle() {
	row := s.WeightOrig.Value().Slice(0, 0, 1)
	row.Fill(20)
	s.warm(10)
}
