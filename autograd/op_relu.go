package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// ReLU returns max(x, 0), element by element. A NaN stays a NaN, and lets its gradient through, as in PyTorch.
func ReLU(x *Var) *Var { return reluOp.on(x).run(x.Shape()...) }

var reluOp = &op{"ReLU",
	kernels{reluForward[float32], reluBackward[float32]}, kernels{reluForward[float64], reluBackward[float64]}}

func reluForward[T vec.Float](n *node) { vec.Relu(out[T](n), in[T](n, 0)) }

// The derivative is one where x is positive or NaN, else zero; at zero, where there is none, zero.
func reluBackward[T vec.Float](n *node) {
	vec.ReluGrad(begin[T](n, 0), outGrad[T](n), in[T](n, 0))
	end[T](n, 0)
}
