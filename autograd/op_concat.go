package autograd

import (
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Concat returns the operands one behind the other along axis, copied. All other axes must agree.
func Concat(axis int, x ...*Var) *Var {
	if len(x) == 0 {
		concatOp.panicf("no operands")
	}
	n := concatOp.on(x...)
	axis = axisOf(n.op, x[0], axis)
	var room [maxRank]int
	shape := append(room[:0], x[0].Shape()...)
	for i, v := range x[1:] {
		if v.Rank() != len(shape) || !slices.Equal(v.Shape()[:axis], shape[:axis]) || !slices.Equal(v.Shape()[axis+1:], shape[axis+1:]) {
			n.op.panicf("operand 0 %v and operand %d %v: axes other than %d must agree", x[0].Shape(), i+1, v.Shape(), axis)
		}
		shape[axis] += v.Dim(axis)
	}
	n.ints[0] = axis
	return n.run(shape...)
}

// Stack returns the operands, all of one shape, side by side along a new axis before axis i of theirs; −1 makes it the last.
func Stack(i int, x ...*Var) *Var {
	if len(x) == 0 {
		concatOp.panicf("no operands")
	}
	for k, v := range x[1:] {
		if !v.Value().SameShape(x[0].Value()) {
			concatOp.panicf("operand 0 %v and operand %d %v: shapes to stack must agree", x[0].Shape(), k+1, v.Shape())
		}
	}
	wide := make([]*Var, len(x))
	for k, v := range x {
		wide[k] = Unsqueeze(v, i)
	}
	return Concat(i, wide...)
}

// Split cuts x along axis into parts of the given sizes, copied, which must add up to the axis's length.
func Split(x *Var, axis int, sizes ...int) []*Var {
	axis = axisOf(sliceOp, x, axis)
	total := 0
	for _, s := range sizes {
		total += s
	}
	if total != x.Dim(axis) {
		sliceOp.panicf("sizes %v do not add up to axis %d of shape %v", slices.Clone(sizes), axis, x.Shape())
	}
	parts, lo := make([]*Var, len(sizes)), 0
	for i, s := range sizes {
		parts[i] = Slice(x, axis, lo, lo+s)
		lo += s
	}
	return parts
}

// Chunk cuts x along axis into so many parts of one length, copied; the last may be shorter, and there may be fewer.
func Chunk(x *Var, axis, parts int) []*Var {
	d := x.Dim(axisOf(sliceOp, x, axis))
	if parts < 1 {
		sliceOp.panicf("%d parts, want > 0", parts)
	}
	size := max(1, (d+parts-1)/parts)
	var cut []*Var
	for lo := 0; lo < d || lo == 0; lo += size {
		cut = append(cut, Slice(x, axis, lo, min(lo+size, d)))
	}
	return cut
}

var concatOp = &op{"Concat",
	kernels{concatForward[float32], concatBackward[float32]}, kernels{concatForward[float64], concatBackward[float64]}}

// alongAxis returns how many elements of a shape lie before an axis, and how many from one index of it to the next.
func alongAxis(shape []int, axis int) (outer, inner int) {
	outer, inner = 1, 1
	for i, d := range shape {
		if i < axis {
			outer *= d
		} else if i > axis {
			inner *= d
		}
	}
	return outer, inner
}

func concatForward[T vec.Float](n *node) {
	axis := n.ints[0]
	outer, inner := alongAxis(n.out.Shape(), axis)
	y, row, at := out[T](n), n.out.Dim(axis)*inner, 0
	for i, v := range n.in {
		x, part := in[T](n, i), v.Dim(axis)*inner
		for o := range outer {
			copy(y[o*row+at:][:part], x[o*part:])
		}
		at += part
	}
}

// Every operand gets its part of the result's gradient.
func concatBackward[T vec.Float](n *node) {
	axis := n.ints[0]
	outer, inner := alongAxis(n.out.Shape(), axis)
	dy, row, at := outGrad[T](n), n.out.Dim(axis)*inner, 0
	for i, v := range n.in {
		part := v.Dim(axis) * inner
		if n.wants(i) {
			dx, beta := sink[T](n, i)
			for o := range outer {
				if beta == 0 {
					copy(dx[o*part:][:part], dy[o*row+at:])
				} else {
					vec.AddTo(dx[o*part:][:part], dy[o*row+at:][:part])
				}
			}
		}
		at += part
	}
}
