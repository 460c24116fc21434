package layers

import (
	"fmt"

	"github.com/tutti-ml/tutti/autograd"
)

// Containers put layers together. Whatever is not a chain, a sum or a concatenation is written in plain Go: a struct of layers
// with a Forward of its own (see the package's example).

// Identity returns what it is given: a place for a layer to be put in later.
type Identity struct{}

// Forward returns x.
func (Identity) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var { return x }

// Residual adds what a body makes of its input to the input itself, so that the body learns a difference only.
// Source: He et al., arXiv:1512.03385.
type Residual struct {
	Body     Layer
	Shortcut Layer // in place of the input, where the body changes the shape; nil: the input itself
}

// Forward returns Body(x) + Shortcut(x).
func (l Residual) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	y := forwardAt("Body", -1, l.Body, t, x)
	if l.Shortcut != nil {
		x = forwardAt("Shortcut", -1, l.Shortcut, t, x)
	}
	if !y.Value().SameShape(x.Value()) {
		panic(fmt.Sprintf("layers: Residual: the body gives %v, the shortcut %v", y.Shape(), x.Shape()))
	}
	return autograd.Add(y, x)
}

// Concat gives every branch the same input and joins their results along an axis. It has one branch at least.
type Concat struct {
	Branches []Layer
	Axis     int // negative ones count from the last; 1 joins channels
}

// Forward returns the branches' results, joined.
func (l Concat) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Concat(l.Axis, branches(t, "Concat", "Branches", l.Branches, x)...)
}

// Parallel gives every branch the same input and adds their results, which broadcast. It has one branch at least.
type Parallel []Layer

// Forward returns the sum of the branches' results.
func (l Parallel) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	ys := branches(t, "Parallel", "", l, x)
	sum := ys[0]
	for _, y := range ys[1:] {
		sum = autograd.Add(sum, y)
	}
	return sum
}

func branches(t *autograd.Tape, name, place string, list []Layer, x *autograd.Var) []*autograd.Var {
	if len(list) == 0 {
		panic(fmt.Sprintf("layers: %s: no branches", name))
	}
	ys := make([]*autograd.Var, len(list))
	for i, l := range list {
		ys[i] = forwardAt(place, i, l, t, x)
	}
	return ys
}

// Unflatten makes several axes of the last one: x [..., D] becomes [..., Shape...]. One length may be −1: it takes what the others
// leave. Nothing is copied.
type Unflatten struct{ Shape []int }

// Forward returns x with its last axis as Shape.
func (l Unflatten) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	shape := append([]int{}, x.Shape()[:x.Rank()-1]...)
	if x.Len() > 0 {
		return autograd.Reshape(x, append(shape, l.Shape...)...)
	}
	known := 1
	for _, s := range l.Shape { // −1 of nothing could be anything: work it out from the axis itself
		if s >= 0 {
			known *= s
		}
	}
	for _, s := range l.Shape {
		if s < 0 {
			s = x.Dim(-1) / known
		}
		shape = append(shape, s)
	}
	return autograd.Reshape(x, shape...)
}
