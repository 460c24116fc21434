// Package layers holds the building blocks of neural networks: plain structs of parameters with a pure Forward.
//
// A model is any Go value made of layers. Its parameters are found by walking exported fields (see Params), and the path to
// a parameter is its name, so that training, saving and loading need no registration:
//
//	type Net struct {
//		Features layers.Sequential
//		Head     *layers.Linear
//	}
//
//	func (n *Net) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
//		return n.Head.Forward(t, layers.Flatten{}.Forward(t, n.Features.Forward(t, x)))
//	}
//
// has the parameters "Features.0.Weight", "Features.0.Bias", …, "Head.Weight", "Head.Bias".
//
// A field's zero value means its default, where its comment names one; for a number that is really zero say [Zero].
// What a constructor fills is what it says.
//
// A layer has no mode and no hidden state: whether dropout drops is the tape's business. One layer may run on many tapes at
// the same time. New parameters are Float32 and drawn from the generator handed in; Cast converts a model.
package layers

import (
	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// Layer is anything that maps one value to another. What needs several inputs is a
// MultiLayer, or a Go function.
type Layer interface {
	Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var
}

// Loss is anything that says how far a model's result y is from the target, as a scalar: the mean over the batch.
type Loss interface {
	Loss(t *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var
}

// Func makes a layer of a function without parameters, such as autograd.ReLU.
type Func func(x *autograd.Var) *autograd.Var

// Forward returns f(x).
func (f Func) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return f(x) }
