package vec

// This file finds extremes. NaN is extreme both ways, as in PyTorch: a result without NaN proves that x has none.

import "github.com/tutti-ml/tutti/blas/kernel"

// extremes reports whether kernels find extremes of n elements of type T: they need a whole vector.
func extremes[T Float](n int) bool { return n >= 8 && single[T]() && kernel.Reduces(isa) }

// Max returns the largest element of x, or NaN if x has one. It panics on an empty x.
func Max[T Float](x []T) T {
	nonEmpty("Max", len(x))
	if extremes[T](len(x)) {
		return T(kernel.MaxOf(isa, as32(x)))
	}
	m := x[0]
	for _, v := range x[1:] {
		m = max(m, v)
	}
	return m
}

// Min returns the smallest element of x, or NaN if x has one. It panics on an empty x.
func Min[T Float](x []T) T {
	nonEmpty("Min", len(x))
	if extremes[T](len(x)) {
		return T(kernel.MinOf(isa, as32(x)))
	}
	m := x[0]
	for _, v := range x[1:] {
		m = min(m, v)
	}
	return m
}

// ArgMax returns the index of the first largest element of x, or of the first NaN if x has one. It panics on an empty x.
func ArgMax[T Float](x []T) int {
	nonEmpty("ArgMax", len(x))
	if extremes[T](len(x)) {
		return argMax(as32(x))
	}
	return argMaxHere(x)
}

func argMaxHere[T Float](x []T) int {
	at, m := 0, x[0]
	for i, v := range x {
		if v != v {
			return i
		}
		if v > m {
			at, m = i, v
		}
	}
	return at
}

// argMax finds the block with the largest element, which then is in cache, and the element in it.
func argMax(x []float32) int {
	at, m := 0, x[0]
	for lo := 0; lo < len(x); lo += block {
		b := x[lo:min(lo+block, len(x))]
		if v := Max(b); v > m || v != v {
			at, m = lo, v
			if v != v {
				break
			}
		}
	}
	b := x[at:min(at+block, len(x))]
	if len(b) < 8 || m != m {
		return at + argMaxHere(b)
	}
	return at + kernel.IndexOf(isa, b, m)
}

func nonEmpty(op string, n int) {
	if n == 0 {
		panic("vec: " + op + ": empty slice")
	}
}
