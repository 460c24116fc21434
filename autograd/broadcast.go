package autograd

import (
	"fmt"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// rows walks the elements of a shape in row-major order, together with one or two contiguous operands that broadcast to it,
// in rows as long as possible: neighbouring axes along which every operand moves alike are walked as one. Within a row of n
// elements an operand either moves along (step 1) or stays on one element (step 0), so that a row is one call to package vec.
//
//	for r := broadcastRows(shape, aShape, bShape); r.next(); {
//		// elements r.at … r.at+r.n of the shape, from r.a and r.b on in the operands
//	}
type rows struct {
	n            int // elements in a row
	at, a, b     int // where this row begins, in the shape and in the operands
	aStep, bStep int // 0 or 1

	rank           int // of the axes outside the row, first axis first
	dim, aBy, bBy  [maxRank]int
	index          [maxRank]int
	started, empty bool
}

// maxRank is the number of axes that broadcasting handles.
const maxRank = 8

// broadcastRows returns the walk over shape with operands of shapes a and b, which must broadcast to it.
func broadcastRows(shape, a, b []int) rows {
	if len(shape) > maxRank {
		panic(fmt.Sprintf("autograd: broadcasting of %d axes, more than %d", len(shape), maxRank))
	}
	r := rows{n: 1, aStep: 1, bStep: 1}
	aBy, bBy := 1, 1 // the operands' own strides
	outer := 0       // axes outside the row so far, last axis first
	for i := range shape {
		d := fromLast(shape, i)
		aStep, bStep := 0, 0
		if fromLast(a, i) != 1 {
			aStep = aBy
		}
		if fromLast(b, i) != 1 {
			bStep = bBy
		}
		aBy, bBy = aBy*fromLast(a, i), bBy*fromLast(b, i)
		switch {
		case d == 0:
			r.empty = true
		case d == 1:
		case r.n == 1: // the first axis that moves
			r.n, r.aStep, r.bStep = d, aStep, bStep
		case outer == 0 && aStep == r.aStep*r.n && bStep == r.bStep*r.n:
			r.n *= d
		case outer > 0 && aStep == r.aBy[outer-1]*r.dim[outer-1] && bStep == r.bBy[outer-1]*r.dim[outer-1]:
			r.dim[outer-1] *= d
		default:
			r.dim[outer], r.aBy[outer], r.bBy[outer] = d, aStep, bStep
			outer++
		}
	}
	r.rank = outer
	return r
}

// next moves to the next row and reports whether there is one.
func (r *rows) next() bool {
	if !r.started {
		r.started = true
		return !r.empty
	}
	r.at += r.n
	for i := range r.rank {
		r.index[i]++
		r.a, r.b = r.a+r.aBy[i], r.b+r.bBy[i]
		if r.index[i] < r.dim[i] {
			return true
		}
		r.index[i] = 0
		r.a, r.b = r.a-r.dim[i]*r.aBy[i], r.b-r.dim[i]*r.bBy[i]
	}
	return false
}

// sumInto adds factor·src, summed over the axes along which shape is broadcast to src's, to the gradient of operand i,
// whose elements have that shape: the gradient of broadcasting. The order of the sum is tensor.Sum's.
func sumInto[T vec.Float](n *node, i int, shape []int, factor T, src *tensor.Tensor) {
	g, beta := sink[T](n, i)
	pool := &n.tape.pool
	if beta == 0 {
		sumTo(pool, n.in[i].grad, shape, src)
		if factor != 1 {
			vec.Scale(g, factor, g)
		}
		return
	}
	sums := pool.New(src.DType(), shape...)
	sumTo(pool, sums, shape, src)
	vec.Axpy(g, factor, tensor.Data[T](sums))
	pool.Put(sums)
}

// sumTo stores src, summed over the axes along which shape is broadcast to src's, in dst, which has as many elements as
// shape.
func sumTo(pool *tensor.Pool, dst *tensor.Tensor, shape []int, src *tensor.Tensor) {
	var axesRoom, keptRoom [maxRank]int
	axes, kept := axesRoom[:0], keptRoom[:0]
	for i, d := range src.Shape() {
		if d != 1 && fromLast(shape, src.Rank()-1-i) == 1 {
			axes, kept = append(axes, i), append(kept, 1)
		} else {
			kept = append(kept, d)
		}
	}
	dst = pool.Reshape(dst, kept...)
	if len(axes) == 0 { // which would mean all
		dst.CopyFrom(src)
		return
	}
	tensor.SumTo(dst, src, axes...)
}

// spread stores factor·src, broadcast from srcShape to shape, in dst.
func spread[T vec.Float](dst []T, shape []int, factor T, src []T, srcShape []int) {
	for r := broadcastRows(shape, srcShape, srcShape); r.next(); {
		row := dst[r.at : r.at+r.n]
		if r.aStep == 1 {
			vec.Scale(row, factor, src[r.a:r.a+r.n])
		} else {
			vec.Fill(row, factor*src[r.a])
		}
	}
}

// broadcast starts a binary op whose operands broadcast, and runs it.
func (o *op) broadcast(a, b *Var) *Var {
	n := o.on(a, b)
	if a.value.SameShape(b.value) {
		return n.run(a.Shape()...)
	}
	var room [maxRank]int
	return n.run(tensor.MustBroadcast("autograd", o.name, room[:0], a.Shape(), b.Shape())...)
}

// fromLast returns the length of the axis i from the last, 1 where there is none.
func fromLast(shape []int, i int) int {
	if i >= len(shape) {
		return 1
	}
	return shape[len(shape)-1-i]
}

// sumBack sends factor times the result's gradient to operand i, summed over the axes along which it was broadcast. Call it
// for operand 0 last: it hands the gradient's memory on where it can.
func sumBack[T vec.Float](n *node, i int, factor T) {
	switch x := n.in[i]; {
	case !x.needs:
	case !x.value.SameShape(n.out.value):
		sumInto(n, i, x.Shape(), factor, outGradTensor(n))
	case factor == 1 && i == 0:
		pass[T](n, i)
	default:
		if g, beta := sink[T](n, i); beta == 0 {
			vec.Scale(g, factor, outGrad[T](n))
		} else {
			vec.Axpy(g, factor, outGrad[T](n))
		}
	}
}
