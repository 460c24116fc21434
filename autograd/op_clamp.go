package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Clamp returns x, but lo where it is below and hi where it is above, element by element. ±math.Inf leaves an end open. A NaN stays
// one. It panics if lo > hi.
func Clamp(x *Var, lo, hi float64) *Var {
	n := clampOp.on(x)
	if !(lo <= hi) {
		n.op.panicf("bounds %v and %v", lo, hi)
	}
	n.factor, n.other = lo, hi
	return n.run(x.Shape()...)
}

var clampOp = &op{"Clamp",
	kernels{clampForward[float32], clampBackward[float32]}, kernels{clampForward[float64], clampBackward[float64]}}

func clampForward[T vec.Float](n *node) {
	y, lo, hi := out[T](n), T(n.factor), T(n.other)
	vec.AtLeast(y, lo, in[T](n, 0))
	vec.AtMost(y, hi, y)
}

// The derivative is one between the bounds, both included, and zero outside.
func clampBackward[T vec.Float](n *node) {
	dx, dy, lo, hi := begin[T](n, 0), outGrad[T](n), T(n.factor), T(n.other)
	for i, v := range in[T](n, 0) {
		dx[i] = 0
		if v >= lo && v <= hi {
			dx[i] = dy[i]
		}
	}
	end[T](n, 0)
}
