package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Scale returns factor · x.
func Scale(x *Var, factor float64) *Var {
	n := scaleOp.on(x)
	n.factor = factor
	return n.run(x.Shape()...)
}

var scaleOp = &op{"Scale",
	kernels{scaleForward[float32], scaleBackward[float32]}, kernels{scaleForward[float64], scaleBackward[float64]}}

func scaleForward[T vec.Float](n *node) { vec.Scale(out[T](n), T(n.factor), in[T](n, 0)) }

// The derivative is the factor.
func scaleBackward[T vec.Float](n *node) { sumBack(n, 0, T(n.factor)) }
