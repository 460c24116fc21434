package layers

import "github.com/tutti-ml/tutti/autograd"

// Dropout sets each element to zero with probability P while training and multiplies the others by 1/(1−P); otherwise it
// does nothing (see autograd.Dropout).
type Dropout struct {
	P float64 // 0 to 1; 0.5 is usual before wide linear layers, 0.1 in transformers
}

// Forward returns x with elements dropped, if t trains.
func (l Dropout) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Dropout(x, l.P)
}
