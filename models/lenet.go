package models

import (
	"math/rand/v2"

	"github.com/tutti-ml/tutti/layers"
)

// LeNet5 returns LeNet-5 as it is usually written today for 28×28 images: ReLU for tanh, max-pooling for the trained
// subsampling, full connections between the channels of the two convolutions, and logits for the radial basis functions.
//
//	x [N, 1, 28, 28]   y [N, 10]   61,706 parameters
//
// Source: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", Proceedings of the
// IEEE 86 (1998).
func LeNet5(rng *rand.Rand) layers.Sequential {
	return layers.Sequential{
		layers.NewConv2D(rng, layers.Conv2DConfig{In: 1, Out: 6, Kernel: 5, Pad: 2}), // [6, 28, 28]
		layers.ReLU{},
		layers.MaxPool2D{Kernel: 2}, // [6, 14, 14]
		layers.NewConv2D(rng, layers.Conv2DConfig{In: 6, Out: 16, Kernel: 5}), // [16, 10, 10]
		layers.ReLU{},
		layers.MaxPool2D{Kernel: 2}, // [16, 5, 5]
		layers.Flatten{},            // [400]
		layers.NewLinear(rng, 400, 120),
		layers.ReLU{},
		layers.NewLinear(rng, 120, 84),
		layers.ReLU{},
		layers.NewLinear(rng, 84, 10),
	}
}
