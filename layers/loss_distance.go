package layers

import (
	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/internal/option"
	"github.com/tutti-ml/tutti/tensor"
)

// Losses that learn distances: what belongs together comes near, the rest keeps its distance. All but HingeEmbedding have
// operands of their own and so are no Loss.

// HingeEmbedding is y where the target is 1, and max(0, Margin − y) where it is −1, for distances y.
type HingeEmbedding struct {
	Margin    float64 // default 1
	Reduction Reduction
}

// Loss returns the loss of distances.
func (l HingeEmbedding) Loss(t *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	goal := targetOf(t, "HingeEmbedding", y, target)
	return l.Reduction.of(autograd.HingeEmbedding(y, goal, option.Float(l.Margin, 1)))
}

// CosineEmbedding is 1 − cos(a, b) where the target is 1, and max(0, cos(a, b) − Margin) where it is −1.
//
//	a, b [N, D]   target [N]
type CosineEmbedding struct {
	Margin    float64 // −1 to 1, 0 to ½ as a rule
	Reduction Reduction
}

// Loss returns the loss of angles, [N] unless reduced.
func (l CosineEmbedding) Loss(t *autograd.Tape, a, b *autograd.Var, target *tensor.Tensor) *autograd.Var {
	const eps = 1e-12 // PyTorch's
	cosines := autograd.CosineSimilarity(a, b, eps)
	return l.Reduction.of(autograd.CosineEmbedding(cosines, targetOf(t, "CosineEmbedding", cosines, target), l.Margin))
}

// MarginRanking is max(0, Margin − target·(a − b)): a should rank above b where the target is 1, below where it is −1.
type MarginRanking struct {
	Margin    float64
	Reduction Reduction
}

// Loss returns the ranking loss.
func (l MarginRanking) Loss(t *autograd.Tape, a, b *autograd.Var, target *tensor.Tensor) *autograd.Var {
	lead := autograd.Sub(a, b)
	return l.Reduction.of(autograd.Hinge(autograd.Mul(lead, targetOf(t, "MarginRanking", lead, target)), l.Margin))
}

// Triplet is max(0, Margin + |anchor − positive| − |anchor − negative|): the positive is to be nearer than the negative.
//
//	anchor, positive, negative [N, D]
//
// Source: Schroff et al., arXiv:1503.03832; for Swap, Balntas et al., BMVC 2016.
type Triplet struct {
	Margin    float64 // default 1
	P         float64 // the norm, >= 1; default 2
	Eps       float64 // added to every difference; default 1e-6
	Swap      bool    // take the distance of the positive from the negative if that is less than the anchor's
	Reduction Reduction
}

// Loss returns the triplet loss, [N] unless reduced.
func (l Triplet) Loss(_ *autograd.Tape, anchor, positive, negative *autograd.Var) *autograd.Var {
	distance := func(a, b *autograd.Var) *autograd.Var {
		return autograd.PairwiseDistance(a, b, option.Float(l.P, 2), option.Float(l.Eps, 1e-6))
	}
	far := distance(anchor, negative)
	if l.Swap { // the smaller of two distances
		far = autograd.Sub(far, autograd.ReLU(autograd.Sub(far, distance(positive, negative))))
	}
	return l.Reduction.of(autograd.Hinge(autograd.Sub(far, distance(anchor, positive)), option.Float(l.Margin, 1)))
}
