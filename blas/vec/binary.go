package vec

// This file holds arithmetic on two operands, element by element. Each function is a check of lengths and a loop.

import "github.com/tutti-ml/tutti/blas/kernel"

// Add stores a+b in dst. dst may be a or b.
func Add[T Float](dst, a, b []T) {
	same("Add", len(dst), len(a))
	same("Add", len(dst), len(b))
	run(kernel.OpAdd, dst, a, b, 0)
}

func add[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

// Sub stores a-b in dst. dst may be a or b.
func Sub[T Float](dst, a, b []T) {
	same("Sub", len(dst), len(a))
	same("Sub", len(dst), len(b))
	run(kernel.OpSub, dst, a, b, 0)
}

func sub[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] - b[i]
	}
}

// Mul stores a·b, element by element, in dst. dst may be a or b.
func Mul[T Float](dst, a, b []T) {
	same("Mul", len(dst), len(a))
	same("Mul", len(dst), len(b))
	run(kernel.OpMul, dst, a, b, 0)
}

func mul[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

// Div stores a/b, element by element, in dst. dst may be a or b.
func Div[T Float](dst, a, b []T) {
	same("Div", len(dst), len(a))
	same("Div", len(dst), len(b))
	run(kernel.OpDiv, dst, a, b, 0)
}

func div[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] / b[i]
	}
}

// MulAdd adds a·b, element by element, to dst. dst may be a or b.
func MulAdd[T Float](dst, a, b []T) {
	same("MulAdd", len(dst), len(a))
	same("MulAdd", len(dst), len(b))
	run(kernel.OpMulAdd, dst, a, b, 0)
}

func mulAdd[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] += T(a[i] * b[i]) // rounded first: the compiler may not fuse it
	}
}

// Maximum stores the larger of a and b, element by element, in dst. A NaN in either gives NaN. dst may be a or b.
func Maximum[T Float](dst, a, b []T) {
	same("Maximum", len(dst), len(a))
	same("Maximum", len(dst), len(b))
	run(kernel.OpMaximum, dst, a, b, 0)
}

func maximum[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = max(a[i], b[i])
	}
}

// Minimum stores the smaller of a and b, element by element, in dst. A NaN in either gives NaN. dst may be a or b.
func Minimum[T Float](dst, a, b []T) {
	same("Minimum", len(dst), len(a))
	same("Minimum", len(dst), len(b))
	run(kernel.OpMinimum, dst, a, b, 0)
}

func minimum[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = min(a[i], b[i])
	}
}
