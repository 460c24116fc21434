package tensor

// This file holds functions of one tensor, element by element. F(x) returns a new tensor; FTo(dst, x) writes to dst, which
// has x's shape and may be x itself, but must not overlap it in any other way.
//
// Functions of floating-point numbers take Float32 and Float64. Where package vec has the function its accuracy holds;
// otherwise it is package math's, rounded once for Float32.

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/elementary"
)

// A unaryOp is an operation on one tensor: what it is called in panics, and a loop for each dtype that it takes.
type unaryOp struct {
	name   string
	grain  int
	result DType // 0: that of the operand
	rows   loopsByDType
}

func (o *unaryOp) make(x *Tensor) *Tensor {
	dst := New(or(o.result, x.dtype), x.shape...)
	o.to(dst, x)
	return dst
}

func (o *unaryOp) to(dst, x *Tensor) {
	f := o.rows.of(o.name, x.dtype)
	mustDType(o.name, dst, or(o.result, x.dtype))
	if !dst.SameShape(x) {
		panic(fmt.Sprintf("tensor: %s: the destination's shape is %v, the result's %v", o.name, dst.shape, x.shape))
	}
	run(f, o.grain, dst.shape, dst, x)
}

// Neg returns −x, for floats and integers.
func Neg(x *Tensor) *Tensor { return negOp.make(x) }

// NegTo stores −x in dst.
func NegTo(dst, x *Tensor) { negOp.to(dst, x) }

// Abs returns |x|, for floats and integers; that of the least integer is itself.
func Abs(x *Tensor) *Tensor { return absOp.make(x) }

// AbsTo stores |x| in dst.
func AbsTo(dst, x *Tensor) { absOp.to(dst, x) }

// Sign returns −1, 0 or 1 as x is below, at or above zero, for floats and integers; of NaN, NaN.
func Sign(x *Tensor) *Tensor { return signOp.make(x) }

// SignTo stores the sign of x in dst.
func SignTo(dst, x *Tensor) { signOp.to(dst, x) }

// Square returns x², for floats and integers.
func Square(x *Tensor) *Tensor { return Mul(x, x) }

// SquareTo stores x² in dst.
func SquareTo(dst, x *Tensor) { MulTo(dst, x, x) }

// Sqrt returns √x.
func Sqrt(x *Tensor) *Tensor { return sqrtOp.make(x) }

// SqrtTo stores √x in dst.
func SqrtTo(dst, x *Tensor) { sqrtOp.to(dst, x) }

// Rsqrt returns 1/√x, both operations rounded.
func Rsqrt(x *Tensor) *Tensor { return rsqrtOp.make(x) }

// RsqrtTo stores 1/√x in dst.
func RsqrtTo(dst, x *Tensor) { rsqrtOp.to(dst, x) }

// Reciprocal returns 1/x.
func Reciprocal(x *Tensor) *Tensor { return reciprocalOp.make(x) }

// ReciprocalTo stores 1/x in dst.
func ReciprocalTo(dst, x *Tensor) { reciprocalOp.to(dst, x) }

// Exp returns eˣ.
func Exp(x *Tensor) *Tensor { return expOp.make(x) }

// ExpTo stores eˣ in dst.
func ExpTo(dst, x *Tensor) { expOp.to(dst, x) }

// Expm1 returns eˣ − 1, exact near zero.
func Expm1(x *Tensor) *Tensor { return expm1Op.make(x) }

// Expm1To stores eˣ − 1 in dst.
func Expm1To(dst, x *Tensor) { expm1Op.to(dst, x) }

// Log returns the natural logarithm of x.
func Log(x *Tensor) *Tensor { return logOp.make(x) }

// LogTo stores the natural logarithm of x in dst.
func LogTo(dst, x *Tensor) { logOp.to(dst, x) }

// Log1p returns the natural logarithm of 1 + x, exact near zero.
func Log1p(x *Tensor) *Tensor { return log1pOp.make(x) }

// Log1pTo stores the natural logarithm of 1 + x in dst.
func Log1pTo(dst, x *Tensor) { log1pOp.to(dst, x) }

// Log2 returns the binary logarithm of x.
func Log2(x *Tensor) *Tensor { return log2Op.make(x) }

// Log2To stores the binary logarithm of x in dst.
func Log2To(dst, x *Tensor) { log2Op.to(dst, x) }

