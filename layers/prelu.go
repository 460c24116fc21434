package layers

import "github.com/tutti-ml/tutti/autograd"

// PReLU is LeakyReLU with slopes that are learnt: one for all elements, or one for each channel.
//
//	x [N, C, ...]   Weight [1] or [C]   y as x
//
// Do not decay the slopes: zero would make a ReLU of it. Source: He et al., arXiv:1502.01852.
type PReLU struct {
	Weight *autograd.Param
}

// NewPReLU returns a PReLU of so many slopes, 1 or the number of channels, each ¼ at first.
func NewPReLU(slopes int) *PReLU {
	positive("NewPReLU", "slopes", slopes)
	return &PReLU{newParam(nil, Constant(0.25), slopes)}
}

// Forward returns x with its negative elements times their channel's slope.
func (l *PReLU) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.PReLU(x, t.Use(l.Weight))
}
