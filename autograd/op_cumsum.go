package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// CumSum returns the running sum of x along axis: y₀ = x₀, y₁ = x₀ + x₁, …, accumulated in float64.
func CumSum(x *Var, axis int) *Var {
	n := cumSumOp.on(x)
	n.ints[0] = axisOf(n.op, x, axis)
	return n.run(x.Shape()...)
}

var cumSumOp = &op{"CumSum",
	kernels{cumSumForward, cumSumBackward[float32]}, kernels{cumSumForward, cumSumBackward[float64]}}

func cumSumForward(n *node) { tensor.CumSumTo(n.out.value, n.in[0].value, n.ints[0]) }

// An element counts in every sum from its own on: its gradient is the running sum of theirs from the end.
func cumSumBackward[T vec.Float](n *node) {
	begin[T](n, 0)
	tensor.CumSumBackTo(n.begun(0), outGradTensor(n), n.ints[0])
	end[T](n, 0)
}
