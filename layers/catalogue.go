package layers

import (
	"math/rand/v2"
	"slices"

	"github.com/tutti-ml/tutti/autograd"
)

// Example is a layer of the catalogue with an input it takes.
type Example struct {
	Name  string
	Input []int // shape of a batch
	New   func(rng *rand.Rand) Layer
}

// Catalogue has an example or more of every layer of this package. What is in it is tested and listed by itself. Examples of
// one area are in a file of their own, catalogue_<area>.go. A function, for a variable would link every layer into every program.
func Catalogue() []Example {
	return slices.Concat(basicExamples(), convExamples(), normExamples(), embeddingExamples(), recurrentExamples(),
		attentionExamples(), activationExamples(), containerExamples())
}

// basicExamples are the layers of the smallest networks.
func basicExamples() []Example {
	return []Example{
		{"Linear", []int{3, 5}, func(rng *rand.Rand) Layer { return NewLinear(rng, 5, 4) }},
		{"Linear without bias", []int{3, 5}, func(rng *rand.Rand) Layer {
			l := NewLinear(rng, 5, 4)
			l.Bias = nil
			return l
		}},
		{"Conv2D", []int{2, 2, 5, 4}, func(rng *rand.Rand) Layer { return NewConv2D(rng, Conv2DConfig{In: 2, Out: 3, Kernel: 3}) }},
		{"Conv2D with all options", []int{2, 4, 7, 8}, func(rng *rand.Rand) Layer {
			return NewConv2D(rng, Conv2DConfig{In: 4, Out: 6, Kernel: 3, KernelW: 2, Stride: 2, Pad: 1, Dilation: 2, Groups: 2, NoBias: true})
		}},
		{"MaxPool2D", []int{2, 2, 4, 6}, func(*rand.Rand) Layer { return MaxPool2D{Kernel: 2} }},
		{"MaxPool2D with stride and padding", []int{2, 2, 5, 5}, func(*rand.Rand) Layer { return MaxPool2D{Kernel: 3, Stride: 2, Pad: 1} }},
		{"AvgPool2D", []int{2, 2, 4, 6}, func(*rand.Rand) Layer { return AvgPool2D{Kernel: 2} }},
		{"AvgPool2D without its padding", []int{2, 2, 5, 5}, func(*rand.Rand) Layer {
			return AvgPool2D{Kernel: 3, Stride: 2, Pad: 1, ExcludePad: true}
		}},
		{"ReLU", []int{3, 5}, func(*rand.Rand) Layer { return ReLU{} }},
		{"Tanh", []int{3, 5}, func(*rand.Rand) Layer { return Tanh{} }},
		{"Sigmoid", []int{3, 5}, func(*rand.Rand) Layer { return Sigmoid{} }},
		{"GELU", []int{3, 5}, func(*rand.Rand) Layer { return GELU{} }},
		{"Dropout", []int{3, 5}, func(*rand.Rand) Layer { return Dropout{P: 0.3} }},
		{"Flatten", []int{2, 3, 2}, func(*rand.Rand) Layer { return Flatten{} }},
		{"Func", []int{3, 5}, func(*rand.Rand) Layer { return Func(autograd.Exp) }},
		{"Sequential", []int{2, 1, 4, 4}, func(rng *rand.Rand) Layer {
			return Sequential{
				NewConv2D(rng, Conv2DConfig{In: 1, Out: 2, Kernel: 3, Pad: 1}), Tanh{}, MaxPool2D{Kernel: 2},
				Sequential{Flatten{}, NewLinear(rng, 8, 3)},
			}
		}},
	}
}
