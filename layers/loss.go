package layers

import (
	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// CrossEntropy is the loss of classification: the mean over the batch of −log softmax(y)[label].
//
//	y [N, C] logits   target [N] Int64 labels from 0
type CrossEntropy struct{}

// Loss returns the mean cross-entropy. It panics with an *autograd.LabelError if a label is out of range.
func (CrossEntropy) Loss(_ *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	return autograd.SoftmaxCrossEntropy(y, target)
}

// MSE is the loss of regression: the mean over all elements of (y − target)². Target has y's shape and dtype.
type MSE struct{}

// Loss returns the mean squared error.
func (MSE) Loss(t *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	return autograd.MSE(y, t.Const(target))
}
