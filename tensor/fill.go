package tensor

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Fill sets every element of t, of any dtype and with any strides, to v, converted as Cast does.
func (t *Tensor) Fill(v float64) { t.fill(v) }

// Uniform fills a Float32 or Float64 tensor with numbers drawn evenly from [lo, hi). The same generator gives the same
// numbers on every machine. It draws Len numbers from r, in row-major order.
func (t *Tensor) Uniform(r *rand.Rand, lo, hi float64) {
	t.generate("Uniform", r, func() float64 { return lo + float64((hi-lo)*r.Float64()) })
}

// Normal fills a Float32 or Float64 tensor with numbers from the normal distribution of the given mean and standard
// deviation. The same generator gives the same numbers on every machine. It draws Len numbers from r, in row-major order.
func (t *Tensor) Normal(r *rand.Rand, mean, std float64) {
	t.generate("Normal", r, func() float64 {
		// An odd multiple of 2⁻⁵³, so never 0 or 1, and symmetric about ½.
		p := (float64(r.Uint64()>>12) + 0.5) * 0x1p-52
		return mean + float64(std*normalQuantile(p))
	})
}

func (t *Tensor) generate(op string, r *rand.Rand, next func() float64) {
	t.mustContiguous(op)
	if t.dtype == Float32 || t.dtype == Float64 {
		mustDraw(r)
	}
	switch t.dtype {
	case Float32:
		x := Data[float32](t)
		for i := range x {
			x[i] = float32(next())
		}
	case Float64:
		x := Data[float64](t)
		for i := range x {
			x[i] = next()
		}
	default:
		panic(fmt.Sprintf("tensor: %s: dtype %v is not float32 or float64", op, t.dtype))
	}
}

// normalQuantile returns the x below which a standard normal variable falls with probability p, 0 < p < 1, to about 16
// digits. It is made of additions, multiplications, divisions and square roots alone, each rounded on its own (the
// conversions to float64 forbid fusing), so that every machine computes the same bits; math.Log and a fused multiply-add
// would not. Source: Wichura, Algorithm AS 241, Applied Statistics 37 (1988), routine PPND16.
func normalQuantile(p float64) float64 {
	q := p - 0.5
	if math.Abs(q) <= 0.425 {
		r := 0.180625 - float64(q*q)
		return q * horner(r, &as241A) / horner(r, &as241B)
	}
	r := math.Sqrt(-portableLog(min(p, 1-p)))
	var x float64
	if r <= 5 {
		x = horner(r-1.6, &as241C) / horner(r-1.6, &as241D)
	} else {
		x = horner(r-5, &as241E) / horner(r-5, &as241F)
	}
	return math.Copysign(x, q)
}

// The coefficients of PPND16, constant term first: numerators A C E and denominators B D F of its three ranges.
var (
	as241A = [8]float64{3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
		4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3}
	as241B = [8]float64{1, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
		2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3}
	as241C = [8]float64{1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
		1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4}
	as241D = [8]float64{1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
		1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9}
	as241E = [8]float64{6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
		2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7}
	as241F = [8]float64{1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
		7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15}
)

// horner returns c[0] + c[1]·x + … + c[7]·x⁷.
func horner(x float64, c *[8]float64) float64 {
	sum := c[7]
	for i := 6; i >= 0; i-- {
		sum = float64(sum*x) + c[i]
	}
	return sum
}

// portableLog returns the natural logarithm of a positive normal x to within a few units in the last place, with the same
// bits everywhere: x = m·2ᵉ with m in [√½, √2), and log m = 2·artanh s = 2(s + s³/3 + s⁵/5 + …) for s = (m−1)/(m+1).
func portableLog(x float64) float64 {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = 2*m, e-1
	}
	s := (m - 1) / (m + 1)
	s2 := float64(s * s) // ≤ 0.0295, so the 12th term is below 2⁻⁵⁹ of the first
	sum := 0.0
	for k := 23; k >= 1; k -= 2 {
		sum = float64(sum*s2) + 1/float64(k)
	}
	return float64(2*float64(s*sum)) + float64(float64(e)*math.Ln2)
}
