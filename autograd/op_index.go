package autograd

import (
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// IndexSelect returns the indices of x along axis that index [K] (Int64 or Int32) lists, copied, in that order; an
// index may come more than once. The axis becomes K long. It panics if an index is not in the axis.
func IndexSelect(x *Var, axis int, index *tensor.Tensor) *Var {
	n := indexSelectOp.on(x)
	axis = axisOf(n.op, x, axis)
	if index.Rank() != 1 {
		n.op.panicf("index of shape %v: want one axis", slices.Clone(index.Shape()))
	}
	n.indices(index, x.Dim(axis))
	n.ints[0] = axis
	var room [maxRank]int
	shape := append(room[:0], x.Shape()...)
	shape[axis] = index.Len()
	return n.run(shape...)
}

var indexSelectOp = &op{"IndexSelect",
	kernels{indexSelectForward[float32], indexSelectBackward[float32]},
	kernels{indexSelectForward[float64], indexSelectBackward[float64]}}

// indices checks and notes indices of an axis of d.
func (n *node) indices(index *tensor.Tensor, d int) {
	index = n.integers("indices", index)
	for i, k := range tensor.Data[int64](index) {
		if k < 0 || k >= int64(d) {
			n.op.panicf("index %d at place %d, but the axis has %d", k, i, d)
		}
	}
	n.targets = index
}

func indexSelectForward[T vec.Float](n *node) {
	x, y, index := in[T](n, 0), out[T](n), tensor.Data[int64](n.targets)
	d := n.in[0].Dim(n.ints[0])
	outer, inner := alongAxis(n.out.Shape(), n.ints[0])
	for o := range outer {
		for i, k := range index {
			copy(y[(o*len(index)+i)*inner:][:inner], x[(o*d+int(k))*inner:])
		}
	}
}

// Every index selected adds its gradient to where it came from.
func indexSelectBackward[T vec.Float](n *node) {
	dx, dy, index := acc[T](n, 0), outGrad[T](n), tensor.Data[int64](n.targets)
	d := n.in[0].Dim(n.ints[0])
	outer, inner := alongAxis(n.out.Shape(), n.ints[0])
	for o := range outer {
		dy := dy[o*len(index)*inner:]
		addByIndex(&n.tape.pool, n.out.DType(), dx[o*d*inner:][:d*inner], inner, index, -1, func(row []T, i int) {
			accumulate(row, dy[i*inner:][:inner])
		})
	}
}

// Take returns the elements of x, seen as one row, that index (Int64 or Int32) lists, in index's shape. It panics if
// an index is not in it.
func Take(x *Var, index *tensor.Tensor) *Var {
	t := x.Tape()
	flat := t.pool.Reshape(t.contiguous(index), index.Len())
	return Reshape(IndexSelect(Reshape(x, x.Len()), 0, flat), index.Shape()...)
}

// indexSelectRule is the derivative as ops.
func indexSelectRule(n *node, _ int, dy *Var) *Var {
	x := n.in[0]
	return IndexAdd(n.tape.zeros(x.DType(), x.Shape()...), n.ints[0], n.targets, dy)
}
