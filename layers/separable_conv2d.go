package layers

import (
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
)

// SeparableConv2D is a convolution of every channel by itself, followed by one of 1×1 that mixes the channels: a small fraction of a
// Conv2D's parameters and work. Source: Chollet, "Xception", arXiv:1610.02357.
//
//	x [N, In, H, W]   y [N, Out, OutH, OutW]
type SeparableConv2D struct {
	Depthwise *Conv2D // In to In·Multiplier channels, in In groups
	Pointwise *Conv2D // to Out channels, 1×1
}

// NewSeparableConv2D returns a SeparableConv2D; c.Groups is not used. multiplier is the number of filters for a channel, 1 as a rule.
// There is no bias between the two convolutions. It panics if a field is out of range.
func NewSeparableConv2D(rng *rand.Rand, c Conv2DConfig, multiplier int) *SeparableConv2D {
	positive("NewSeparableConv2D", "multiplier", multiplier)
	depthwise := c
	depthwise.Out, depthwise.Groups, depthwise.NoBias = c.In*multiplier, c.In, true
	return &SeparableConv2D{
		Depthwise: NewConv2D(rng, depthwise),
		Pointwise: NewConv2D(rng, Conv2DConfig{In: c.In * multiplier, Out: c.Out, Kernel: 1, NoBias: c.NoBias}),
	}
}

// Forward returns both convolutions of x.
func (l *SeparableConv2D) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return forwardAt("Pointwise", -1, l.Pointwise, t, forwardAt("Depthwise", -1, l.Depthwise, t, x))
}
