package vec

import (
	"math"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/elementary"
)

// Log stores the natural logarithm of x in dst: of zero -Inf, of a negative number NaN. dst may be x.
//
// In float32 it is at most 1.1 ulp from the true value, for subnormal x too, and 0.51 ulp in the portable loop.
func Log[T Float](dst, x []T) {
	same("Log", len(dst), len(x))
	run(kernel.OpLog, dst, x, nil, 0)
}

func log[T Float](dst, x []T) {
	x = x[:len(dst)]
	if single[T]() {
		for i := range dst {
			dst[i] = T(log32(float64(x[i])))
		}
		return
	}
	for i := range dst {
		dst[i] = T(elementary.Log(float64(x[i])))
	}
}

// log32 returns log x for a float32 x, before rounding to float32, with a relative error below 2⁻³⁶.
//
// x is split in 2ᵏ·m with m in [1/√2, √2); with s = (m-1)/(m+1), log m = 2·atanh(s) = s·p(s²), p minimax.
func log32(x float64) float64 {
	// p minimises the relative error; Remez's algorithm in 40 digits, by the program above TestExp.
	const (
		p0 = 2.00000000000842403
		p1 = 0.66666665240452452
		p2 = 0.400003858691528867
		p3 = 0.28534985923851129
		p4 = 0.236174658758325087

		sqrtHalf = 0x3fe6a09e667f3bcd // the bits of 1/√2
	)
	if !(x > 0 && x <= math.MaxFloat32) {
		return elementary.Log(x)
	}
	b := math.Float64bits(x)
	k := int64(b-sqrtHalf) >> 52
	m := math.Float64frombits(b - uint64(k)<<52)
	s := (m - 1) / (m + 1)
	z := s * s
	return float64(k)*math.Ln2 + s*(p0+z*((p1+z*p2)+z*z*(p3+z*p4)))
}
