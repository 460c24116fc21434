package vec

// This file holds what bounds numbers, or keeps them by bounds of others: pieces of ReLU6, Hardtanh, Hardswish and their gradients.

import "github.com/tutti-ml/tutti/blas/kernel"

// AtLeast stores max(x, lo) in dst; NaN stays NaN. dst may be x.
func AtLeast[T Float](dst []T, lo T, x []T) {
	same("AtLeast", len(dst), len(x))
	run(kernel.OpAtLeast, dst, x, nil, lo)
}

func atLeast[T Float](dst []T, lo T, x []T) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = max(x[i], lo)
	}
}

// AtMost stores min(x, hi) in dst; NaN stays NaN. dst may be x.
func AtMost[T Float](dst []T, hi T, x []T) {
	same("AtMost", len(dst), len(x))
	run(kernel.OpAtMost, dst, x, nil, hi)
}

func atMost[T Float](dst []T, hi T, x []T) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = min(x[i], hi)
	}
}

// KeepAbove stores dy in dst where x > lo, else zero: the gradient of AtLeast at x. dst may be dy or x.
func KeepAbove[T Float](dst []T, lo T, dy, x []T) {
	same("KeepAbove", len(dst), len(dy))
	same("KeepAbove", len(dst), len(x))
	run(kernel.OpKeepAbove, dst, dy, x, lo)
}

func keepAbove[T Float](dst []T, lo T, dy, x []T) {
	dy, x = dy[:len(dst)], x[:len(dst)]
	for i := range dst {
		var v T
		if x[i] > lo {
			v = dy[i]
		}
		dst[i] = v
	}
}

// KeepBelow stores dy in dst where x < hi, else zero: the gradient of AtMost at x. dst may be dy or x.
func KeepBelow[T Float](dst []T, hi T, dy, x []T) {
	same("KeepBelow", len(dst), len(dy))
	same("KeepBelow", len(dst), len(x))
	run(kernel.OpKeepBelow, dst, dy, x, hi)
}

func keepBelow[T Float](dst []T, hi T, dy, x []T) {
	dy, x = dy[:len(dst)], x[:len(dst)]
	for i := range dst {
		var v T
		if x[i] < hi {
			v = dy[i]
		}
		dst[i] = v
	}
}

// HardswishGrad stores in dst the gradient of y = x·min(max(x+3, 0), 6)/6 with respect to x: dy·(x/3 + 1/2), but zero
// where x ≤ -3, and dy where x ≥ 3. dst may be dy or x.
func HardswishGrad[T Float](dst, dy, x []T) {
	same("HardswishGrad", len(dst), len(dy))
	same("HardswishGrad", len(dst), len(x))
	run(kernel.OpHardswishGrad, dst, dy, x, 0)
}

func hardswishGrad[T Float](dst, dy, x []T) {
	dy, x = dy[:len(dst)], x[:len(dst)]
	for i := range dst {
		v := x[i]
		slope := T(v*(1./3)) + 0.5 // rounded first: the compiler may not fuse it
		if v >= 3 {
			slope = 1
		}
		slope *= dy[i]
		if v <= -3 {
			slope = 0
		}
		dst[i] = slope
	}
}
