package layers

import "github.com/tutti-ml/tutti/autograd"

// The gated linear units: the last axis is cut in two, and one half decides how much of the other goes through. For another
// axis use the op in package autograd. What comes before is usually a Linear twice as wide.

// GLU is a·σ(b).
type GLU struct{}

// Forward returns a·σ(b) for x = [a, b].
func (GLU) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return autograd.GLU(x, -1) }

// SwiGLU is a·SiLU(b).
type SwiGLU struct{}

// Forward returns a·SiLU(b) for x = [a, b].
func (SwiGLU) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return autograd.SwiGLU(x, -1) }

// GEGLU is a·GELU(b).
type GEGLU struct{}

// Forward returns a·GELU(b) for x = [a, b].
func (GEGLU) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return autograd.GEGLU(x, -1) }

// ReGLU is a·ReLU(b).
type ReGLU struct{}

// Forward returns a·ReLU(b) for x = [a, b].
func (ReGLU) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return autograd.ReGLU(x, -1) }
