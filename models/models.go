// Package models holds well-known networks, each built from package layers alone, with the paper or source it follows.
//
// A model returns logits. All is the table that programs pick from by name.
package models

import (
	"math/rand/v2"

	"github.com/tutti-ml/tutti/layers"
)

// Entry describes a model with its usual sizes.
type Entry struct {
	Name    string
	Input   []int // shape of one sample; nil means any
	Classes int   // number of logits; 0 means any
	About   string
	// New makes the model for samples of shape input in that many classes, which must be Input and Classes where those
	// are given.
	New func(rng *rand.Rand, input []int, classes int) layers.Layer
}

// All lists the models.
var All = []Entry{
	{"digitsnet", []int{1, 8, 8}, 10, "two convolutions for 8x8 handwritten digits",
		func(rng *rand.Rand, _ []int, _ int) layers.Layer { return DigitsNet(rng) }},
	{"lenet5", []int{1, 28, 28}, 10, "LeNet-5 with ReLU and max-pooling, for 28x28 images",
		func(rng *rand.Rand, _ []int, _ int) layers.Layer { return LeNet5(rng) }},
	{"mlp", nil, 0, "fully connected, two hidden layers of 512 with ReLU",
		func(rng *rand.Rand, input []int, classes int) layers.Layer {
			features := 1
			for _, d := range input {
				features *= d
			}
			return MLP(rng, features, 512, 512, classes)
		}},
}

// Find returns the entry of the given name.
func Find(name string) (e Entry, ok bool) {
	for _, e := range All {
		if e.Name == name {
			return e, true
		}
	}
	return Entry{}, false
}
