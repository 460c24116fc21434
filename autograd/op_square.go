package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Square returns x², element by element.
func Square(x *Var) *Var { return squareOp.on(x).run(x.Shape()...) }

var squareOp = &op{"Square",
	kernels{squareForward[float32], squareBackward[float32]}, kernels{squareForward[float64], squareBackward[float64]}}

func squareForward[T vec.Float](n *node) { vec.Mul(out[T](n), in[T](n, 0), in[T](n, 0)) }

// The derivative is 2·x.
func squareBackward[T vec.Float](n *node) {
	dx := begin[T](n, 0)
	vec.Mul(dx, outGrad[T](n), in[T](n, 0))
	vec.Scale(dx, 2, dx)
	end[T](n, 0)
}
