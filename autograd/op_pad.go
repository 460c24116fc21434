package autograd

import (
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// Pad returns x with so many elements of the given value put before and after each of its last axes, copied: amounts are a pair
// (before, after) for the last axis, then one for the axis before it, and so on, as in PyTorch's pad. Negative amounts cut off.
func Pad(x *Var, value float64, amounts ...int) *Var {
	n := padOp.on(x)
	padPairs(n.op, x, amounts)
	var room [maxRank]int
	shape := append(room[:0], x.Shape()...)
	from := dense(x.Shape())
	for i := 0; i < len(amounts); i += 2 {
		a := x.Rank() - 1 - i/2
		before, after := amounts[i], amounts[i+1]
		if shape[a] += before + after; shape[a] < 0 {
			n.op.panicf("amounts %v leave less than nothing of axis %d of shape %v", slices.Clone(amounts), a, x.Shape())
		}
		from.dims[a] = max(0, from.dims[a]+min(before, 0)+min(after, 0)) // what stays of x
		from.offset += max(-before, 0) * from.strides[a]
	}
	stride := 1
	for a := len(shape) - 1; a >= 0; a-- {
		if i := 2 * (len(shape) - 1 - a); i < len(amounts) {
			n.ints[0] += max(amounts[i], 0) * stride // where it begins in the result
		}
		stride *= shape[a]
	}
	n.factor, n.layout = value, from
	return n.run(shape...)
}

// PadReflect is Pad with what lies on the other side of x's edge, the edge itself left out: … 2 1 | 0 1 2 3 | 2 1 …. Amounts must
// be less than the axis is long, and not negative.
func PadReflect(x *Var, amounts ...int) *Var {
	return padFrom("PadReflect", x, amounts, func(i, d int) int {
		if i < 0 {
			i = -i
		}
		if i >= d {
			i = 2*(d-1) - i
		}
		if i < 0 || i >= d {
			padOp.panicf("amounts %v of shape %v: a reflection must be shorter than its axis", slices.Clone(amounts), x.Shape())
		}
		return i
	})
}

// PadReplicate is Pad with x's outermost elements repeated: … 0 0 | 0 1 2 3 | 3 3 …. Amounts must not be negative.
func PadReplicate(x *Var, amounts ...int) *Var {
	return padFrom("PadReplicate", x, amounts, func(i, d int) int { return min(max(i, 0), d-1) })
}

// PadCircular is Pad with x begun again: … 2 3 | 0 1 2 3 | 0 1 …. Amounts must not be negative.
func PadCircular(x *Var, amounts ...int) *Var {
	return padFrom("PadCircular", x, amounts, func(i, d int) int { return (i%d + d) % d })
}

// padFrom pads an axis at a time with elements of x: index i from x's first stands for index source(i, d) of the d there are.
func padFrom(name string, x *Var, amounts []int, source func(i, d int) int) *Var {
	padPairs(padOp, x, amounts)
	for k := 0; k < len(amounts); k += 2 {
		axis := x.Rank() - 1 - k/2
		before, after, d := amounts[k], amounts[k+1], x.Dim(axis)
		if before < 0 || after < 0 || d == 0 {
			padOp.panicf("%s: amounts %v of shape %v: want >= 0, and elements to take", name, slices.Clone(amounts), x.Shape())
		}
		if before+after == 0 {
			continue
		}
		index := x.tape.pool.New(tensor.Int64, before+d+after)
		for i := range tensor.Data[int64](index) {
			tensor.Data[int64](index)[i] = int64(source(i-before, d))
		}
		x = IndexSelect(x, axis, index)
	}
	return x
}

func padPairs(o *op, x *Var, amounts []int) {
	if len(amounts)%2 != 0 || len(amounts) > 2*x.Rank() {
		o.panicf("amounts %v for shape %v: want a pair for each of its last axes", slices.Clone(amounts), x.Shape())
	}
}

var padOp = &op{"Pad", kernels{padForward[float32], padBackward[float32]}, kernels{padForward[float64], padBackward[float64]}}

func padForward[T vec.Float](n *node) {
	y := out[T](n)
	vec.Fill(y, T(n.factor))
	overlay(y, n, in[T](n, 0), func(y, x []T) { copy(y, x) })
}

// What stays of x gets its part of the result's gradient.
func padBackward[T vec.Float](n *node) {
	overlay(outGrad[T](n), n, acc[T](n, 0), func(dy, dx []T) { vec.AddTo(dx, dy) })
}

// overlay calls fn for every row of what stays of x, where it lies in the result y and where in x.
func overlay[T vec.Float](y []T, n *node, x []T, fn func(y, x []T)) {
	from, to := n.layout, dense(n.out.Shape())
	if from.rank == 0 {
		fn(y, x)
		return
	}
	to.dims, to.offset = from.dims, n.ints[0]
	if from.len() == 0 {
		return
	}
	width := from.dims[from.rank-1]
	a, b := to.from(0), from.from(0)
	for range from.rows() {
		fn(y[a.at:][:width], x[b.at:][:width])
		a.next()
		b.next()
	}
}
