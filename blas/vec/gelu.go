package vec

import (
	"math"

	"github.com/tutti-ml/tutti/blas/kernel"
)

// Gelu stores x·Φ(x) in dst, where Φ is the distribution function of the standard normal distribution: the exact form, not the
// one with tanh. Of -Inf it is -0. dst may be x.
//
// In float32 it is at most 6 ulp from the true value, subnormal results included, and 0.51 ulp in the portable loop, which
// computes in float64. Source: Hendrycks and Gimpel, arXiv:1606.08415.
func Gelu[T Float](dst, x []T) {
	same("Gelu", len(dst), len(x))
	run(kernel.OpGelu, dst, x, nil, 0)
}

func gelu[T Float](dst, x []T) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = T(gelu64(float64(x[i])))
	}
}

func gelu64(x float64) float64 {
	if x < -40 {
		return math.Copysign(0, -1) // Φ(x) is zero there, and x may be infinite
	}
	return x * normalCDF(x)
}

// GeluGrad stores dy·(Φ(x) + x·φ(x)) in dst, the gradient of y = gelu(x) with respect to x; φ is the density of Φ. dst may be
// dy or x.
//
// In float32 the factor of dy is at most 2⁻²² from the true value.
func GeluGrad[T Float](dst, dy, x []T) {
	same("GeluGrad", len(dst), len(dy))
	same("GeluGrad", len(dst), len(x))
	run(kernel.OpGeluGrad, dst, dy, x, 0)
}

func geluGrad[T Float](dst, dy, x []T) {
	dy, x = dy[:len(dst)], x[:len(dst)]
	for i := range dst {
		dst[i] = dy[i] * T(geluSlope(float64(x[i])))
	}
}

func geluSlope(x float64) float64 {
	if math.Abs(x) > 40 {
		return max(0, math.Copysign(1, x)) // the density is zero there, and x may be infinite
	}
	return normalCDF(x) + x*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)
}

// normalCDF returns Φ(x) = ½·erfc(-x/√2), which keeps its digits where Φ is tiny.
func normalCDF(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