// Log10 returns the decimal logarithm of x.
func Log10(x *Tensor) *Tensor { return log10Op.make(x) }

// Log10To stores the decimal logarithm of x in dst.
func Log10To(dst, x *Tensor) { log10Op.to(dst, x) }

// Sin returns the sine of x.
func Sin(x *Tensor) *Tensor { return sinOp.make(x) }

// SinTo stores the sine of x in dst.
func SinTo(dst, x *Tensor) { sinOp.to(dst, x) }

// Cos returns the cosine of x.
func Cos(x *Tensor) *Tensor { return cosOp.make(x) }

// CosTo stores the cosine of x in dst.
func CosTo(dst, x *Tensor) { cosOp.to(dst, x) }

// Tan returns the tangent of x.
func Tan(x *Tensor) *Tensor { return tanOp.make(x) }

// TanTo stores the tangent of x in dst.
func TanTo(dst, x *Tensor) { tanOp.to(dst, x) }

// Asin returns the arc sine of x.
func Asin(x *Tensor) *Tensor { return asinOp.make(x) }

// AsinTo stores the arc sine of x in dst.
func AsinTo(dst, x *Tensor) { asinOp.to(dst, x) }

// Acos returns the arc cosine of x.
func Acos(x *Tensor) *Tensor { return acosOp.make(x) }

// AcosTo stores the arc cosine of x in dst.
func AcosTo(dst, x *Tensor) { acosOp.to(dst, x) }

// Atan returns the arc tangent of x.
func Atan(x *Tensor) *Tensor { return atanOp.make(x) }

// AtanTo stores the arc tangent of x in dst.
func AtanTo(dst, x *Tensor) { atanOp.to(dst, x) }

// Sinh returns the hyperbolic sine of x.
func Sinh(x *Tensor) *Tensor { return sinhOp.make(x) }

// SinhTo stores the hyperbolic sine of x in dst.
func SinhTo(dst, x *Tensor) { sinhOp.to(dst, x) }

// Cosh returns the hyperbolic cosine of x.
func Cosh(x *Tensor) *Tensor { return coshOp.make(x) }

// CoshTo stores the hyperbolic cosine of x in dst.
func CoshTo(dst, x *Tensor) { coshOp.to(dst, x) }

// Tanh returns the hyperbolic tangent of x.
func Tanh(x *Tensor) *Tensor { return tanhOp.make(x) }

// TanhTo stores the hyperbolic tangent of x in dst.
func TanhTo(dst, x *Tensor) { tanhOp.to(dst, x) }

// Sigmoid returns 1/(1 + e⁻ˣ).
func Sigmoid(x *Tensor) *Tensor { return sigmoidOp.make(x) }

// SigmoidTo stores 1/(1 + e⁻ˣ) in dst.
func SigmoidTo(dst, x *Tensor) { sigmoidOp.to(dst, x) }

// Erf returns the error function of x.
func Erf(x *Tensor) *Tensor { return erfOp.make(x) }

// ErfTo stores the error function of x in dst.
func ErfTo(dst, x *Tensor) { erfOp.to(dst, x) }

// Floor returns the largest integer not above x, as a float.
func Floor(x *Tensor) *Tensor { return floorOp.make(x) }

// FloorTo stores the largest integer not above x in dst.
func FloorTo(dst, x *Tensor) { floorOp.to(dst, x) }

// Ceil returns the smallest integer not below x, as a float.
func Ceil(x *Tensor) *Tensor { return ceilOp.make(x) }

// CeilTo stores the smallest integer not below x in dst.
func CeilTo(dst, x *Tensor) { ceilOp.to(dst, x) }

// Round returns the integer nearest to x, as a float; halfway, the even one, as NumPy and PyTorch do.
func Round(x *Tensor) *Tensor { return roundOp.make(x) }

// RoundTo stores the integer nearest to x, ties to even, in dst.
func RoundTo(dst, x *Tensor) { roundOp.to(dst, x) }

// Trunc returns x without its fraction.
func Trunc(x *Tensor) *Tensor { return truncOp.make(x) }

// TruncTo stores x without its fraction in dst.
func TruncTo(dst, x *Tensor) { truncOp.to(dst, x) }

// Not returns a Bool tensor: where x, a Bool tensor, is false.
func Not(x *Tensor) *Tensor { return notOp.make(x) }

// NotTo stores where x is false in dst; both are Bool.
func NotTo(dst, x *Tensor) { notOp.to(dst, x) }

