package layers

import (
	"fmt"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/internal/option"
)

// LayerNorm normalises each row of the last axis, y = (x − mean)/√(var + Eps)·Weight + Bias.
//
//	x [..., D]   Weight [D]   Bias [D] or nil   y as x
//
// For more axes than the last, Reshape. Source: Ba, Kiros and Hinton, arXiv:1607.06450.
type LayerNorm struct {
	Weight, Bias *autograd.Param // both nil: neither scaled nor shifted
	Eps          float64
}

// NewLayerNorm returns a LayerNorm as PyTorch makes it: gain 1, bias 0, Eps 1e-5.
func NewLayerNorm(features int) *LayerNorm {
	positive("NewLayerNorm", "features", features)
	return &LayerNorm{newParam(nil, Ones, features), newParam(nil, Zeros, features), 1e-5}
}

// Forward returns x normalised.
func (l *LayerNorm) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.LayerNorm(x, useOrNil(t, l.Weight), useOrNil(t, l.Bias), l.Eps)
}

// RMSNorm divides each row of the last axis by the root of its mean square, y = x/√(Σx²/D + Eps)·Weight.
//
//	x [..., D]   Weight [D] or nil   y as x
//
// Source: Zhang and Sennrich, arXiv:1910.07467.
type RMSNorm struct {
	Weight *autograd.Param
	Eps    float64
}

// NewRMSNorm returns an RMSNorm with gain 1 and Eps 1e-6.
func NewRMSNorm(features int) *RMSNorm {
	positive("NewRMSNorm", "features", features)
	return &RMSNorm{newParam(nil, Ones, features), 1e-6}
}

// Forward returns x normalised.
func (l *RMSNorm) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.RMSNorm(x, useOrNil(t, l.Weight), l.Eps)
}

// GroupNorm normalises groups of neighbouring channels of each sample, y = (x − mean)/√(var + Eps)·Weight + Bias.
//
//	x [N, C, ...]   Weight, Bias [C]   y as x
//
// Source: Wu and He, arXiv:1803.08494.
type GroupNorm struct {
	Weight, Bias *autograd.Param // both nil: neither scaled nor shifted
	Groups       int
	Eps          float64
}

// NewGroupNorm returns a GroupNorm as PyTorch makes it: gain 1, bias 0, Eps 1e-5. It panics unless groups divides channels.
func NewGroupNorm(groups, channels int) *GroupNorm {
	positive("NewGroupNorm", "groups", groups)
	positive("NewGroupNorm", "channels", channels)
	if channels%groups != 0 {
		panic(fmt.Sprintf("layers: NewGroupNorm: %d channels in %d groups", channels, groups))
	}
	return &GroupNorm{newParam(nil, Ones, channels), newParam(nil, Zeros, channels), groups, 1e-5}
}

// Forward returns x normalised.
func (l *GroupNorm) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.GroupNorm(x, useOrNil(t, l.Weight), useOrNil(t, l.Bias), l.Groups, l.Eps)
}

// LocalResponseNorm damps each element by the squares of its neighbours in other channels (see autograd.LocalResponseNorm).
//
//	x [N, C, ...]   y as x
//
// Source: Krizhevsky, Sutskever and Hinton, NIPS 2012.
type LocalResponseNorm struct {
	Size  int     // channels that damp each other, > 0; 5 in AlexNet
	Alpha float64 // 0 means 1e-4
	Beta  float64 // 0 means 0.75
	K     float64 // 0 means 1
}

// Forward returns x damped.
func (l LocalResponseNorm) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	o := autograd.LocalResponseNormOptions{Size: l.Size,
		Alpha: option.Float(l.Alpha, 1e-4), Beta: option.Float(l.Beta, 0.75), K: option.Float(l.K, 1)}
	return autograd.LocalResponseNorm(x, o)
}
