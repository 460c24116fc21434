package autograd

import "github.com/tutti-ml/tutti/tensor"

// Watch is Const for an x whose gradient is of interest though it is no parameter, such as an input: [Var.Grad] has it after
// Backward, and [Tape.Gradients] can be asked for it. On an infer tape it is Const.
func (t *Tape) Watch(x *tensor.Tensor) *Var {
	v := t.Const(x)
	v.needs, v.leaf = t.mode == Train, true
	return v
}

// Grad returns the gradient that Backward has added up for a Var made by Use or Watch, in its shape, and nil for every other: the
// memory of their gradients is used again as soon as they have been passed on. It belongs to the tape.
func (v *Var) Grad() *tensor.Tensor {
	if v.mustLive(); v.grad == nil || v.param == nil && !v.leaf {
		return nil
	}
	return v.tape.pool.Reshape(v.grad, v.Shape()...)
}

// OnBackward returns x itself, and makes Backward call fn with the gradient of the loss with respect to it, complete, in x's shape.
// fn may read it, or change it in place, to clip it for instance; it belongs to the tape. On an infer tape, and where no gradient
// is wanted, nothing happens.
func OnBackward(x *Var, fn func(grad *tensor.Tensor)) *Var {
	n := onBackwardOp.on(x)
	n.custom = &Custom{Name: "OnBackward", Backward: func(_ []*tensor.Tensor, grad, _ *tensor.Tensor, _ []*tensor.Tensor) { fn(grad) }}
	return n.finish(n.tape.pool.Reshape(x.value, x.Shape()...))
}

var onBackwardOp = &op{"OnBackward", kernels{nil, onBackward}, kernels{nil, onBackward}}

// The gradient is passed on as fn leaves it.
func onBackward(n *node) {
	n.custom.Backward(nil, n.tape.pool.Reshape(n.out.grad, n.out.Shape()...), nil, nil)
	if n.in[0].DType() == tensor.Float32 {
		pass[float32](n, 0)
	} else {
		pass[float64](n, 0)
	}
}

// Detach returns x's value as a Var that needs no gradient: whatever is computed from it does not reach back through x. Nothing is
// copied. (PyTorch's detach, TensorFlow's stop_gradient.)
func Detach(x *Var) *Var { return x.Tape().newVar(x.tape.pool.Reshape(x.value, x.Shape()...)) }
