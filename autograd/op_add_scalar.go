package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// AddScalar returns x + c.
func AddScalar(x *Var, c float64) *Var {
	n := addScalarOp.on(x)
	n.factor = c
	return n.run(x.Shape()...)
}

var addScalarOp = &op{"AddScalar",
	kernels{addScalarForward[float32], addScalarBackward[float32]}, kernels{addScalarForward[float64], addScalarBackward[float64]}}

func addScalarForward[T vec.Float](n *node) { vec.AddScalar(out[T](n), T(n.factor), in[T](n, 0)) }

// The derivative is one.
func addScalarBackward[T vec.Float](n *node) { sumBack[T](n, 0, 1) }
