package layers

import "github.com/tutti-ml/tutti/autograd"

// Sequential is a chain of layers: each gets what the one before it returned. Its parameters are named by position,
// "0.Weight", "2.Bias", …
type Sequential []Layer

// Forward returns the last layer's result; an empty chain returns x. On an infer tape the results in between are
// released as soon as the next layer has used them, so no layer may keep one (see autograd.Tape.Release). A panic in a
// layer goes on as a [*LayerError], here and in the other containers.
func (s Sequential) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	mark := t.Mark()
	for i, l := range s {
		x = forwardAt("", i, l, t, x)
		t.Release(mark, x)
	}
	return x
}
