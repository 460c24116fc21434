package layers

import (
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
)

// Conv1D is a layer of filters moved along signals: y = w ⋆ x + b (see autograd.Conv1D).
//
//	x [N, In, L]   Weight [Out, In/Groups, S]   Bias [Out] or nil   y [N, Out, OutL]
type Conv1D struct {
	Weight, Bias *autograd.Param
	Options      autograd.Conv1DOptions
	Same         bool // pad with zeros so that the length stays
}

// Conv1DConfig says what a Conv1D looks like. In, Out and Kernel are needed; the zero value of the others is the usual.
type Conv1DConfig struct {
	In, Out  int  // channels
	Kernel   int  // length of the filters, in elements
	Stride   int  // step of the filters, in elements; default 1
	Pad      int  // zeros on each side of the signal, in elements; default 0
	Same     bool // in place of Pad: as many zeros as keep the length, one more behind if odd; stride 1 only
	Dilation int  // distance of neighbouring filter taps, in elements; default 1
	Groups   int  // in how many parts channels are cut that do not see each other; default 1
	NoBias   bool // leave out the bias
}

// NewConv1D returns a Conv1D whose parameters are drawn evenly from ±1/√(In/Groups·S), as PyTorch does.
// It panics if a field is out of range.
func NewConv1D(rng *rand.Rand, c Conv1DConfig) *Conv1D {
	l := &Conv1D{Same: c.Same, Options: autograd.Conv1DOptions{Stride: c.Stride, Pad: c.Pad, Dilation: c.Dilation, Groups: c.Groups}}
	mustSame("NewConv1D", c.Same, c.Stride, c.Pad)
	l.Weight, l.Bias = filters("NewConv1D", rng, c.In, c.Out, c.Groups, c.NoBias, c.Kernel)
	return l
}

// Forward returns w ⋆ x + b.
func (l *Conv1D) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	if l.Same {
		x = autograd.PadSame(x, l.Weight.Value().Shape()[2:], []int{max(l.Options.Dilation, 1)})
	}
	return autograd.Conv1D(x, t.Use(l.Weight), useOrNil(t, l.Bias), l.Options)
}
