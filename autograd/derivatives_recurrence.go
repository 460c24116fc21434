package autograd

// The linear recurrence that derivatives of running products are made of.

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// delayed returns x moved on by one along an axis, with first in front: element i is x's element i−1.
func delayed(x *Var, axis int, first float64) *Var {
	if x.Len() == 0 {
		return x
	}
	var room [maxRank]int
	shape := append(room[:0], x.Shape()...)
	shape[axis] = 1
	front := x.tape.pool.New(x.DType(), shape...)
	front.Fill(first)
	return Concat(axis, x.tape.newVar(front), Slice(x, axis, 0, x.Dim(axis)-1))
}

// recurrenceOp is a linear recurrence along an axis, s_i = b_i + a_i·s_{i−1}, or from the end: s_i = b_i +
// a_{i+1}·s_{i+1}. With the same a, one is the other's derivative. It is no op of the user's.
var recurrenceOp = &op{"LinearRecurrence",
	kernels{recurrenceForward[float32], recurrenceBackward[float32]},
	kernels{recurrenceForward[float64], recurrenceBackward[float64]}}

func linearRecurrence(b, a *Var, axis int, fromEnd bool) *Var {
	n := recurrenceOp.on(b, a)
	n.ints[0] = axis
	if fromEnd {
		n.ints[1] = 1
	}
	return n.run(b.Shape()...)
}

// recur stores the recurrence of b and a in s, accumulated in float64.
func recur[T vec.Float](s, b, a []T, shape []int, axis int, fromEnd bool) {
	d := shape[axis]
	laneBlocks(shape, axis, func(lo, step, width int) {
		var sum [laneBlock]float64
		for i := range d {
			at, by := lo+i*step, lo+i*step // of the element, and of the factor between it and the one before
			if fromEnd {
				at, by = lo+(d-1-i)*step, lo+(d-i)*step
			}
			for k, v := range b[at : at+width] {
				if i == 0 {
					sum[k] = float64(v)
				} else {
					sum[k] = float64(v) + float64(float64(a[by+k])*sum[k])
				}
				s[at+k] = T(sum[k])
			}
		}
	})
}

func recurrenceForward[T vec.Float](n *node) {
	recur(out[T](n), in[T](n, 0), in[T](n, 1), n.out.Shape(), n.ints[0], n.ints[1] == 1)
}

// With K the recurrence of the result's gradient the other way, the gradient of b is K, and that of a the product of
// K and s, of which what comes first in the recurrence's direction is taken one element earlier.
func recurrenceBackward[T vec.Float](n *node) {
	shape, axis, fromEnd := n.out.Shape(), n.ints[0], n.ints[1] == 1
	other := n.tape.pool.New(n.out.DType(), shape...)
	k := tensor.Data[T](other)
	recur(k, outGrad[T](n), in[T](n, 1), shape, axis, !fromEnd)
	if n.wants(1) {
		da, s := acc[T](n, 1), out[T](n)
		early, late := s, k
		if fromEnd {
			early, late = k, s
		}
		laneBlocks(shape, axis, func(lo, step, width int) {
			for i := 1; i < shape[axis]; i++ {
				for j := lo + i*step; j < lo+i*step+width; j++ {
					da[j] += T(early[j-step] * late[j])
				}
			}
		})
	}
	if n.wants(0) {
		g, beta := sink[T](n, 0)
		if beta == 0 {
			copy(g, k)
		} else {
			vec.Add(g, g, k)
		}
	}
	n.tape.pool.Put(other)
}

// recurrenceRule is the derivative as ops.
func recurrenceRule(n *node, i int, dy *Var) *Var {
	axis, fromEnd := n.ints[0], n.ints[1] == 1
	k := linearRecurrence(dy, n.in[1], axis, !fromEnd)
	switch {
	case i == 0:
		return k
	case fromEnd:
		return Mul(delayed(k, axis, 0), n.out)
	}
	return Mul(k, delayed(n.out, axis, 0))
}
