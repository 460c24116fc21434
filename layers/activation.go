package layers

import "github.com/tutti-ml/tutti/autograd"

// Activations: functions of one element, without parameters. Each is the op of the same name in package autograd, where its
// source is named. Those with numbers are in activation_options.go, PReLU in prelu.go.

// ReLU is max(x, 0).
type ReLU struct{}

// Forward returns max(x, 0).
func (ReLU) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return autograd.ReLU(x) }

// ReLU6 is min(max(x, 0), 6).
type ReLU6 struct{}

// Forward returns min(max(x, 0), 6).
func (ReLU6) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return autograd.ReLU6(x) }

// Tanh is the hyperbolic tangent.
type Tanh struct{}

// Forward returns tanh(x).
func (Tanh) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return autograd.Tanh(x) }

// Sigmoid is 1/(1+e⁻ˣ).
type Sigmoid struct{}

// Forward returns 1/(1+e⁻ˣ).
func (Sigmoid) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return autograd.Sigmoid(x) }

// LogSigmoid is −log(1+e⁻ˣ).
type LogSigmoid struct{}

// Forward returns −log(1+e⁻ˣ).
func (LogSigmoid) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.LogSigmoid(x)
}

// GELU is x·Φ(x), with Φ the distribution function of the standard normal distribution.
type GELU struct{}

// Forward returns x·Φ(x).
func (GELU) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return autograd.GELU(x) }

// GELUTanh is the approximation of GELU by a hyperbolic tangent, as in GPT-2.
type GELUTanh struct{}

// Forward returns ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
func (GELUTanh) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return autograd.GELUTanh(x) }

// SiLU is x·σ(x), also known as Swish.
type SiLU struct{}

// Forward returns x·σ(x).
func (SiLU) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return autograd.SiLU(x) }

// Mish is x·tanh(log(1+eˣ)).
type Mish struct{}

// Forward returns x·tanh(log(1+eˣ)).
func (Mish) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return autograd.Mish(x) }

// SELU is the ELU that draws activations to mean 0 and variance 1 from layer to layer.
type SELU struct{}

// Forward returns λ·ELU(x, α).
func (SELU) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return autograd.SELU(x) }

// Softsign is x/(1+|x|).
type Softsign struct{}

// Forward returns x/(1+|x|).
func (Softsign) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return autograd.Softsign(x) }

// Hardsigmoid is min(max(x+3, 0), 6)/6.
type Hardsigmoid struct{}

// Forward returns min(max(x+3, 0), 6)/6.
func (Hardsigmoid) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Hardsigmoid(x)
}

// Hardswish is x·min(max(x+3, 0), 6)/6.
type Hardswish struct{}

// Forward returns x·min(max(x+3, 0), 6)/6.
func (Hardswish) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Hardswish(x)
}

// Tanhshrink is x − tanh(x).
type Tanhshrink struct{}

// Forward returns x − tanh(x).
func (Tanhshrink) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Tanhshrink(x)
}