// IsNaN returns a Bool tensor: where x is not a number.
func IsNaN(x *Tensor) *Tensor { return isNaNOp.make(x) }

// IsInf returns a Bool tensor: where x is an infinity.
func IsInf(x *Tensor) *Tensor { return isInfOp.make(x) }

// IsFinite returns a Bool tensor: where x is neither an infinity nor NaN.
func IsFinite(x *Tensor) *Tensor { return isFiniteOp.make(x) }

// Clamp returns x, raised to lo where below it and lowered to hi where above it, for floats and integers. Use ±Inf for no
// bound: they become the least and the greatest integer. A NaN stays one. If lo > hi, the result is hi.
func Clamp(x *Tensor, lo, hi float64) *Tensor {
	dst := New(x.dtype, x.shape...)
	ClampTo(dst, x, lo, hi)
	return dst
}

// ClampTo stores x, clamped to [lo, hi], in dst.
func ClampTo(dst, x *Tensor, lo, hi float64) {
	f := clampRows.of("Clamp", x.dtype)
	mustDType("Clamp", dst, x.dtype)
	if !dst.SameShape(x) {
		panic(fmt.Sprintf("tensor: Clamp: the destination's shape is %v, the result's %v", dst.shape, x.shape))
	}
	a, b := newCell(x.dtype, lo), newCell(x.dtype, hi)
	run(f, cheap, dst.shape, dst, x, &a.Tensor, &b.Tensor)
	a.free()
	b.free()
}

var (
	negOp = &unaryOp{"Neg", cheap, 0, loopsByDType{Float32: unaryRow(vec.Neg[float32]), Float64: unaryRow(vec.Neg[float64]),
		Int32: unaryRow(negInt[int32]), Int64: unaryRow(negInt[int64]), Uint8: unaryRow(negInt[uint8]), Int8: unaryRow(negInt[int8])}}
	absOp = &unaryOp{"Abs", cheap, 0, loopsByDType{Float32: unaryRow(vec.Abs[float32]), Float64: unaryRow(vec.Abs[float64]),
		Int32: unaryRow(absInt[int32]), Int64: unaryRow(absInt[int64]), Uint8: unaryRow(absInt[uint8]), Int8: unaryRow(absInt[int8])}}
	signOp = &unaryOp{"Sign", cheap, 0, loopsByDType{Float32: unaryRow(sign[float32]), Float64: unaryRow(sign[float64]),
		Int32: unaryRow(sign[int32]), Int64: unaryRow(sign[int64]), Uint8: unaryRow(sign[uint8]), Int8: unaryRow(sign[int8])}}
	sqrtOp       = &unaryOp{"Sqrt", cheap, 0, functions(vec.Sqrt[float32], vec.Sqrt[float64])}
	rsqrtOp      = &unaryOp{"Rsqrt", cheap, 0, functions(vec.Rsqrt[float32], vec.Rsqrt[float64])}
	reciprocalOp = &unaryOp{"Reciprocal", cheap, 0, functions(reciprocal[float32], reciprocal[float64])}
	expOp        = &unaryOp{"Exp", costly, 0, functions(vec.Exp[float32], vec.Exp[float64])}
	expm1Op      = &unaryOp{"Expm1", costly, 0, each(math.Expm1)}
	logOp        = &unaryOp{"Log", costly, 0, functions(vec.Log[float32], vec.Log[float64])}
	log1pOp      = &unaryOp{"Log1p", costly, 0, each(math.Log1p)}
	log2Op       = &unaryOp{"Log2", costly, 0, each(math.Log2)}
	log10Op      = &unaryOp{"Log10", costly, 0, each(elementary.Log10)}
	sinOp        = &unaryOp{"Sin", costly, 0, each(math.Sin)}
	cosOp        = &unaryOp{"Cos", costly, 0, each(math.Cos)}
	tanOp        = &unaryOp{"Tan", costly, 0, each(math.Tan)}
	asinOp       = &unaryOp{"Asin", costly, 0, each(math.Asin)}
	acosOp       = &unaryOp{"Acos", costly, 0, each(math.Acos)}
	atanOp       = &unaryOp{"Atan", costly, 0, each(math.Atan)}
	sinhOp       = &unaryOp{"Sinh", costly, 0, each(elementary.Sinh)}
	coshOp       = &unaryOp{"Cosh", costly, 0, each(elementary.Cosh)}
	tanhOp       = &unaryOp{"Tanh", costly, 0, functions(vec.Tanh[float32], vec.Tanh[float64])}
	sigmoidOp    = &unaryOp{"Sigmoid", costly, 0, functions(vec.Sigmoid[float32], vec.Sigmoid[float64])}
	erfOp        = &unaryOp{"Erf", costly, 0, functions(vec.Erf[float32], vec.Erf[float64])}
	floorOp      = &unaryOp{"Floor", cheap, 0, functions(floor[float32], floor[float64])}
	ceilOp       = &unaryOp{"Ceil", cheap, 0, functions(ceil[float32], ceil[float64])}
	roundOp      = &unaryOp{"Round", cheap, 0, functions(round[float32], round[float64])}
	truncOp      = &unaryOp{"Trunc", cheap, 0, functions(trunc[float32], trunc[float64])}
	notOp        = &unaryOp{"Not", cheap, Bool, loopsByDType{Bool: unaryRow(not)}}
	isNaNOp      = &unaryOp{"IsNaN", cheap, Bool, loopsByDType{Float32: unaryRow(isNaN[float32]), Float64: unaryRow(isNaN[float64])}}
	isInfOp      = &unaryOp{"IsInf", cheap, Bool, loopsByDType{Float32: unaryRow(isInf[float32]), Float64: unaryRow(isInf[float64])}}
	isFiniteOp   = &unaryOp{"IsFinite", cheap, Bool, loopsByDType{Float32: unaryRow(isFinite[float32]), Float64: unaryRow(isFinite[float64])}}

	clampRows = loopsByDType{Float32: ternaryRow(clamp[float32]), Float64: ternaryRow(clamp[float64]), Int32: ternaryRow(clamp[int32]),
		Int64: ternaryRow(clamp[int64]), Uint8: ternaryRow(clamp[uint8]), Int8: ternaryRow(clamp[int8])}
)

