package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/elementary"
)

// Pow returns x to the power p, element by element. For a p that is not whole x must not be negative, or the result is NaN. Square,
// Sqrt, Rsqrt and Reciprocal are faster.
func Pow(x *Var, p float64) *Var {
	n := powOp.on(x)
	n.factor = p
	return n.run(x.Shape()...)
}

// PowVar returns a to the power b, element by element, for a ≥ 0. Shapes broadcast as in Add.
func PowVar(a, b *Var) *Var { return powVarOp.broadcast(a, b) }

var (
	powOp    = unaryOp("Pow", powLoop[float32], powLoop[float64], powGrad[float32], powGrad[float64])
	powVarOp = &op{"PowVar",
		kernels{powVarForward[float32], powVarBackward[float32]}, kernels{powVarForward[float64], powVarBackward[float64]}}
)

func powLoop[T vec.Float](n *node, lo, hi int) {
	y, x := elements[T](n, lo, hi)
	for i, v := range x {
		y[i] = T(elementary.Pow(float64(v), n.factor))
	}
}

// The derivative is p·xᵖ⁻¹, and zero for p = 0.
func powGrad[T vec.Float](n *node, lo, hi int) {
	dx, dy, x, _ := slopes[T](n, lo, hi)
	if n.factor == 0 {
		clear(dx)
		return
	}
	for i, v := range x {
		dx[i] = dy[i] * (T(n.factor) * T(elementary.Pow(float64(v), n.factor-1)))
	}
}

func pow[T vec.Float](dst, a, b []T) {
	for i := range dst {
		dst[i] = T(elementary.Pow(float64(a[i]), float64(b[i])))
	}
}

func powVarForward[T vec.Float](n *node) { rowwiseForward(n, pow[T]) }

// The derivative with respect to a is b·aᵇ⁻¹, zero where b is; with respect to b it is aᵇ·log a, which is zero where a
// is and b is not negative.
func powVarBackward[T vec.Float](n *node) {
	rowwiseBackward(n, 1, func(dst, a, b []T) {
		for i := range dst {
			x, p := float64(a[i]), float64(b[i])
			dst[i] = 0
			if !(x == 0 && p >= 0) {
				dst[i] = T(elementary.Pow(x, p)) * T(elementary.Log(x))
			}
		}
	})
	rowwiseBackward(n, 0, func(dst, a, b []T) {
		for i := range dst {
			x, p := float64(a[i]), float64(b[i])
			dst[i] = 0
			if p != 0 {
				dst[i] = b[i] * T(elementary.Pow(x, p-1))
			}
		}
	})
}

// powVarRule fills in numbers with which the formulas hold where a product would be zero times infinity: the exponent 0
// where b is zero, the logarithm of 1 where a is.
func powVarRule(n *node, i int, dy *Var) *Var {
	a, b, shape := n.in[0], n.in[1], n.out.Shape()
	fullA, fullB := Expand(Detach(a), shape...).value, Expand(Detach(b), shape...).value
	if i == 0 {
		power := PowVar(a, AddScalar(b, -1))
		if mask := n.tape.maskWhere(shape, func(k int) bool {
			return floatAt(fullB, k) == 0 && !finite(floatAt(power.value, k))
		}); mask != nil {
			power = PowVar(a, MaskedFill(Expand(AddScalar(b, -1), shape...), mask, 0))
		}
		return sumLike(Mul(dy, Mul(b, power)), a)
	}
	base := a
	if mask := n.tape.maskWhere(shape, func(k int) bool {
		return floatAt(fullA, k) == 0 && floatAt(fullB, k) >= 0
	}); mask != nil {
		base = MaskedFill(Expand(a, shape...), mask, 1)
	}
	return sumLike(Mul(dy, Mul(n.out, Log(base))), b)
}

func finite(x float64) bool { return x-x == 0 }
