package models

import (
	"cmp"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/internal/option"
	"github.com/tutti-ml/tutti/layers"
)

// MobileNetV2 is a network for small machines: its blocks widen their input, filter each channel by itself, and narrow it again;
// the residual connections join the narrow ends. Its names in a state dictionary are torchvision's.
//
//	x [N, In, H, W]   y [N, Classes] logits   3,504,872 parameters for 1000 classes
//
// Source: Sandler et al., arXiv:1801.04381.
type MobileNetV2 struct {
	Features, Classifier layers.Sequential
}

// MobileNetConfig says what a MobileNetV2 looks like.
type MobileNetConfig struct {
	In      int     // channels of the images; default 3
	Classes int     // default 1000
	Width   float64 // what the numbers of channels are multiplied by, before they are rounded to multiples of eight; default 1
	Dropout float64 // before the last layer; default 0.2
	// Small is for images of some 32 pixels: the first two strides of 2 are left out.
	Small bool
}

// NewMobileNetV2 returns a MobileNetV2.
func NewMobileNetV2(rng *rand.Rand, c MobileNetConfig) *MobileNetV2 {
	width := option.Float(c.Width, 1)
	first, second := 2, 2
	if c.Small {
		first, second = 1, 1
	}
	in := eights(32 * width)
	net := &MobileNetV2{Features: layers.Sequential{convBNReLU6(rng, cmp.Or(c.In, 3), in, 3, first, 1)}}
	for _, stage := range []struct{ expand, channels, blocks, stride int }{
		{1, 16, 1, 1}, {6, 24, 2, second}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
	} {
		out := eights(float64(stage.channels) * width)
		for i := range stage.blocks {
			stride := 1
			if i == 0 {
				stride = stage.stride
			}
			net.Features = append(net.Features, newInvertedResidual(rng, in, out, stride, stage.expand))
			in = out
		}
	}
	last := eights(1280 * max(1, width))
	net.Features = append(net.Features, convBNReLU6(rng, in, last, 1, 1, 1))
	head := layers.NewLinear(rng, last, cmp.Or(c.Classes, 1000))
	layers.Normal(0, 0.01)(rng, head.Weight.Value())
	head.Bias.Value().Zero()
	net.Classifier = layers.Sequential{layers.Dropout{P: option.Float(c.Dropout, 0.2)}, head}
	return net
}

// Forward returns logits.
func (m *MobileNetV2) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return m.Classifier.Forward(t, globalMean(m.Features.Forward(t, x)))
}

// InvertedResidual is one block of a MobileNetV2.
type InvertedResidual struct {
	Conv     layers.Sequential
	Shortcut bool // add the input
}

func newInvertedResidual(rng *rand.Rand, in, out, stride, expand int) *InvertedResidual {
	hidden := in * expand
	b := &InvertedResidual{Shortcut: stride == 1 && in == out}
	if expand != 1 {
		b.Conv = append(b.Conv, convBNReLU6(rng, in, hidden, 1, 1, 1))
	}
	b.Conv = append(b.Conv, convBNReLU6(rng, hidden, hidden, 3, stride, hidden), convolution(rng, hidden, out, 1, 1, 1),
		layers.NewBatchNorm(out))
	return b
}

// Forward returns conv(x), plus x where the shapes agree.
func (b *InvertedResidual) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	y := b.Conv.Forward(t, x)
	if b.Shortcut {
		y = autograd.Add(y, x)
	}
	return y
}

func convBNReLU6(rng *rand.Rand, in, out, kernel, stride, groups int) layers.Sequential {
	return layers.Sequential{convolution(rng, in, out, kernel, stride, groups), layers.NewBatchNorm(out), layers.ReLU6{}}
}

// eights rounds a number of channels to a multiple of eight, at least eight and not below nine tenths of it.
func eights(v float64) int {
	n := max(8, int(v+4)/8*8)
	if float64(n) < 0.9*v {
		n += 8
	}
	return n
}
