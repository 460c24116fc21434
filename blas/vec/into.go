package vec

// This file holds the reductions of collectives: dst ∘= x for every number type. Integers wrap.

import "github.com/tutti-ml/tutti/blas/kernel"

// AddTo adds x to dst.
func AddTo[T Number](dst, x []T) {
	same("AddTo", len(dst), len(x))
	if singleNumber[T]() {
		run(kernel.OpAdd, as32(dst), as32(dst), as32(x), 0)
		return
	}
	x = x[:len(dst)]
	for i := range dst {
		dst[i] += x[i]
	}
}

// MulTo multiplies dst by x, element by element.
func MulTo[T Number](dst, x []T) {
	same("MulTo", len(dst), len(x))
	if singleNumber[T]() {
		run(kernel.OpMul, as32(dst), as32(dst), as32(x), 0)
		return
	}
	x = x[:len(dst)]
	for i := range dst {
		dst[i] *= x[i]
	}
}

// MinTo lowers the elements of dst to those of x where these are smaller. A NaN in either gives NaN.
func MinTo[T Number](dst, x []T) {
	same("MinTo", len(dst), len(x))
	if singleNumber[T]() {
		run(kernel.OpMinimum, as32(dst), as32(dst), as32(x), 0)
		return
	}
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = min(dst[i], x[i])
	}
}

// MaxTo raises the elements of dst to those of x where these are larger. A NaN in either gives NaN.
func MaxTo[T Number](dst, x []T) {
	same("MaxTo", len(dst), len(x))
	if singleNumber[T]() {
		run(kernel.OpMaximum, as32(dst), as32(dst), as32(x), 0)
		return
	}
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = max(dst[i], x[i])
	}
}
