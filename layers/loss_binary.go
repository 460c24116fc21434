package layers

import (
	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/internal/option"
	"github.com/tutti-ml/tutti/tensor"
)

// Losses of yes-or-no questions. The target has the result's shape and dtype: 1 for yes, and 0 or, for the two of a margin, −1
// for no.

// Decider is a Loss of one yes-or-no question about each element of y. Who counts right answers asks it where yes
// begins.
type Decider interface {
	Loss
	Yes() float64 // an element of y above it is a yes, the others are noes
}

// BCE is the binary cross-entropy −target·log y − (1−target)·log(1−y) of probabilities y. From logits take BCEWithLogits.
type BCE struct {
	Weight    *tensor.Tensor // what each loss is multiplied by; broadcasts to y; nil means 1
	Reduction Reduction
}

// Loss returns the binary cross-entropy.
func (l BCE) Loss(t *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	return l.Reduction.of(weighted(t, autograd.BinaryCrossEntropy(y, targetOf(t, "BCE", y, target)), l.Weight))
}

// Yes returns 0.5, an even chance. It implements [Decider].
func (BCE) Yes() float64 { return 0.5 }

// BCEWithLogits is BCE of σ(y), without its loss of digits.
type BCEWithLogits struct {
	Weight    *tensor.Tensor // what each loss is multiplied by; broadcasts to y; nil means 1
	PosWeight *tensor.Tensor // what a yes counts in terms of a no; broadcasts to y, so [C] for classes in the last axis; nil means 1
	Reduction Reduction
}

// Loss returns the binary cross-entropy.
func (l BCEWithLogits) Loss(t *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	yes := targetOf(t, "BCEWithLogits", y, target)
	if l.PosWeight == nil {
		return l.Reduction.of(weighted(t, autograd.BinaryCrossEntropyWithLogits(y, yes), l.Weight))
	}
	// (1−t)·y − (1 + (w−1)·t)·log σ(y)
	one := tensor.New(y.DType(), 1)
	one.Fill(1)
	ones := t.Const(one)
	share := autograd.Add(autograd.Mul(autograd.Sub(t.Const(l.PosWeight), ones), yes), ones)
	losses := autograd.Sub(autograd.Mul(autograd.Sub(ones, yes), y), autograd.Mul(share, autograd.LogSigmoid(y)))
	return l.Reduction.of(weighted(t, losses, l.Weight))
}

// Yes returns 0, the logit of an even chance. It implements [Decider].
func (BCEWithLogits) Yes() float64 { return 0 }

// SigmoidFocal is BCEWithLogits in which what is classified well already counts less (see autograd.SigmoidFocal).
type SigmoidFocal struct {
	Alpha     float64 // what a yes counts, 0 to 1, and a no the rest; default 0.25; negative: both count 1
	Gamma     float64 // >= 0, how much less; default 2
	Reduction Reduction
}

// Loss returns the focal loss.
func (l SigmoidFocal) Loss(t *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	goal := targetOf(t, "SigmoidFocal", y, target)
	return l.Reduction.of(autograd.SigmoidFocal(y, goal, option.Float(l.Alpha, 0.25), option.Float(l.Gamma, 2)))
}

// Yes returns 0, the logit of an even chance. It implements [Decider].
func (SigmoidFocal) Yes() float64 { return 0 }

// Dice says how little predicted regions overlap the true ones: 1 − (2·Σ y·target + Smooth)/(Σ y + Σ target + Smooth), for each
// sample and channel.
//
//	y [N, C, ...] probabilities
type Dice struct {
	Smooth    float64 // >= 0, in pixels; default 1
	Reduction Reduction
}

// Loss returns the Dice loss, [N, C] unless reduced.
func (l Dice) Loss(t *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	x, goal := y, targetOf(t, "Dice", y, target)
	if y.Rank() > 3 {
		x, goal = autograd.Reshape(x, y.Dim(0), y.Dim(1), -1), autograd.Reshape(goal, y.Dim(0), y.Dim(1), -1)
	}
	return l.Reduction.of(autograd.Dice(x, goal, option.Float(l.Smooth, 1)))
}

// Hinge is max(0, Margin − target·y), the loss of support vector machines; targets are 1 and −1.
type Hinge struct {
	Margin    float64 // default 1
	Reduction Reduction
}

// Loss returns the hinge loss.
func (l Hinge) Loss(t *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	return l.Reduction.of(autograd.Hinge(autograd.Mul(y, targetOf(t, "Hinge", y, target)), option.Float(l.Margin, 1)))
}

// Yes returns 0, as targets are 1 and −1. It implements [Decider].
func (Hinge) Yes() float64 { return 0 }

// SoftMargin is log(1 + exp(−target·y)); targets are 1 and −1.
type SoftMargin struct{ Reduction Reduction }

// Loss returns the logistic loss.
func (l SoftMargin) Loss(t *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	return l.Reduction.of(autograd.Neg(autograd.LogSigmoid(autograd.Mul(y, targetOf(t, "SoftMargin", y, target)))))
}

// Yes returns 0, as targets are 1 and −1. It implements [Decider].
func (SoftMargin) Yes() float64 { return 0 }
