package autograd

import (
	"fmt"

	"github.com/tutti-ml/tutti/tensor"
)

// Gradients returns the gradients of y, which must have one element, with respect to the Vars named, as Vars: results of ops on
// this tape, in which further ops may compute and through which Backward, or Gradients itself, may differentiate again. So a
// penalty on a gradient, a Hessian times a vector, or a step of an optimizer within the loss are plain expressions.
//
//	x := tape.Watch(data)
//	g := tape.Gradients(autograd.Sum(critic(x)), x)[0]
//	penalty := autograd.Mean(autograd.Square(autograd.AddScalar(autograd.Norm(g, 2, 1), -1)))
//
// A Var that y does not depend on gets zeros. It panics with a [*NoSecondDerivativeError] where an op in between
// cannot be differentiated twice: [Twice] lists those that can. Unlike Backward it adds to no parameter's gradient
// and calls no hook. Cost: that of Backward, and memory for its intermediates. Attention and Recurrent are computed
// once more, op by op: for Attention that holds the matrix of all weights, for Recurrent some twenty ops a step.
func (t *Tape) Gradients(y *Var, of ...*Var) []*Var {
	switch {
	case y.Tape() != t:
		panic("autograd: Gradients: y is on another tape")
	case t.mode != Train:
		panic("autograd: Gradients: the tape is in infer mode and has recorded nothing")
	case y.Len() != 1:
		panic(fmt.Sprintf("autograd: Gradients: y has shape %v, not one element: take Sum or Mean", y.Shape()))
	}
	var touched []*Var
	contribute := func(v, g *Var) {
		if v.adjoint == nil {
			touched = append(touched, v)
			v.adjoint = g
		} else {
			v.adjoint = Add(v.adjoint, g)
		}
	}
	one := t.pool.New(y.DType(), y.Shape()...)
	one.Fill(1)
	contribute(y, t.newVar(one))
	defer func() {
		for _, v := range touched {
			v.adjoint = nil
		}
	}()
	t.walkBack(0, t.record.n, contribute) // ops that Gradients itself records come behind
	gradients := make([]*Var, len(of))
	for i, v := range of {
		if v.Tape() != t {
			panic("autograd: Gradients: of a Var on another tape")
		}
		if gradients[i] = v.adjoint; v.adjoint == nil {
			gradients[i] = t.zeros(v.DType(), v.Shape()...)
		}
	}
	return gradients
}

// walkBack goes through the record from op hi−1 back to lo, and contributes to each op's operands their gradients.
func (t *Tape) walkBack(lo, hi int, contribute func(v, g *Var)) {
	for i := hi - 1; i >= lo; i-- {
		n := t.record.at(i)
		if n.op == useOp || n.out.adjoint == nil {
			continue
		}
		if define := definitions[n.op]; define != nil {
			// The op is computed once more, of others, which are recorded behind all there is and walked at once. What they
			// contribute to n's operands is what n would.
			from := t.record.n
			y := define(n)
			to := t.record.n
			contribute(y, n.out.adjoint)
			t.walkBack(from, to, contribute)
			continue
		}
		for k := range n.in {
			if n.wants(k) {
				contribute(n.in[k], n.derivative(k, n.out.adjoint))
			}
		}
	}
}

// NoSecondDerivativeError says that Gradients met an op whose derivative is not made of ops.
type NoSecondDerivativeError struct{ Op string }

func (e *NoSecondDerivativeError) Error() string {
	return fmt.Sprintf("autograd: Gradients: %s cannot be differentiated twice: use Backward", e.Op)
}

// derivative returns the gradient with respect to operand i, as a Var.
func (n *node) derivative(i int, dy *Var) *Var {
	if n.custom != nil && n.custom.Gradient != nil {
		return n.custom.Gradient(i, dy, n.out, n.in)
	}
	d := derivatives[n.op]
	if d == nil {
		panic(&NoSecondDerivativeError{n.name()})
	}
	return d(n, i, dy)
}

// zeros returns a constant of zeros.
func (t *Tape) zeros(d tensor.DType, shape ...int) *Var {
	x := t.pool.New(d, shape...)
	x.Zero()
	return t.newVar(x)
}
