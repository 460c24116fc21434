package autograd

import (
	"math"
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/elementary"
	"github.com/tutti-ml/tutti/tensor"
)

// Norm returns the p-norm (Σ |x|ᵖ)^(1/p) over the axes named, which the result lacks, or of all elements:
//
//	p = 2        the Euclidean norm
//	p = ∞, −∞    the largest |x|, the smallest |x|
//	p = 0        how many elements are not zero (a NaN is not)
//	p < 0        0 if an element is zero
//
// The norm of no elements is 0 for a finite p ≥ 0. It panics for other p if there is no element, and if p is NaN.
//
// The gradient is sign(x)·(|x|/norm)ᵖ⁻¹. It is zero for p = 0, where the norm is zero, and for p < 1 where x is zero.
// For p = ±∞ it is shared evenly by the elements that have the norm. Sums are accumulated in float64 but for p = 2.
// Cost: for p other than 0, 1, 2 and ±∞ a power for each element. PyTorch's linalg.vector_norm.
func Norm(x *Var, p float64, axes ...int) *Var {
	if p != p {
		normOp.panicf("p = %v, want a number, 0 or ±∞", p)
	}
	var room [maxRank]int
	rows, shape := rowsOf(normOp, room[:0], x, axes)
	if rows.Dim(1) == 0 && (p < 0 || math.IsInf(p, 1)) {
		normOp.panicf("axes %v of shape %v have no element, and no element has no %v-norm", slices.Clone(axes), x.Shape(), p)
	}
	n := normOp.on(rows)
	n.ints[0], n.ints[1], n.factor = rows.Dim(0), rows.Dim(1), p
	return n.run(shape...)
}

var normOp = &op{"Norm",
	kernels{normForward[float32], normBackward[float32]}, kernels{normForward[float64], normBackward[float64]}}

func normForward[T vec.Float](n *node) {
	x, y, cols := in[T](n, 0), out[T](n), n.ints[1]
	for i := range y {
		y[i] = normOf(row(x, i, cols), n.factor)
	}
}

// normOf returns the p-norm of a row, scaled so that no power leaves the range of float64.
func normOf[T vec.Float](x []T, p float64) T {
	if len(x) == 0 {
		return 0
	}
	if p == 0 {
		nonzero := 0
		for _, v := range x {
			if v != 0 {
				nonzero++
			}
		}
		return T(nonzero)
	}
	extreme := max(x[0], -x[0]) // the largest |x|, or for p < 0 the smallest: the norm is of its size
	for _, v := range x[1:] {
		if p > 0 {
			extreme = max(extreme, v, -v)
		} else {
			extreme = min(extreme, max(v, -v))
		}
	}
	switch {
	case math.IsInf(p, 0), extreme == 0, extreme != extreme, math.IsInf(float64(extreme), 1):
		return extreme
	case p == 2 && extreme > 1e-15 && extreme < 1e15: // no square leaves the range of float32
		return T(math.Sqrt(float64(vec.SumSq(x))))
	}
	sum := 0.0
	for _, v := range x {
		ratio := math.Abs(float64(v) / float64(extreme))
		switch p {
		case 1:
			sum += ratio
		case 2:
			sum += ratio * ratio
		default:
			sum += elementary.Pow(ratio, p)
		}
	}
	return T(float64(extreme) * elementary.Pow(sum, 1/p))
}

// The derivative is sign(x)·(|x|/y)ᵖ⁻¹, with y the norm.
func normBackward[T vec.Float](n *node) {
	x, y, dx, dy, cols := in[T](n, 0), out[T](n), begin[T](n, 0), outGrad[T](n), n.ints[1]
	for i, g := range dy {
		normSlopes(row(dx, i, cols), row(x, i, cols), y[i], n.factor)
		vec.Scale(row(dx, i, cols), g, row(dx, i, cols))
	}
	end[T](n, 0)
}

// normSlopes stores in dx the derivative of the p-norm y of a row x.
func normSlopes[T vec.Float](dx, x []T, y T, p float64) {
	switch {
	case p == 0 || y == 0:
		clear(dx)
	case math.IsInf(p, 0):
		normShares(dx, x, y)
	case p == 1:
		signsOf(dx, x)
	case p == 2 && y > 1e-30 && y < 1e30: // 1/y is neither infinite nor denormal
		vec.Scale(dx, 1/y, x)
	case p == 2:
		for k, v := range x {
			dx[k] = v / y
		}
	default:
		for k, v := range x {
			if v == 0 && p < 1 { // zero, unless the norm is not finite
				dx[k] = 0 * y
				continue
			}
			dx[k] = sign(v) * T(elementary.Pow(math.Abs(float64(v/y)), p-1))
		}
	}
}

// normShares stores the derivative for p = ±∞: that of |x| where it is the norm y, shared evenly.
func normShares[T vec.Float](dx, x []T, y T) {
	count := 0
	has := func(v T) bool { return v == y || v == -y || v != v && y != y }
	for _, v := range x {
		if has(v) {
			count++
		}
	}
	for k, v := range x {
		dx[k] = 0
		if has(v) {
			dx[k] = sign(v) / T(count)
		}
	}
}

// normRule is the derivative as ops. Where p is 0, 1 or ±∞ the slopes are constants, and so they are where the
// gradient is zero by the doc of Norm.
func normRule(n *node, _ int, dy *Var) *Var {
	x, y, p, t := n.in[0], n.out, n.factor, n.tape
	rows, cols := n.ints[0], n.ints[1]
	if p == 0 || p == 1 || math.IsInf(p, 0) {
		slopes := t.pool.New(x.DType(), rows, cols)
		for i := range rows {
			if x.DType() == tensor.Float32 {
				normSlopes(row(tensor.Data[float32](slopes), i, cols), row(in[float32](n, 0), i, cols), out[float32](n)[i], p)
			} else {
				normSlopes(row(tensor.Data[float64](slopes), i, cols), row(in[float64](n, 0), i, cols), out[float64](n)[i], p)
			}
		}
		return Mul(t.newVar(slopes), column(dy))
	}
	none, dead := t.pool.New(tensor.Bool, rows, 1), t.pool.New(tensor.Bool, rows, cols)
	if x.DType() == tensor.Float32 {
		normDead(tensor.Data[bool](none), tensor.Data[bool](dead), in[float32](n, 0), out[float32](n), p)
	} else {
		normDead(tensor.Data[bool](none), tensor.Data[bool](dead), in[float64](n, 0), out[float64](n), p)
	}
	norms := MaskedFill(column(y), none, 1)
	if p == 2 {
		return Mul(MaskedFill(Div(x, norms), none, 0), column(dy))
	}
	power := Pow(Div(Abs(MaskedFill(x, dead, 1)), norms), p-1)
	return Mul(MaskedFill(Mul(power, signs(x)), dead, 0), column(dy))
}

// normDead sets where the norm is zero, and where the slope is zero whatever the other elements are: where the norm
// is, and under a finite one at an element that is zero, or for p < 0 infinite.
func normDead[T vec.Float](none, dead []bool, x, y []T, p float64) {
	for i, v := range y {
		none[i] = v == 0
		finite := v-v == 0
		cols := len(dead) / len(y)
		d := row(dead, i, cols)
		for k, u := range row(x, i, cols) {
			d[k] = v == 0 || finite && (u == 0 || p < 0 && math.IsInf(float64(u), 0))
		}
	}
}
