package layers

import (
	"fmt"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// Losses are plain structs; their zero value is PyTorch's default. Those that compare a result with a target implement Loss,
// others have a method Loss of their own operands. Predictions come first and targets last, and a target is not differentiated.

// Weigher is a Loss whose mean is not over the samples, or over as many numbers for each, but over something that
// depends on the targets: labels that count, or their weights. Whoever computes a batch in parts, as train does,
// needs it to put them together.
type Weigher interface {
	Loss
	// Weigh returns what gives the number, >= 0, that Loss divides by for a target; or nil if this loss, as it is
	// configured, does mean over the samples. A mean over nothing must be 0.
	Weigh() func(target *tensor.Tensor) float64
}

// Reduction says what becomes of the losses of the elements or samples of a batch.
type Reduction int

const (
	MeanReduction Reduction = iota // their mean, 0 of none: what training takes
	SumReduction                   // their sum
	NoReduction                    // all of them, unreduced
)

// String returns "mean", "sum" or "none".
func (r Reduction) String() string {
	switch r {
	case MeanReduction:
		return "mean"
	case SumReduction:
		return "sum"
	case NoReduction:
		return "none"
	}
	return fmt.Sprintf("Reduction(%d)", int(r))
}

// of reduces losses y.
func (r Reduction) of(y *autograd.Var) *autograd.Var { return r.over(y, float64(y.Len())) }

// over reduces losses y whose mean is their sum over count.
func (r Reduction) over(y *autograd.Var, count float64) *autograd.Var {
	switch r {
	case MeanReduction:
		if count == 0 {
			return autograd.Sum(y)
		}
		return autograd.Scale(autograd.Sum(y), 1/count)
	case SumReduction:
		return autograd.Sum(y)
	case NoReduction:
		return y
	}
	panic(fmt.Sprintf("layers: %v: want MeanReduction, SumReduction or NoReduction", r))
}

// targetOf returns the target of a loss as a constant. It panics, and says what to do, unless the target has y's shape
// and dtype: to broadcast a target [N, 1] to a y [N] would compare everything with everything.
func targetOf(t *autograd.Tape, loss string, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	mustHaveTarget(loss, target)
	switch same := y.Value().SameShape(target); {
	case !same && y.Len() == target.Len():
		panic(fmt.Sprintf("layers: %s: the result is %v and the target %v: reshape the targets to %[2]v", loss,
			y.Shape(), target.Shape()))
	case !same:
		panic(fmt.Sprintf("layers: %s: the result is %v and the target %v: want one shape", loss, y.Shape(),
			target.Shape()))
	case target.DType() != y.DType():
		panic(fmt.Sprintf("layers: %s: the result is %v and the target %v: take target.Cast(y.DType())", loss,
			y.DType(), target.DType()))
	}
	return t.Const(target)
}

func mustHaveTarget(loss string, target *tensor.Tensor) {
	if target == nil {
		panic(fmt.Sprintf("layers: %s: the target is nil: does the data have labels or targets?", loss))
	}
}

// weighted returns y times w, which broadcasts and may be nil.
func weighted(t *autograd.Tape, y *autograd.Var, w *tensor.Tensor) *autograd.Var {
	if w == nil {
		return y
	}
	return autograd.Mul(y, t.Const(w))
}
