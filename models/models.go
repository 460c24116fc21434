// Package models holds well-known networks, each built from package layers alone, with the paper or source it follows.
//
// A model returns logits. All is the table that programs pick from by name.
package models

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/tutti-ml/tutti/layers"
)

// Entry describes a model with its usual sizes.
type Entry struct {
	Name    string
	Input   []int // shape of one sample; nil means any, or any image
	Least   int   // where Input is nil: samples are images [C, H, W], of at least so many pixels each way; 0 means of any shape
	Classes int   // number of logits; 0 means any
	About   string
	// New makes the model for samples of shape input in that many classes, which it must take (see Takes).
	New func(rng *rand.Rand, input []int, classes int) layers.Layer
}

// All lists the models.
var All = []Entry{
	{"digitsnet", []int{1, 8, 8}, 0, 10, "two convolutions for 8x8 handwritten digits",
		func(rng *rand.Rand, _ []int, _ int) layers.Layer { return DigitsNet(rng) }},
	{"lenet5", []int{1, 28, 28}, 0, 10, "LeNet-5 with ReLU and max-pooling, for 28x28 images",
		func(rng *rand.Rand, _ []int, _ int) layers.Layer { return LeNet5(rng) }},
	{"mlp", nil, 0, 0, "fully connected, two hidden layers of 512 with ReLU",
		func(rng *rand.Rand, input []int, classes int) layers.Layer {
			features := 1
			for _, d := range input {
				features *= d
			}
			return MLP(rng, features, 512, 512, classes)
		}},
	{"resnet20", nil, 4, 0, "ResNet-20 for images of some 32 pixels",
		func(rng *rand.Rand, input []int, classes int) layers.Layer {
			return NewResNet20(rng, ResNetConfig{In: input[0], Classes: classes})
		}},
}

// Takes reports whether the model can be made for samples of shape input in that many classes.
func (e Entry) Takes(input []int, classes int) bool {
	switch {
	case e.Classes != 0 && e.Classes != classes, e.Input != nil && !slices.Equal(e.Input, input):
		return false
	case e.Least > 0:
		return len(input) == 3 && input[0] > 0 && min(input[1], input[2]) >= e.Least
	}
	return true
}

// Wants says in words what the model takes.
func (e Entry) Wants() string {
	what := "samples of any shape"
	switch {
	case e.Input != nil:
		what = fmt.Sprintf("samples of %v", e.Input)
	case e.Least > 0:
		what = fmt.Sprintf("images [channels height width] of at least %d by %[1]d pixels", e.Least)
	}
	if e.Classes > 0 {
		what += fmt.Sprintf(" in %d classes", e.Classes)
	}
	return what
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
