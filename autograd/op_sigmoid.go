package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Sigmoid returns 1/(1+e⁻ˣ), element by element.
func Sigmoid(x *Var) *Var { return sigmoidOp.on(x).run(x.Shape()...) }

var sigmoidOp = &op{"Sigmoid",
	kernels{sigmoidForward[float32], sigmoidBackward[float32]}, kernels{sigmoidForward[float64], sigmoidBackward[float64]}}

func sigmoidForward[T vec.Float](n *node) { vec.Sigmoid(out[T](n), in[T](n, 0)) }

// The derivative is the result times one minus the result.
func sigmoidBackward[T vec.Float](n *node) {
	vec.SigmoidGrad(begin[T](n, 0), outGrad[T](n), out[T](n))
	end[T](n, 0)
}
