package vec

// This file holds arithmetic on one operand, and a scalar, element by element.

import (
	"math"

	"github.com/tutti-ml/tutti/blas/kernel"
)

// Scale stores alpha·x in dst. dst may be x.
func Scale[T Float](dst []T, alpha T, x []T) {
	same("Scale", len(dst), len(x))
	run(kernel.OpScale, dst, x, nil, alpha)
}

func scale[T Float](dst []T, alpha T, x []T) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = alpha * x[i]
	}
}

// AddScalar stores alpha+x in dst. dst may be x.
func AddScalar[T Float](dst []T, alpha T, x []T) {
	same("AddScalar", len(dst), len(x))
	run(kernel.OpAddScalar, dst, x, nil, alpha)
}

func addScalar[T Float](dst []T, alpha T, x []T) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = alpha + x[i]
	}
}

// Axpy adds alpha·x to dst. dst may be x.
func Axpy[T Float](dst []T, alpha T, x []T) {
	same("Axpy", len(dst), len(x))
	run(kernel.OpAxpy, dst, x, nil, alpha)
}

func axpy[T Float](dst []T, alpha T, x []T) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] += T(alpha * x[i])
	}
}

// Neg stores -x in dst. dst may be x.
func Neg[T Float](dst, x []T) {
	same("Neg", len(dst), len(x))
	run(kernel.OpNeg, dst, x, nil, 0)
}

func neg[T Float](dst, x []T) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = -x[i]
	}
}

// Abs stores the absolute value of x in dst. dst may be x.
func Abs[T Float](dst, x []T) {
	same("Abs", len(dst), len(x))
	run(kernel.OpAbs, dst, x, nil, 0)
}

func abs[T Float](dst, x []T) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = T(math.Abs(float64(x[i])))
	}
}

// Sqrt stores the square root of x in dst; of a negative number, NaN. dst may be x.
func Sqrt[T Float](dst, x []T) {
	same("Sqrt", len(dst), len(x))
	run(kernel.OpSqrt, dst, x, nil, 0)
}

func sqrt[T Float](dst, x []T) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = T(math.Sqrt(float64(x[i]))) // rounding twice is rounding once: Figueroa, SIGNUM Newsletter 30(3), 1995
	}
}

// Rsqrt stores 1/√x in dst, root and quotient rounded: at most 1 ulp from the true value. Of -0 it is -Inf, as IEEE 754 has it.
// dst may be x.
func Rsqrt[T Float](dst, x []T) {
	same("Rsqrt", len(dst), len(x))
	run(kernel.OpRsqrt, dst, x, nil, 0)
}

func rsqrt[T Float](dst, x []T) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = 1 / T(math.Sqrt(float64(x[i])))
	}
}

// Fill stores alpha in every element of dst.
func Fill[T Number](dst []T, alpha T) {
	if singleNumber[T]() {
		run(kernel.OpFill, as32(dst), nil, nil, float32(alpha))
		return
	}
	fill(dst, alpha)
}

func fill[T Number](dst []T, alpha T) {
	for i := range dst {
		dst[i] = alpha
	}
}
