package autograd

import (
	"fmt"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// Backward computes the gradient of loss, which must have one element, with respect to every parameter used since the last
// Reset, and adds it to what Grad returns. Calling it again, for this or another loss on the tape, adds again.
//
// It walks the record from the last op to the first, without recursion, in an order that the program alone determines.
// Cost: about twice the forward pass. It panics if the tape infers, or if no parameter lies behind the loss.
func (t *Tape) Backward(loss *Var) { t.BackwardScaled(loss, 1) }

// BackwardScaled is Backward for scale·loss, without recording the product. A replica that holds n of the N samples of a
// batch passes n/N, so that the sum over replicas is the gradient of the batch's mean.
func (t *Tape) BackwardScaled(loss *Var, scale float64) {
	switch {
	case loss.Tape() != t:
		panic("autograd: Backward: the loss is on another tape")
	case t.mode != Train:
		panic("autograd: Backward: the tape is in infer mode and has recorded nothing")
	case loss.Len() != 1:
		panic(fmt.Sprintf("autograd: Backward: the loss has shape %v, not one element: take Sum or Mean", loss.Shape()))
	case !loss.needs:
		panic("autograd: Backward: no parameter lies behind the loss: nothing to differentiate")
	}
	if loss.grad == nil {
		loss.grad = t.pool.New(loss.DType(), loss.Shape()...)
		loss.grad.Zero()
	}
	addScalar(loss.grad, scale)
	t.backward()
}

// backward walks the record from the last op to the first, starting from the gradients that are there.
func (t *Tape) backward() {
	for i := t.record.n - 1; i >= 0; i-- {
		n := t.record.at(i)
		switch {
		case n.op == useOp:
			if n.out.value != n.out.param.value {
				panic("autograd: Backward: a parameter's value was replaced after its Use: no Replace, Cast or NewSet meanwhile")
			}
			if n.out.grad == nil && n.out.rows == nil { // used, but the loss does not depend on it
				n.out.grad = t.pool.New(n.out.DType(), n.out.Shape()...)
				n.out.grad.Zero()
			}
			if t.onGrad != nil {
				t.onGrad(n.out.param)
			}
		case n.out.grad != nil:
			if t.guard {
				n.checkSums()
			}
			n.kernels().backward(n)
			if g := n.out.grad; g != nil { // not handed on: its memory serves the gradients of earlier ops
				n.out.grad = nil
				t.pool.Put(g)
			}
		}
	}
}

// addTensor adds src to dst, which has as many elements, in whatever shape.
func addTensor(dst, src *tensor.Tensor) {
	if dst.DType() == tensor.Float32 {
		vec.AddTo(tensor.Data[float32](dst), tensor.Data[float32](src))
	} else {
		vec.AddTo(tensor.Data[float64](dst), tensor.Data[float64](src))
	}
}

func addScalar(x *tensor.Tensor, v float64) {
	if x.DType() == tensor.Float32 {
		s := tensor.Data[float32](x)
		vec.AddScalar(s, float32(v), s)
		return
	}
	s := tensor.Data[float64](x)
	vec.AddScalar(s, v, s)
}
