package autograd

import (
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// IndexAdd returns x with the slices of src along axis added at the indices that index [K] (Int64 or Int32) lists:
// y[index[k], …] += src[k, …] for axis 0. It is the adjoint of IndexSelect.
//
//	x [..., D, ...]   src [..., K, ...]   result as x
//
// Slices for one place are added in the order of index, many pairwise. Cost: a pass over x and one over src. It panics if an index
// is not in the axis or shapes disagree. PyTorch's index_add.
func IndexAdd(x *Var, axis int, index *tensor.Tensor, src *Var) *Var {
	n := indexAddOp.on(x, src)
	axis = axisOf(n.op, x, axis)
	fits := index.Rank() == 1 && src.Rank() == x.Rank() && src.Dim(axis) == index.Len()
	for i := 0; fits && i < x.Rank(); i++ {
		fits = i == axis || src.Dim(i) == x.Dim(i)
	}
	if !fits {
		n.op.panicf("x %v, index %v and src %v along axis %d: want src as x, but as long as the index along it",
			x.Shape(), slices.Clone(index.Shape()), src.Shape(), axis)
	}
	n.indices(index, x.Dim(axis))
	n.ints[0] = axis
	return n.run(x.Shape()...)
}

var indexAddOp = &op{"IndexAdd",
	kernels{indexAddForward[float32], indexAddBackward[float32]},
	kernels{indexAddForward[float64], indexAddBackward[float64]}}

func indexAddForward[T vec.Float](n *node) {
	y, src, index := out[T](n), in[T](n, 1), tensor.Data[int64](n.targets)
	copy(y, in[T](n, 0))
	d := n.out.Dim(n.ints[0])
	outer, inner := alongAxis(n.out.Shape(), n.ints[0])
	for o := range outer {
		src := src[o*len(index)*inner:]
		addByIndex(&n.tape.pool, n.out.DType(), y[o*d*inner:][:d*inner], inner, index, -1, func(row []T, i int) {
			accumulate(row, src[i*inner:][:inner])
		})
	}
}

// The gradient of x is the result's own; src's is read from where its slices were added.
func indexAddBackward[T vec.Float](n *node) {
	if n.wants(1) {
		dsrc, dy, index := acc[T](n, 1), outGrad[T](n), tensor.Data[int64](n.targets)
		d := n.out.Dim(n.ints[0])
		outer, inner := alongAxis(n.out.Shape(), n.ints[0])
		for o := range outer {
			for i, k := range index {
				accumulate(dsrc[(o*len(index)+i)*inner:][:inner], dy[(o*d+int(k))*inner:][:inner])
			}
		}
	}
	if n.wants(0) {
		pass[T](n, 0)
	}
}

// indexAddRule is the derivative as ops.
func indexAddRule(n *node, i int, dy *Var) *Var {
	if i == 0 {
		return dy
	}
	return IndexSelect(dy, n.ints[0], n.targets)
}

// addedAt returns zeros of the given shape with src's slices along the first axis added at the indices.
func addedAt(index *tensor.Tensor, src *Var, shape ...int) *Var {
	return IndexAdd(src.tape.zeros(src.DType(), shape...), 0, index, src)
}
