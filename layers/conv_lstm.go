package layers

import (
	"fmt"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
)

// ConvLSTM is an LSTM over sequences of images, whose products with the weights are convolutions that keep the size:
//
//	i, f, g, o = σ, σ, tanh, σ of (WeightIH ⋆ x + WeightHH ⋆ h + Bias)   c' = f·c + i·g   h' = o·tanh(c')
//
//	x [N, T, In, H, W]   WeightIH [4·Units, In, R, R]   WeightHH [4·Units, Units, R, R]   Bias [4·Units]   y [N, T, Units, H, W]
//
// The convolutions of the inputs are one for all steps. Source: Shi et al., arXiv:1506.04214, without its peepholes, as is usual
// since.
type ConvLSTM struct {
	WeightIH, WeightHH, Bias *autograd.Param
}

// NewConvLSTM returns a ConvLSTM with filters of kernel by kernel pixels, kernel odd, drawn evenly from ±1/√(fan-in) as those of
// Conv2D; biases are 0.
func NewConvLSTM(rng *rand.Rand, in, units, kernel int) *ConvLSTM {
	positive("NewConvLSTM", "in", in)
	positive("NewConvLSTM", "units", units)
	positive("NewConvLSTM", "kernel", kernel)
	if kernel%2 == 0 {
		panic(fmt.Sprintf("layers: NewConvLSTM: kernel = %d, want an odd number, which can keep the size", kernel))
	}
	return &ConvLSTM{
		WeightIH: newParam(rng, defaultInit(in*kernel*kernel), 4*units, in, kernel, kernel),
		WeightHH: newParam(rng, defaultInit(units*kernel*kernel), 4*units, units, kernel, kernel),
		Bias:     newParam(nil, Zeros, 4*units),
	}
}

// Forward returns the states after all steps, starting from zeros.
func (l *ConvLSTM) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	y, _ := l.Run(t, x, State{})
	return y
}

// Run returns the states after all steps, starting from the one given, and the last; a zero State is zeros. States are
// [N, Units, H, W].
func (l *ConvLSTM) Run(t *autograd.Tape, x *autograd.Var, s State) (y *autograd.Var, last State) {
	in, units := l.WeightIH.Value().Dim(1), l.WeightHH.Value().Dim(1)
	if x.Rank() != 5 || x.Dim(2) != in || x.Dim(1) == 0 {
		panic(fmt.Sprintf("layers: ConvLSTM: x %v, want [N, T, %d, H, W] with a step", x.Shape(), in))
	}
	n, steps, h, w := x.Dim(0), x.Dim(1), x.Dim(3), x.Dim(4)
	pad := l.WeightIH.Value().Dim(2) / 2
	o := autograd.Conv2DOptions{PadH: pad, PadW: pad}
	inputs := autograd.Conv2D(autograd.Reshape(x, n*steps, in, h, w), t.Use(l.WeightIH), t.Use(l.Bias), o)
	inputs = autograd.Reshape(inputs, n, steps, 4*units, h, w)
	states := make([]*autograd.Var, steps)
	for i := range steps {
		gates := autograd.Reshape(autograd.Slice(inputs, 1, i, i+1), n, 4*units, h, w)
		if s.H != nil {
			gates = autograd.Add(gates, autograd.Conv2D(s.H, t.Use(l.WeightHH), nil, o))
		}
		g := autograd.Split(gates, 1, units, units, units, units)
		cell := autograd.Mul(autograd.Sigmoid(g[0]), autograd.Tanh(g[2]))
		if s.C != nil {
			cell = autograd.Add(cell, autograd.Mul(autograd.Sigmoid(g[1]), s.C))
		}
		s = State{H: autograd.Mul(autograd.Sigmoid(g[3]), autograd.Tanh(cell)), C: cell}
		states[i] = s.H
	}
	return autograd.Stack(1, states...), s
}
