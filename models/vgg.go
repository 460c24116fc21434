package models

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/internal/option"
	"github.com/tutti-ml/tutti/layers"
)

// VGG is a plain stack of 3×3 convolutions, pooled to half the size after each stage, and three linear layers. Its names in a state
// dictionary are torchvision's, and for images of 224 pixels its shapes too.
//
//	x [N, In, Height, Width]   y [N, Classes] logits
//
// Source: Simonyan and Zisserman, arXiv:1409.1556.
type VGG struct {
	Features, Classifier layers.Sequential
}

// VGGConfig says what a VGG looks like.
type VGGConfig struct {
	In            int     // channels of the images; default 3
	Height, Width int     // of the images, at least 32 pixels; default 224
	Classes       int     // default 1000
	Channels      int     // of the first stage; default 64, later stages have up to eight times as many
	Hidden        int     // units of the two hidden linear layers; default 4096
	Dropout       float64 // between the linear layers; default ½
}

// NewVGG11 returns VGG-11, the paper's configuration A: 132,863,336 parameters for 1000 classes.
func NewVGG11(rng *rand.Rand, c VGGConfig) *VGG { return newVGG(rng, c, 1, 1, 2, 2, 2) }

// NewVGG16 returns VGG-16, the paper's configuration D: 138,357,544 parameters for 1000 classes.
func NewVGG16(rng *rand.Rand, c VGGConfig) *VGG { return newVGG(rng, c, 2, 2, 3, 3, 3) }

// newVGG makes stages of so many convolutions each.
func newVGG(rng *rand.Rand, c VGGConfig, stages ...int) *VGG {
	h, w := cmp.Or(c.Height, 224), cmp.Or(c.Width, 224)
	if h < 32 || w < 32 {
		panic(fmt.Sprintf("models: VGG: images of %d by %d pixels, want at least 32 by 32: they are halved five times", h, w))
	}
	drop := option.Float(c.Dropout, 0.5)
	net, in, out := &VGG{}, cmp.Or(c.In, 3), cmp.Or(c.Channels, 64)
	for stage, convolutions := range stages {
		for range convolutions {
			conv := layers.NewConv2D(rng, layers.Conv2DConfig{In: in, Out: out, Kernel: 3, Pad: 1})
			layers.ScaledNormal(layers.FanOut, layers.GainReLU)(rng, conv.Weight.Value())
			conv.Bias.Value().Zero()
			net.Features = append(net.Features, conv, layers.ReLU{})
			in = out
		}
		net.Features = append(net.Features, layers.MaxPool2D{Kernel: 2})
		if stage < 3 {
			out *= 2
		}
	}
	linear := func(in, out int) *layers.Linear {
		l := layers.NewLinear(rng, in, out)
		layers.ScaledNormal(layers.FanIn, layers.GainReLU)(rng, l.Weight.Value())
		l.Bias.Value().Zero()
		return l
	}
	hidden := cmp.Or(c.Hidden, 4096)
	net.Classifier = layers.Sequential{
		linear(in*(h/32)*(w/32), hidden), layers.ReLU{}, layers.Dropout{P: drop},
		linear(hidden, hidden), layers.ReLU{}, layers.Dropout{P: drop},
		layers.NewLinear(rng, hidden, cmp.Or(c.Classes, 1000)),
	}
	return net
}

// Forward returns logits.
func (m *VGG) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return m.Classifier.Forward(t, autograd.Flatten(m.Features.Forward(t, x)))
}
