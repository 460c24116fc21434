package autograd

import (
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// Expand returns x broadcast to shape, copied: axes are aligned from the last, and one of length 1, or one that x lacks, is
// repeated. Binary ops broadcast by themselves, without the copy.
func Expand(x *Var, shape ...int) *Var {
	n := expandOp.on(x)
	var room [maxRank]int
	if full, ok := tensor.BroadcastShapes(room[:0], x.Shape(), shape); !ok || !slices.Equal(full, shape) {
		n.op.panicf("shape %v does not broadcast to %v", x.Shape(), slices.Clone(shape))
	}
	return n.run(shape...)
}

// SumTo returns x summed over the axes along which shape would be broadcast to x's, in that shape: what the gradient of
// broadcasting is. It panics if shape does not broadcast to x's.
func SumTo(x *Var, shape ...int) *Var {
	n := sumToOp.on(x)
	var room [maxRank]int
	if full, ok := tensor.BroadcastShapes(room[:0], x.Shape(), shape); !ok || !slices.Equal(full, x.Shape()) {
		n.op.panicf("shape %v does not broadcast to %v", slices.Clone(shape), x.Shape())
	}
	return n.run(shape...)
}

var (
	expandOp = &op{"Expand",
		kernels{expandForward[float32], expandBackward[float32]}, kernels{expandForward[float64], expandBackward[float64]}}
	sumToOp = &op{"SumTo",
		kernels{sumToForward, sumToBackward[float32]}, kernels{sumToForward, sumToBackward[float64]}}
)

func expandForward[T vec.Float](n *node) {
	spread(out[T](n), n.out.Shape(), 1, in[T](n, 0), n.in[0].Shape())
}

// An element that was repeated collects the gradients of all its copies.
func expandBackward[T vec.Float](n *node) {
	sumInto[T](n, 0, n.in[0].Shape(), 1, outGradTensor(n))
}

func sumToForward(n *node) { sumTo(&n.tape.pool, n.out.value, n.out.Shape(), n.in[0].value) }

// Every element that was summed gets the sum's gradient.
func sumToBackward[T vec.Float](n *node) {
	spread(begin[T](n, 0), n.in[0].Shape(), 1, outGrad[T](n), n.out.Shape())
	end[T](n, 0)
}
