package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Log returns the natural logarithm of x, element by element: −Inf of zero, NaN of a negative number.
func Log(x *Var) *Var { return logOp.on(x).run(x.Shape()...) }

var logOp = &op{"Log",
	kernels{logForward[float32], logBackward[float32]}, kernels{logForward[float64], logBackward[float64]}}

func logForward[T vec.Float](n *node) { vec.Log(out[T](n), in[T](n, 0)) }

// The derivative is one over x.
func logBackward[T vec.Float](n *node) {
	vec.Div(begin[T](n, 0), outGrad[T](n), in[T](n, 0))
	end[T](n, 0)
}
