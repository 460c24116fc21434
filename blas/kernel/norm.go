// Sums and maxima of one vector of unit stride: Σ x², Σ |x|, max |x|. The choice by ISA, and the portable references.

package kernel

import (
	"math"

	"github.com/tutti-ml/tutti/internal/cpu"
)

// SumSquares returns Σ x[i]², accumulated in float64, where squares of float32 neither overflow nor vanish; those of float64 may.
func SumSquares[T Float](isa cpu.ISA, x []T) float64 {
	switch {
	case !single[T]():
		return float64(Dot(isa, x, x))
	case !haveReduce || isa < cpu.AVX2 || len(x) == 0:
		return sumSquares(x)
	case isa >= cpu.AVX512:
		return ssumSquaresAVX512(len(x), as[float32](&x[0]))
	}
	return ssumSquaresAVX2(len(x), as[float32](&x[0]))
}

// SumAbs returns Σ |x[i]|.
func SumAbs[T Float](isa cpu.ISA, x []T) T {
	switch {
	case !haveReduce || isa < cpu.AVX2 || len(x) == 0:
		return sumAbs(x)
	case isa >= cpu.AVX512 && single[T]():
		return T(ssumAbsAVX512(len(x), as[float32](&x[0])))
	case isa >= cpu.AVX512:
		return T(dsumAbsAVX512(len(x), as[float64](&x[0])))
	case single[T]():
		return T(ssumAbsAVX2(len(x), as[float32](&x[0])))
	}
	return T(dsumAbsAVX2(len(x), as[float64](&x[0])))
}

// MaxAbs returns the largest |x[i]| that is not NaN, 0 if there is none.
func MaxAbs[T Float](isa cpu.ISA, x []T) T {
	switch {
	case !haveReduce || isa < cpu.AVX2 || len(x) == 0:
		return maxAbs(x)
	case isa >= cpu.AVX512 && single[T]():
		return T(smaxAbsAVX512(len(x), as[float32](&x[0])))
	case isa >= cpu.AVX512:
		return T(dmaxAbsAVX512(len(x), as[float64](&x[0])))
	case single[T]():
		return T(smaxAbsAVX2(len(x), as[float32](&x[0])))
	}
	return T(dmaxAbsAVX2(len(x), as[float64](&x[0])))
}

func abs[T Float](v T) T { return T(math.Abs(float64(v))) }

// sumSquares is the reference of SumSquares: two partial sums.
func sumSquares[T Float](x []T) float64 {
	var s0, s1 float64
	for len(x) >= 2 {
		u, v := float64(x[0]), float64(x[1])
		s0 += u * u
		s1 += v * v
		x = x[2:]
	}
	for _, v := range x {
		s0 += float64(v) * float64(v)
	}
	return s0 + s1
}

// sumAbs is the reference of SumAbs: two partial sums.
func sumAbs[T Float](x []T) T {
	var s0, s1 T
	for len(x) >= 2 {
		s0 += abs(x[0])
		s1 += abs(x[1])
		x = x[2:]
	}
	for _, v := range x {
		s0 += abs(v)
	}
	return s0 + s1
}

// maxAbs is the reference of MaxAbs.
func maxAbs[T Float](x []T) T {
	var most T
	for _, v := range x {
		if a := abs(v); a > most {
			most = a
		}
	}
	return most
}
