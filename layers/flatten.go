package layers

import "github.com/tutti-ml/tutti/autograd"

// Flatten makes all axes but the batch one: x [N, ...] becomes [N, D]. Nothing is copied.
type Flatten struct{}

// Forward returns x as [N, D].
func (Flatten) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return autograd.Flatten(x) }
