package layers

import "github.com/tutti-ml/tutti/autograd"

// Softmax is exp(x)/Σ exp(x) along an axis. A classifier trained with CrossEntropy does not want it: that loss takes logits.
type Softmax struct {
	Axis *int // nil means the last
}

// Forward returns probabilities along the axis.
func (l Softmax) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return along(l.Axis, x, autograd.Softmax)
}

// LogSoftmax is x − log Σ exp(x) along an axis, what NLL takes.
type LogSoftmax struct {
	Axis *int // nil means the last
}

// Forward returns logarithms of probabilities along the axis.
func (l LogSoftmax) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return along(l.Axis, x, autograd.LogSoftmax)
}

// Softmin is the Softmax of −x.
type Softmin struct {
	Axis *int // nil means the last
}

// Forward returns probabilities along the axis, the smallest x the likeliest.
func (l Softmin) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return along(l.Axis, autograd.Neg(x), autograd.Softmax)
}

// along applies an op of the last axis to another.
func along(axis *int, x *autograd.Var, op func(*autograd.Var) *autograd.Var) *autograd.Var {
	if axis == nil || *axis == -1 || *axis == x.Rank()-1 {
		return op(x)
	}
	return autograd.Transpose(op(autograd.Transpose(x, *axis, -1)), *axis, -1)
}
