package vec

import (
	"math"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/elementary"
)

// Exp stores eˣ in dst. dst may be x.
//
// In float32 it is at most 1.1 ulp from the true value, subnormal results included; it overflows to +Inf above 88.7228 and
// vanishes below -103.97. The portable loop computes in float64, which costs a scalar processor nothing, and rounds once,
// so it is within 0.51 ulp; a vector kernel computes in float32.
func Exp[T Float](dst, x []T) {
	same("Exp", len(dst), len(x))
	run(kernel.OpExp, dst, x, nil, 0)
}

func exp[T Float](dst, x []T) {
	x = x[:len(dst)]
	if single[T]() {
		for i := range dst {
			f, s := splitPow2(log2e * float64(x[i]))
			dst[i] = T(s + s*pow2m1(f))
		}
		return
	}
	for i := range dst {
		dst[i] = T(elementary.Exp(float64(x[i])))
	}
}

const log2e = 1.44269504088896340735992468100189214 // 1/ln 2

// splitPow2 returns f in [-1/2, 1/2] and s, a power of two, such that 2ᶻ = s·2ᶠ. Beyond ±200, far outside float32, z
// counts as ±200. NaN gives an f of NaN.
func splitPow2(z float64) (f, s float64) {
	const round = 3 << 51 // added, it rounds to an integer, and leaves that in the low bits of the sum
	if z > 200 {
		z = 200
	} else if z < -200 {
		z = -200
	}
	t := z + round
	return z - (t - round), math.Float64frombits(math.Float64bits(t)<<52 + 1023<<52)
}

// pow2m1 returns 2ᶠ-1 for f in [-1/2, 1/2], with a relative error below 2.4e-10: f times the minimax polynomial of
// (2ᶠ-1)/f, by Remez's algorithm in 40 digits (the program stands above TestExp). Summed after Estrin, for a shorter chain
// of dependent operations than Horner's.
func pow2m1(f float64) float64 {
	const (
		c0 = 0.693147180581568144
		c1 = 0.240226509200513421
		c2 = 0.0555041072760261642
		c3 = 0.00961805703706993785
		c4 = 0.00133336694453427914
		c5 = 0.0001546132987878527
		c6 = 0.0000152527214838841768
	)
	g := f * f
	return f * ((c0 + f*c1) + g*((c2+f*c3)+g*((c4+f*c5)+g*c6)))
}
