package layers

import (
	"cmp"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/internal/option"
	"github.com/tutti-ml/tutti/tensor"
)

// Losses of classification by margins: the right class must score higher than the others by so much.

// MultiMargin is Σ max(0, Margin − y[label] + y[j])^P/C over the classes j other than the label.
//
//	y [N, C] scores   target [N] Int64 or Int32 labels from 0
type MultiMargin struct {
	P         int            // 1 or 2; default 1
	Margin    float64        // default 1
	Weight    *tensor.Tensor // [C], of each class; nil means 1
	Reduction Reduction
}

// Loss returns the margin loss, [N] unless reduced.
func (l MultiMargin) Loss(_ *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	return l.Reduction.of(autograd.MultiMargin(y, target, l.Weight, cmp.Or(l.P, 1), option.Float(l.Margin, 1)))
}

// MultiLabelMargin is Σ max(0, 1 − y[k] + y[j])/C over a sample's labels k and the classes j that are none of them.
//
//	y [N, C] scores   target [N, C] Int64 or Int32: a sample's labels, then −1
type MultiLabelMargin struct{ Reduction Reduction }

// Loss returns the margin loss, [N] unless reduced.
func (l MultiLabelMargin) Loss(_ *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	return l.Reduction.of(autograd.MultiLabelMargin(y, target))
}

// MultiLabelSoftMargin is the mean over the classes of BCEWithLogits: every class is a question of its own.
//
//	y [N, C] logits   target [N, C] of 0 and 1
type MultiLabelSoftMargin struct {
	Weight    *tensor.Tensor // [C], of each class; nil means 1
	Reduction Reduction
}

// Loss returns the loss, [N] unless reduced.
func (l MultiLabelSoftMargin) Loss(t *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	goal := targetOf(t, "MultiLabelSoftMargin", y, target)
	losses := weighted(t, autograd.BinaryCrossEntropyWithLogits(y, goal), l.Weight)
	return l.Reduction.of(autograd.Mean(losses, -1))
}