func functions(f32 func(dst, x []float32), f64 func(dst, x []float64)) loopsByDType {
	return loopsByDType{Float32: unaryRow(f32), Float64: unaryRow(f64)}
}

// each makes the loops of a function of package math, beside whose cost that of the calls does not show.
func each(f func(float64) float64) loopsByDType {
	return functions(
		func(dst, x []float32) {
			for i, v := range x {
				dst[i] = float32(f(float64(v)))
			}
		},
		func(dst, x []float64) {
			for i, v := range x {
				dst[i] = f(v)
			}
		})
}

func negInt[T integer](dst, x []T) {
	for i, v := range x {
		dst[i] = -v
	}
}

func absInt[T integer](dst, x []T) {
	for i, v := range x {
		if v < 0 {
			v = -v
		}
		dst[i] = v
	}
}

func sign[T number](dst, x []T) {
	one := T(1)
	for i, v := range x {
		switch {
		case v > 0:
			v = one
		case v < 0:
			v = -one
		case v == 0:
			v = 0
		}
		dst[i] = v
	}
}

func reciprocal[T vec.Float](dst, x []T) {
	for i, v := range x {
		dst[i] = 1 / v
	}
}

func floor[T vec.Float](dst, x []T) {
	for i, v := range x {
		dst[i] = T(math.Floor(float64(v)))
	}
}

func ceil[T vec.Float](dst, x []T) {
	for i, v := range x {
		dst[i] = T(math.Ceil(float64(v)))
	}
}

func round[T vec.Float](dst, x []T) {
	for i, v := range x {
		dst[i] = T(math.RoundToEven(float64(v)))
	}
}

func trunc[T vec.Float](dst, x []T) {
	for i, v := range x {
		dst[i] = T(math.Trunc(float64(v)))
	}
}

func not(dst, x []bool) {
	for i, v := range x {
		dst[i] = !v
	}
}

func isNaN[T vec.Float](dst []bool, x []T) {
	for i, v := range x {
		dst[i] = v != v
	}
}

func isInf[T vec.Float](dst []bool, x []T) {
	for i, v := range x {
		dst[i] = math.IsInf(float64(v), 0)
	}
}

func isFinite[T vec.Float](dst []bool, x []T) {
	for i, v := range x {
		dst[i] = v-v == 0
	}
}

func clamp[T number](dst, x, lo, hi []T) {
	lo, hi = lo[:len(x)], hi[:len(x)]
	for i, v := range x {
		dst[i] = min(max(v, lo[i]), hi[i])
	}
}
