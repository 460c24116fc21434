package layers

import (
	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// CTC is connectionist temporal classification: the loss of reading a sequence of symbols from a longer sequence of outputs,
// where nobody says which output is which symbol (see autograd.CTC for shapes).
type CTC struct {
	Blank        int  // the class that means "no symbol"; default 0
	ZeroInfinity bool // a sample too short for its symbols counts as 0 rather than +Inf
	// Reduction: the mean divides each sample's loss by the number of its symbols first, as PyTorch does.
	Reduction Reduction
}

// Loss returns minus the log probability of the targets, [N] unless reduced.
func (l CTC) Loss(t *autograd.Tape, logProbs *autograd.Var, targets *tensor.Tensor, inputLengths, targetLengths []int) *autograd.Var {
	losses := autograd.CTC(logProbs, targets, inputLengths, targetLengths, autograd.CTCOptions{Blank: l.Blank, ZeroInfinity: l.ZeroInfinity})
	if l.Reduction == MeanReduction {
		share := tensor.New(tensor.Float64, len(targetLengths))
		for i, s := range targetLengths {
			tensor.Data[float64](share)[i] = 1 / float64(max(s, 1))
		}
		losses = autograd.Mul(losses, t.Const(share.Cast(losses.DType())))
	}
	return l.Reduction.of(losses)
}
