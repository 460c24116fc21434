package layers

import "github.com/tutti-ml/tutti/autograd"

// Activations: functions of one element, without parameters. Each is the op of the same name in package autograd.

// ReLU is max(x, 0).
type ReLU struct{}

// Forward returns max(x, 0).
func (ReLU) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return autograd.ReLU(x) }

// Tanh is the hyperbolic tangent.
type Tanh struct{}

// Forward returns tanh(x).
func (Tanh) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return autograd.Tanh(x) }

// Sigmoid is 1/(1+e⁻ˣ).
type Sigmoid struct{}

// Forward returns 1/(1+e⁻ˣ).
func (Sigmoid) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return autograd.Sigmoid(x) }

// GELU is x·Φ(x), with Φ the distribution function of the standard normal distribution.
type GELU struct{}

// Forward returns x·Φ(x).
func (GELU) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return autograd.GELU(x) }
