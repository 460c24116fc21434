package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Tanh returns the hyperbolic tangent of x, element by element.
func Tanh(x *Var) *Var { return tanhOp.on(x).run(x.Shape()...) }

var tanhOp = &op{"Tanh",
	kernels{tanhForward[float32], tanhBackward[float32]}, kernels{tanhForward[float64], tanhBackward[float64]}}

func tanhForward[T vec.Float](n *node) { vec.Tanh(out[T](n), in[T](n, 0)) }

// The derivative is one minus the square of the result.
func tanhBackward[T vec.Float](n *node) {
	vec.TanhGrad(begin[T](n, 0), outGrad[T](n), out[T](n))
	end[T](n, 0)
}
