package autograd

import (
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// Gather returns, for every place of index (Int64 or Int32), the element of x at the same place but for axis, where
// the index says: y[i, j, k] = x[i, index[i, j, k], k] for axis 1. The result has index's shape, which may be shorter
// than x's along the other axes. It panics if an index is not in the axis.
func Gather(x *Var, axis int, index *tensor.Tensor) *Var {
	n := gatherOp.on(x)
	n.alongIndex(x, axis, index)
	return n.run(index.Shape()...)
}

// ScatterAdd returns x with src's elements added: each where index (Int64 or Int32), of src's shape, says along axis,
// and at its own place along the other axes: y[i, index[i, j, k], k] += src[i, j, k] for axis 1. Elements for one
// place are added in row-major order.
func ScatterAdd(x *Var, axis int, index *tensor.Tensor, src *Var) *Var {
	n := scatterAddOp.on(x, src)
	n.alongIndex(x, axis, index)
	n.sourceShape(index)
	return n.run(x.Shape()...)
}

// Scatter is ScatterAdd that puts src's elements in the place of x's. Of several for one place the last in row-major order stays;
// only it, and what of x was not replaced, gets a gradient.
func Scatter(x *Var, axis int, index *tensor.Tensor, src *Var) *Var {
	n := scatterOp.on(x, src)
	n.alongIndex(x, axis, index)
	n.sourceShape(index)
	n.save(0, tensor.Int64, x.Shape()...) // which of src's elements stands at a place, -1 for x's own
	return n.run(x.Shape()...)
}

var (
	gatherOp = &op{"Gather",
		kernels{gatherForward[float32], gatherBackward[float32]}, kernels{gatherForward[float64], gatherBackward[float64]}}
	scatterAddOp = &op{"ScatterAdd",
		kernels{scatterAddForward[float32], scatterAddBackward[float32]},
		kernels{scatterAddForward[float64], scatterAddBackward[float64]}}
	scatterOp = &op{"Scatter",
		kernels{scatterForward[float32], scatterBackward[float32]}, kernels{scatterForward[float64], scatterBackward[float64]}}
)

// alongIndex checks index against x, and sets the layout to where index's places lie in x with index 0 along axis.
func (n *node) alongIndex(x *Var, axis int, index *tensor.Tensor) {
	axis = axisOf(n.op, x, axis)
	fits := index.Rank() == x.Rank()
	for i := 0; fits && i < x.Rank(); i++ {
		fits = i == axis || index.Dim(i) <= x.Dim(i)
	}
	if !fits {
		n.op.panicf("x %v and index %v: want as many axes, none but axis %d longer than x's", x.Shape(), slices.Clone(index.Shape()), axis)
	}
	n.indices(index, x.Dim(axis))
	n.layout = dense(x.Shape())
	n.ints[0], n.ints[1] = n.layout.strides[axis], axis
	n.layout.strides[axis] = 0
	copy(n.layout.dims[:], index.Shape())
}

func (n *node) sourceShape(index *tensor.Tensor) {
	if !n.in[1].value.SameShape(index) {
		n.op.panicf("index %v and src %v: shapes must agree", slices.Clone(index.Shape()), n.in[1].Shape())
	}
}

// places calls fn for every element of the index, with where it points to in x.
func (n *node) places(fn func(i, at int)) {
	index := tensor.Data[int64](n.targets)
	if len(index) == 0 {
		return
	}
	width, step := n.layout.dims[n.layout.rank-1], n.layout.strides[n.layout.rank-1]
	w, i := n.layout.from(0), 0
	for range n.layout.rows() {
		for k := range width {
			fn(i, w.at+k*step+int(index[i])*n.ints[0])
			i++
		}
		w.next()
	}
}

func gatherForward[T vec.Float](n *node) {
	x, y := in[T](n, 0), out[T](n)
	n.places(func(i, at int) { y[i] = x[at] })
}

// Every place adds its gradient to where it was read.
func gatherBackward[T vec.Float](n *node) {
	dx, dy := acc[T](n, 0), outGrad[T](n)
	n.places(func(i, at int) { dx[at] += dy[i] })
}

func scatterAddForward[T vec.Float](n *node) {
	y, src := out[T](n), in[T](n, 1)
	copy(y, in[T](n, 0))
	n.places(func(i, at int) { y[at] += src[i] })
}

// The gradient of x is the result's own; src's is read from where its elements were added.
func scatterAddBackward[T vec.Float](n *node) {
	if n.wants(1) {
		dsrc, dy := acc[T](n, 1), outGrad[T](n)
		n.places(func(i, at int) { dsrc[i] += dy[at] })
	}
	if n.wants(0) {
		pass[T](n, 0)
	}
}

func scatterForward[T vec.Float](n *node) {
	y, src, from := out[T](n), in[T](n, 1), tensor.Data[int64](n.saved[0])
	copy(y, in[T](n, 0))
	vec.Fill(from, -1)
	n.places(func(i, at int) { y[at], from[at] = src[i], int64(i) })
}

// A place's gradient goes to the element that stands there.
func scatterBackward[T vec.Float](n *node) {
	dy, from := outGrad[T](n), tensor.Data[int64](n.saved[0])
	if n.wants(0) {
		dx := acc[T](n, 0)
		for at, i := range from {
			if i < 0 {
				dx[at] += dy[at]
			}
		}
	}
	if n.wants(1) {
		dsrc := acc[T](n, 1)
		for at, i := range from {
			if i >= 0 {
				dsrc[i] += dy[at]
			}
		}
	}
}

// scatterRule is the derivative as ops: x keeps what was not replaced, src's elements get what stands where they were
// put.
func scatterRule(n *node, i int, dy *Var) *Var {
	t, from := n.tape, tensor.Data[int64](n.saved[0])
	if i == 0 {
		replaced := t.pool.New(tensor.Bool, n.out.Shape()...)
		for at, k := range from {
			tensor.Data[bool](replaced)[at] = k >= 0
		}
		return MaskedFill(dy, replaced, 0)
	}
	lost := t.pool.New(tensor.Bool, n.in[1].Shape()...) // another element was put in the same place later
	gone := tensor.Data[bool](lost)
	n.places(func(k, at int) { gone[k] = from[at] != int64(k) })
	return MaskedFill(Gather(dy, n.ints[1], n.targets), lost, 0)
}
