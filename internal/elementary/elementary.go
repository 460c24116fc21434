// Package elementary has those functions of package math whose assembly for amd64 is wrong at the ends of float64, made
// right: math.Exp, and Cosh and Sinh made of it, overflow from 709.44 on, where 709.78 and 710.48 are right; math.Log
// takes every subnormal number for one near 2⁻¹⁰²³, and so do Log10, and Pow with an exponent that is no integer.
// Between the ends these are package math's, whose errors are below two units in the last place, and so are those here.
//
// Functions that are not here (Expm1, Log1p, Log2, Tanh, Erf and so on) are right in package math: they are written in
// Go, or call Exp and Log where these are right.
package elementary

import "math"

const (
	far = 700 // from here on Exp goes a detour

	ln2Hi = 6.93147180369123816490e-01 // the first 32 bits of ln 2
	ln2Lo = 1.90821492927058770002e-10 // the rest
)

// Exp returns eˣ. It overflows to +Inf above 709.782712893384.
func Exp(x float64) float64 {
	if x > far {
		return expOver64(x) * 0x1p64
	}
	return math.Exp(x)
}

// expOver64 returns eˣ/2⁶⁴ for x > far.
func expOver64(x float64) float64 {
	const k = 64
	hi, lo := x-k*ln2Hi, float64(k*ln2Lo) // hi is exact, for ln2Hi has few bits
	t := hi - lo
	rest := (hi - t) - lo
	if rest != rest { // x is +Inf
		return x
	}
	return math.Exp(t) * (1 + rest)
}

// Cosh returns the hyperbolic cosine of x. It overflows to +Inf above 710.475860073944 in magnitude.
func Cosh(x float64) float64 {
	if a := math.Abs(x); a > far {
		return expOver64(a) * 0x1p63
	}
	return math.Cosh(x)
}

// Sinh returns the hyperbolic sine of x. It overflows to ±Inf above 710.475860073944 in magnitude.
func Sinh(x float64) float64 {
	if a := math.Abs(x); a > far {
		return math.Copysign(expOver64(a)*0x1p63, x)
	}
	return math.Sinh(x)
}

// Log returns the natural logarithm of x: of ±0 −Inf, of a negative number NaN.
func Log(x float64) float64 {
	if x < 0x1p-1022 && x > 0 {
		f, e := math.Frexp(x)
		k := float64(e)
		return k*ln2Hi + (float64(k*ln2Lo) + math.Log(f))
	}
	return math.Log(x)
}

// Log10 returns the logarithm of x to base 10, with the special cases of Log.
func Log10(x float64) float64 {
	if x < 0x1p-1022 && x > 0 {
		return Log(x) * (1 / math.Ln10)
	}
	return math.Log10(x)
}

// Pow returns xʸ, with the special cases of math.Pow.
func Pow(x, y float64) float64 {
	if x < 0x1p-1022 && x > 0 && y-y == 0 && y != math.Trunc(y) {
		const up = 54
		p := -up * y
		rest := math.FMA(-up, y, -p)
		return math.Pow(x*(1<<up), y) * (math.Exp2(p) * (1 + rest*math.Ln2))
	}
	return math.Pow(x, y)
}
