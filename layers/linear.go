package layers

import (
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// Linear is the fully connected layer y = x·Wᵀ + b, over the last axis of x.
//
//	x [..., In]   Weight [Out, In]   Bias [Out] or nil   y [..., Out]
type Linear struct {
	Weight, Bias *autograd.Param
}

// NewLinear returns a Linear whose parameters are drawn evenly from ±1/√in, as PyTorch does (see KaimingUniform). For a
// layer without bias set Bias to nil.
func NewLinear(rng *rand.Rand, in, out int) *Linear {
	positive("NewLinear", "in", in)
	positive("NewLinear", "out", out)
	return &Linear{
		Weight: newParam(rng, defaultInit(in), out, in),
		Bias:   newParam(rng, defaultInit(in), out),
	}
}

// Forward returns x·Wᵀ + b.
func (l *Linear) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Linear(x, t.Use(l.Weight), useOrNil(t, l.Bias))
}

// useOrNil is Use for a parameter that may be left out.
func useOrNil(t *autograd.Tape, p *autograd.Param) *autograd.Var {
	if p == nil {
		return nil
	}
	return t.Use(p)
}

// newParam returns a Float32 parameter filled by init.
func newParam(rng *rand.Rand, init Init, shape ...int) *autograd.Param {
	x := tensor.New(tensor.Float32, shape...)
	init(rng, x)
	return autograd.NewParam(x)
}
