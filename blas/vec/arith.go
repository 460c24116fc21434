package vec

// This file holds elementwise arithmetic: sums, products, and the copies of them that add into their destination.

import "math"

// Add stores a+b in dst. dst may be a or b.
func Add[T Float](dst, a, b []T) {
	same("Add", len(dst), len(a))
	same("Add", len(dst), len(b))
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

// Sub stores a-b in dst. dst may be a or b.
func Sub[T Float](dst, a, b []T) {
	same("Sub", len(dst), len(a))
	same("Sub", len(dst), len(b))
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] - b[i]
	}
}

// Mul stores a·b, element by element, in dst. dst may be a or b.
func Mul[T Float](dst, a, b []T) {
	same("Mul", len(dst), len(a))
	same("Mul", len(dst), len(b))
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

// Div stores a/b, element by element, in dst. dst may be a or b.
func Div[T Float](dst, a, b []T) {
	same("Div", len(dst), len(a))
	same("Div", len(dst), len(b))
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] / b[i]
	}
}

// MulAdd adds a·b, element by element, to dst. dst may be a or b.
func MulAdd[T Float](dst, a, b []T) {
	same("MulAdd", len(dst), len(a))
	same("MulAdd", len(dst), len(b))
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] += a[i] * b[i]
	}
}

// Maximum stores the larger of a and b, element by element, in dst. A NaN in either gives NaN. dst may be a or b.
func Maximum[T Float](dst, a, b []T) {
	same("Maximum", len(dst), len(a))
	same("Maximum", len(dst), len(b))
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = max(a[i], b[i])
	}
}

// Minimum stores the smaller of a and b, element by element, in dst. A NaN in either gives NaN. dst may be a or b.
func Minimum[T Float](dst, a, b []T) {
	same("Minimum", len(dst), len(a))
	same("Minimum", len(dst), len(b))
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = min(a[i], b[i])
	}
}

// Scale stores alpha·x in dst. dst may be x.
func Scale[T Float](dst []T, alpha T, x []T) {
	same("Scale", len(dst), len(x))
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = alpha * x[i]
	}
}

// AddScalar stores alpha+x in dst. dst may be x.
func AddScalar[T Float](dst []T, alpha T, x []T) {
	same("AddScalar", len(dst), len(x))
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = alpha + x[i]
	}
}

// Axpy adds alpha·x to dst. dst may be x.
func Axpy[T Float](dst []T, alpha T, x []T) {
	same("Axpy", len(dst), len(x))
	x = x[:len(dst)]
	for i := range dst {
		dst[i] += alpha * x[i]
	}
}

// Fill stores alpha in every element of dst.
func Fill[T Number](dst []T, alpha T) {
	for i := range dst {
		dst[i] = alpha
	}
}

// Neg stores -x in dst. dst may be x.
func Neg[T Float](dst, x []T) {
	same("Neg", len(dst), len(x))
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = -x[i]
	}
}

// Abs stores the absolute value of x in dst. dst may be x.
func Abs[T Float](dst, x []T) {
	same("Abs", len(dst), len(x))
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = T(math.Abs(float64(x[i])))
	}
}

// Sqrt stores the square root of x, rounded correctly, in dst; of a negative number, NaN. dst may be x.
func Sqrt[T Float](dst, x []T) {
	same("Sqrt", len(dst), len(x))
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = T(math.Sqrt(float64(x[i]))) // the double rounding is harmless: Figueroa, SIGNUM 30(3), 1995
	}
}
