package vec

// This file holds the sums. All of them add in one order, which depends on the length alone.

import (
	"math"

	"github.com/tutti-ml/tutti/blas/kernel"
)

const (
	block = 4096               // elements summed in lanes before their sum joins the pairwise tree
	lanes = kernel.ReduceLanes // 64: eight vectors of AVX2, so that additions overlap
)

// Sum returns the sum of x, accumulated in T.
//
// Order: x is cut into blocks of 4096 elements. In a block, lane j of 64 adds elements j, j+64, j+128, …; the lanes are then
// folded in halves: lane j+32 is added to lane j, then j+16, down to lane 1 to lane 0. Block sums are added pairwise: n
// blocks split at the largest power of two below n. So the bits are the same on every machine, and the error is at most
// (70 + log2(len/4096))·ε·Σ|x|, with ε = 2⁻²⁴ for float32, 2⁻⁵³ for float64.
func Sum[T Float](x []T) T {
	if len(x) <= block {
		if single[T]() && kernel.Reduces(isa) {
			return T(kernel.SumLanes(as32(x)))
		}
		return sumBlock(x)
	}
	h := halve(len(x))
	return Sum(x[:h]) + Sum(x[h:])
}

// Dot returns Σ a·b, accumulated in T in the order of Sum. Every product is rounded before it is added.
func Dot[T Float](a, b []T) T {
	same("Dot", len(a), len(b))
	return dot(a, b)
}

// SumSq returns Σ x², accumulated in T in the order of Sum.
func SumSq[T Float](x []T) T { return dot(x, x) }

// SumAbs returns Σ |x|, accumulated in T in the order of Sum.
func SumAbs[T Float](x []T) T {
	if len(x) <= block {
		return sumAbsBlock(x)
	}
	h := halve(len(x))
	return SumAbs(x[:h]) + SumAbs(x[h:])
}

func dot[T Float](a, b []T) T {
	if len(a) <= block {
		if single[T]() && kernel.Reduces(isa) {
			return T(kernel.DotLanes(as32(a), as32(b)))
		}
		return dotBlock(a, b)
	}
	h := halve(len(a))
	return dot(a[:h], b[:h]) + dot(a[h:], b[h:])
}

// halve returns where to split n > block elements: the largest power of two times block that is below n.
func halve(n int) int {
	h := block
	for 2*h < n {
		h *= 2
	}
	return h
}

func sumBlock[T Float](x []T) T {
	var s [lanes]T
	n := len(x)
	for ; len(x) >= lanes; x = x[lanes:] {
		u := (*[lanes]T)(x)
		for j := range s {
			s[j] += u[j]
		}
	}
	for j, v := range x {
		s[j&(lanes-1)] += v
	}
	return fold(&s, n)
}

func sumAbsBlock[T Float](x []T) T {
	var s [lanes]T
	n := len(x)
	for ; len(x) >= lanes; x = x[lanes:] {
		u := (*[lanes]T)(x)
		for j := range s {
			s[j] += T(math.Abs(float64(u[j])))
		}
	}
	for j, v := range x {
		s[j&(lanes-1)] += T(math.Abs(float64(v)))
	}
	return fold(&s, n)
}

func dotBlock[T Float](a, b []T) T {
	var s [lanes]T
	n := len(a)
	for ; len(a) >= lanes; a, b = a[lanes:], b[lanes:] {
		u, v := (*[lanes]T)(a), (*[lanes]T)(b)
		for j := range s {
			s[j] += T(u[j] * v[j]) // rounded first: the compiler may not fuse it
		}
	}
	b = b[:len(a)]
	for j, v := range a {
		s[j&(lanes-1)] += T(v * b[j])
	}
	return fold(&s, n)
}

// fold adds the lanes, of which n at most are not zero, in halves.
func fold[T Float](s *[lanes]T, n int) T {
	for h := lanes / 2; h > 0; h /= 2 {
		if h >= n {
			continue // adding +0 changes no lane: none is -0, since they start at +0
		}
		for j := range h {
			s[j] += s[j+h]
		}
	}
	return s[0]
}
