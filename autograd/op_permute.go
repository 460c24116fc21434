package autograd

import "slices"

// Permute returns x with its axes in another order, copied into row-major order: axis k of the result is x's axis order[k].
// Negative axes count from the last. It panics unless order names every axis once.
func Permute(x *Var, order ...int) *Var {
	n := permuteOp.on(x)
	if len(order) != x.Rank() {
		n.op.panicf("order %v of shape %v, which has %d axes", slices.Clone(order), x.Shape(), x.Rank())
	}
	from := dense(x.Shape())
	var room [maxRank]int
	shape, seen := room[:0], 0
	for _, a := range order {
		a = axisOf(n.op, x, a)
		if seen&(1<<a) != 0 {
			n.op.panicf("order %v names axis %d twice", slices.Clone(order), a)
		}
		seen |= 1 << a
		n.layout.axis(from.dims[a], from.strides[a])
		shape = append(shape, from.dims[a])
	}
	return n.moved(shape...)
}

// Transpose returns x with axes i and j exchanged, copied into row-major order. For the transpose of a matrix in a product,
// MatMulNT and MatMulTN do without the copy.
func Transpose(x *Var, i, j int) *Var {
	n := transposeOp.on(x)
	i, j = axisOf(n.op, x, i), axisOf(n.op, x, j)
	l := dense(x.Shape())
	l.dims[i], l.dims[j] = l.dims[j], l.dims[i]
	l.strides[i], l.strides[j] = l.strides[j], l.strides[i]
	var room [maxRank]int
	n.layout = l
	return n.moved(append(room[:0], l.dims[:l.rank]...)...)
}

var permuteOp, transposeOp = mover("Permute"), mover("Transpose")

// axisOf returns axis a of x, which may count from the last, from 0; it panics if there is none.
func axisOf(o *op, x *Var, a int) int {
	if a < -x.Rank() || a >= x.Rank() {
		o.panicf("axis %d of shape %v, which has %d axes", a, x.Shape(), x.Rank())
	}
	if a < 0 {
		a += x.Rank()
	}
	return a
}
