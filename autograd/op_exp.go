package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Exp returns eˣ, element by element.
func Exp(x *Var) *Var { return expOp.on(x).run(x.Shape()...) }

var expOp = &op{"Exp",
	kernels{expForward[float32], expBackward[float32]}, kernels{expForward[float64], expBackward[float64]}}

func expForward[T vec.Float](n *node) { vec.Exp(out[T](n), in[T](n, 0)) }

// The derivative is the result itself.
func expBackward[T vec.Float](n *node) {
	vec.Mul(begin[T](n, 0), outGrad[T](n), out[T](n))
	end[T](n, 0)
}
