package models

import (
	"fmt"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/layers"
)

// MLP returns a multilayer perceptron: fully connected layers with ReLU between them. sizes are the number of inputs, of every
// hidden layer's units and of outputs, so at least two. All axes of a sample are taken as one.
//
//	x [N, ...], sizes[0] elements a sample   y [N, sizes[last]]
//
// Source: Rumelhart, Hinton and Williams, Nature 323 (1986), with the ReLU of Nair and Hinton, ICML 2010.
func MLP(rng *rand.Rand, sizes ...int) layers.Sequential {
	if len(sizes) < 2 {
		panic(fmt.Sprintf("models: MLP: sizes %v: want those of inputs and outputs at least", sizes))
	}
	net := layers.Sequential{layers.Flatten{}}
	for i := 1; i < len(sizes); i++ {
		if i > 1 {
			net = append(net, layers.ReLU{})
		}
		net = append(net, layers.NewLinear(rng, sizes[i-1], sizes[i]))
	}
	return net
}
