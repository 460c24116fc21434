package layers

import (
	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/internal/option"
)

// Activations with numbers of their own, which training does not change. A zero field means PyTorch's default, so that
// LeakyReLU{} is nn.LeakyReLU(); for a number that is really zero say Zero.

// LeakyReLU is x where x is positive, else Slope·x.
type LeakyReLU struct {
	Slope float64 // default 0.01
}

// Forward returns x with its negative elements times Slope.
func (l LeakyReLU) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.LeakyReLU(x, option.Float(l.Slope, 0.01))
}

// RReLU is LeakyReLU with slopes drawn anew for every element while training, and their mean otherwise.
type RReLU struct {
	Lower, Upper float64 // default 1/8 and 1/3
}

// Forward returns x with its negative elements times slopes between Lower and Upper.
func (l RReLU) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.RReLU(x, option.Float(l.Lower, 1./8), option.Float(l.Upper, 1./3))
}

// ELU is x where x is positive, else Alpha·(eˣ−1).
type ELU struct {
	Alpha float64 // default 1
}

// Forward returns x where x is positive, else Alpha·(eˣ−1).
func (l ELU) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.ELU(x, option.Float(l.Alpha, 1))
}

// CELU is x where x is positive, else Alpha·(e^(x/Alpha)−1).
type CELU struct {
	Alpha float64 // > 0; default 1
}

// Forward returns x where x is positive, else Alpha·(e^(x/Alpha)−1).
func (l CELU) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.CELU(x, option.Float(l.Alpha, 1))
}

// Softplus is log(1+e^(Beta·x))/Beta.
type Softplus struct {
	Beta      float64 // > 0; default 1
	Threshold float64 // of Beta·x, above which the result is x; default 20
}

// Forward returns log(1+e^(Beta·x))/Beta.
func (l Softplus) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Softplus(x, option.Float(l.Beta, 1), option.Float(l.Threshold, 20))
}

// Hardtanh is x moved into [Min, Max].
type Hardtanh struct {
	Min, Max float64 // default −1 and 1, if neither is given; where one is, the other's zero is 0
}

// Forward returns min(max(x, Min), Max).
func (l Hardtanh) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	if l == (Hardtanh{}) {
		l = Hardtanh{-1, 1}
	}
	return autograd.Hardtanh(x, option.Float(l.Min, 0), option.Float(l.Max, 0))
}

// Softshrink is x drawn towards zero by Lambda, and zero within ±Lambda.
type Softshrink struct {
	Lambda float64 // >= 0; default ½
}

// Forward returns max(x−Lambda, 0) + min(x+Lambda, 0).
func (l Softshrink) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Softshrink(x, option.Float(l.Lambda, 0.5))
}

// Hardshrink is x, but zero within ±Lambda.
type Hardshrink struct {
	Lambda float64 // default ½
}

// Forward returns x where |x| > Lambda, else zero.
func (l Hardshrink) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Hardshrink(x, option.Float(l.Lambda, 0.5))
}

// Threshold is x where x is above Threshold, else Value. Neither has a default: zero is zero.
type Threshold struct {
	Threshold, Value float64
}

// Forward returns x where x > Threshold, else Value.
func (l Threshold) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Threshold(x, option.Float(l.Threshold, 0), option.Float(l.Value, 0))
}
