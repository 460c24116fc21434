package layers

import (
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
)

// Maxout is the largest of several linear functions for every output: an activation that is learnt.
//
//	x [..., In]   Linear.Weight [Pieces·Out, In]   y [..., Out]
//
// Source: Goodfellow et al., arXiv:1302.4389.
type Maxout struct {
	Linear *Linear
	Pieces int // linear functions for an output
}

// NewMaxout returns a Maxout of so many linear functions for each of out outputs.
func NewMaxout(rng *rand.Rand, in, out, pieces int) *Maxout {
	positive("NewMaxout", "out", out)
	positive("NewMaxout", "pieces", pieces)
	return &Maxout{NewLinear(rng, in, out*pieces), pieces}
}

// Forward returns the largest of the pieces.
func (l *Maxout) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	y := forwardAt("Linear", -1, l.Linear, t, x)
	shape := append(append([]int{}, y.Shape()[:y.Rank()-1]...), l.Pieces, y.Dim(-1)/l.Pieces)
	return autograd.Max(autograd.Reshape(y, shape...), -2)
}
