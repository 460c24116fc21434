package layers

import (
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
)

// Highway lets a learnt gate choose, element by element, between what a layer makes of its input and the input itself:
// y = g·relu(Plain(x)) + (1 − g)·x, with g = σ(Gate(x)).
//
//	x [..., D]   y as x
//
// Source: Srivastava, Greff and Schmidhuber, arXiv:1505.00387.
type Highway struct {
	Plain, Gate *Linear
	Activation  Layer // in place of ReLU, if not nil
}

// NewHighway returns a Highway whose gate's bias is −1 at first, so that it carries its input through for the most part.
func NewHighway(rng *rand.Rand, features int) *Highway {
	l := &Highway{Plain: NewLinear(rng, features, features), Gate: NewLinear(rng, features, features)}
	l.Gate.Bias.Value().Fill(-1)
	return l
}

// Forward returns g·relu(Plain(x)) + (1 − g)·x.
func (l *Highway) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	h := forwardAt("Plain", -1, l.Plain, t, x)
	if l.Activation != nil {
		h = forwardAt("Activation", -1, l.Activation, t, h)
	} else {
		h = autograd.ReLU(h)
	}
	return autograd.Add(x, autograd.Mul(autograd.Sigmoid(forwardAt("Gate", -1, l.Gate, t, x)), autograd.Sub(h, x)))
}
