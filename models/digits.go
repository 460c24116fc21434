package models

import (
	"math/rand/v2"

	"github.com/tutti-ml/tutti/layers"
)

// DigitsNet returns a small convolutional network for 8×8 grey images, such as the handwritten digits of the UCI repository.
//
//	x [N, 1, 8, 8]   y [N, 10]   38,282 parameters
//
// Its plan is LeNet-5's (see LeNet5), cut to the size of the images: 3×3 filters keep their border, and one pooling is enough.
func DigitsNet(rng *rand.Rand) layers.Sequential {
	return layers.Sequential{
		layers.NewConv2D(rng, layers.Conv2DConfig{In: 1, Out: 16, Kernel: 3, Pad: 1}), // [16, 8, 8]
		layers.ReLU{},
		layers.NewConv2D(rng, layers.Conv2DConfig{In: 16, Out: 32, Kernel: 3, Pad: 1}), // [32, 8, 8]
		layers.ReLU{},
		layers.MaxPool2D{Kernel: 2}, // [32, 4, 4]
		layers.Flatten{},            // [512]
		layers.NewLinear(rng, 512, 64),
		layers.ReLU{},
		layers.NewLinear(rng, 64, 10),
	}
}
