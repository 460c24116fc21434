package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Clamp returns x, but lo where it is below and hi where it is above, element by element. ±math.Inf leaves an end open.
// A NaN stays one. It panics if lo > hi. The gradient is that of the flat side at the bounds: zero, as in PyTorch from
// 2.15 on, where it was one.
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

// The derivative is one between the bounds, both excluded, and zero outside and at a NaN. An open end excludes nothing.
func clampBackward[T vec.Float](n *node) {
	clampSlope(begin[T](n, 0), outGrad[T](n), in[T](n, 0), T(n.factor), T(n.other))
	end[T](n, 0)
}

func clampSlope[T vec.Float](dx, dy, x []T, lo, hi T) {
	down, up := math.IsInf(float64(lo), -1), math.IsInf(float64(hi), 1)
	switch {
	case down && up:
		copy(dx, dy)
	case down:
		vec.KeepBelow(dx, hi, dy, x)
	case up:
		vec.KeepAbove(dx, lo, dy, x)
	default:
		hardtanhSlope(dx, dy, x, lo, hi)
	}
}
