package models

import (
	"cmp"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/internal/option"
	"github.com/tutti-ml/tutti/layers"
)

// InceptionV1 is GoogLeNet with batch normalisation and without the auxiliary classifiers, as torchvision's in use: nine modules
// that look at their input through windows of several sizes at once. Its names in a state dictionary are torchvision's, and so
// is the 3×3 window where the paper has 5×5.
//
//	x [N, In, H, W]   y [N, Classes] logits   6,624,904 parameters for 1000 classes
//
// Source: Szegedy et al., arXiv:1409.4842.
type InceptionV1 struct {
	Conv1, Conv2, Conv3                                             *ConvBN
	Inception3a, Inception3b                                        *Inception
	Inception4a, Inception4b, Inception4c, Inception4d, Inception4e *Inception
	Inception5a, Inception5b                                        *Inception
	Dropout                                                         layers.Dropout
	FC                                                              *layers.Linear
}

// InceptionConfig says what an InceptionV1 looks like.
type InceptionConfig struct {
	In      int     // channels of the images; default 3
	Classes int     // default 1000
	Shrink  int     // all numbers of channels are divided by it; default 1
	Dropout float64 // before the last layer; default 0.2
}

// NewInceptionV1 returns an InceptionV1. Images must be so large that five halvings leave something: 32 pixels or more.
func NewInceptionV1(rng *rand.Rand, c InceptionConfig) *InceptionV1 {
	shrink := cmp.Or(c.Shrink, 1)
	of := func(channels int) int { return max(1, channels/shrink) }
	last := 0 // channels of the module before
	module := func(in, one, reduce3, three, reduce5, five, pool int) *Inception {
		if in > 0 {
			last = of(in)
		}
		m := newInception(rng, last, of(one), of(reduce3), of(three), of(reduce5), of(five), of(pool))
		last = of(one) + of(three) + of(five) + of(pool)
		return m
	}
	net := &InceptionV1{
		Conv1:       newConvBN(rng, cmp.Or(c.In, 3), of(64), 7, 2),
		Conv2:       newConvBN(rng, of(64), of(64), 1, 1),
		Conv3:       newConvBN(rng, of(64), of(192), 3, 1),
		Inception3a: module(192, 64, 96, 128, 16, 32, 32),
		Inception3b: module(0, 128, 128, 192, 32, 96, 64),
		Inception4a: module(0, 192, 96, 208, 16, 48, 64),
		Inception4b: module(0, 160, 112, 224, 24, 64, 64),
		Inception4c: module(0, 128, 128, 256, 24, 64, 64),
		Inception4d: module(0, 112, 144, 288, 32, 64, 64),
		Inception4e: module(0, 256, 160, 320, 32, 128, 128),
		Inception5a: module(0, 256, 160, 320, 32, 128, 128),
		Inception5b: module(0, 384, 192, 384, 48, 128, 128),
		Dropout:     layers.Dropout{P: option.Float(c.Dropout, 0.2)},
	}
	net.FC = layers.NewLinear(rng, last, cmp.Or(c.Classes, 1000))
	return net
}

// Forward returns logits.
func (m *InceptionV1) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	x = maxPoolCeil(m.Conv1.Forward(t, x), 3, 2)
	x = maxPoolCeil(m.Conv3.Forward(t, m.Conv2.Forward(t, x)), 3, 2)
	x = m.Inception3b.Forward(t, m.Inception3a.Forward(t, x))
	x = maxPoolCeil(x, 3, 2)
	for _, l := range []*Inception{m.Inception4a, m.Inception4b, m.Inception4c, m.Inception4d, m.Inception4e} {
		x = l.Forward(t, x)
	}
	x = maxPoolCeil(x, 2, 2)
	x = m.Inception5b.Forward(t, m.Inception5a.Forward(t, x))
	return m.FC.Forward(t, m.Dropout.Forward(t, globalMean(x)))
}

// Inception is one module: four branches over the same input, joined along the channels.
type Inception struct {
	Branch1                   *ConvBN           // 1×1
	Branch2, Branch3, Branch4 layers.Sequential // 1×1 and 3×3, the same again, pooling and 1×1
}

func newInception(rng *rand.Rand, in, one, reduce3, three, reduce5, five, pool int) *Inception {
	return &Inception{
		Branch1: newConvBN(rng, in, one, 1, 1),
		Branch2: layers.Sequential{newConvBN(rng, in, reduce3, 1, 1), newConvBN(rng, reduce3, three, 3, 1)},
		Branch3: layers.Sequential{newConvBN(rng, in, reduce5, 1, 1), newConvBN(rng, reduce5, five, 3, 1)},
		Branch4: layers.Sequential{layers.MaxPool2D{Kernel: 3, Stride: 1, Pad: 1}, newConvBN(rng, in, pool, 1, 1)},
	}
}

// Forward returns the branches' results, joined.
func (l *Inception) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Concat(1, l.Branch1.Forward(t, x), l.Branch2.Forward(t, x), l.Branch3.Forward(t, x), l.Branch4.Forward(t, x))
}

// ConvBN is a convolution, a BatchNorm and a ReLU.
type ConvBN struct {
	Conv *layers.Conv2D
	BN   *layers.BatchNorm
}

// newConvBN draws the filters from the normal distribution of standard deviation 0.01, cut off at two of them, as torchvision does.
func newConvBN(rng *rand.Rand, in, out, kernel, stride int) *ConvBN {
	init := layers.TruncatedNormal(0, 0.01, -0.02, 0.02)
	l := &ConvBN{Conv: filters(rng, init, in, out, kernel, stride, 1), BN: layers.NewBatchNorm(out)}
	l.BN.Eps = 1e-3
	return l
}

// Forward returns relu(norm(w ⋆ x)).
func (l *ConvBN) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.ReLU(l.BN.Forward(t, l.Conv.Forward(t, x)))
}
