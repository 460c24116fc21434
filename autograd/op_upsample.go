package autograd

import (
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/conv"
	"github.com/tutti-ml/tutti/tensor"
)

// UpsampleNearest returns x with its last axes, as many as size has, stretched or shrunk to the lengths in size: element i of an axis
// comes from ⌊i·D/size⌋. Semantics: PyTorch's interpolate with mode "nearest".
//
//	x [N, C, H, W]   size h, w   result [N, C, h, w]
func UpsampleNearest(x *Var, size ...int) *Var {
	checkSizes("UpsampleNearest", x, size)
	for i, out := range size {
		axis := x.Rank() - len(size) + i
		d := x.Dim(axis)
		if out == d {
			continue
		}
		index := x.tape.pool.New(tensor.Int64, out)
		for k := range out {
			tensor.Data[int64](index)[k] = int64(k * d / out)
		}
		x = IndexSelect(x, axis, index)
	}
	return x
}

// UpsampleLinear returns x with its last axes, as many as size has, stretched or shrunk to the lengths in size by linear
// interpolation along each: bilinear for two, trilinear for three. With alignCorners first and last elements keep their places;
// without, elements are pieces of the axis. Semantics: PyTorch's interpolate with modes "linear", "bilinear" and "trilinear".
//
//	x [N, C, H, W]   size h, w   result [N, C, h, w]
func UpsampleLinear(x *Var, alignCorners bool, size ...int) *Var {
	checkSizes("UpsampleLinear", x, size)
	for i, out := range size {
		axis := x.Rank() - len(size) + i
		if out == x.Dim(axis) {
			continue
		}
		n := upsampleOp.on(x)
		n.ints[0] = axis
		if alignCorners {
			n.ints[1] = 1
		}
		var room [maxRank]int
		shape := append(room[:0], x.Shape()...)
		shape[axis] = out
		x = n.run(shape...)
	}
	return x
}

func checkSizes(name string, x *Var, size []int) {
	if len(size) == 0 || len(size) > x.Rank() || slices.Min(size) < 1 {
		panic(fmt.Sprintf("autograd: %s: sizes %v for the last axes of shape %v: want as many at most, and > 0",
			name, slices.Clone(size), x.Shape()))
	}
}

var upsampleOp = &op{"UpsampleLinear",
	kernels{upsampleForward[float32], upsampleBackward[float32]}, kernels{upsampleForward[float64], upsampleBackward[float64]}}

func upsampleForward[T vec.Float](n *node) {
	axis := n.ints[0]
	outer, inner := alongAxis(n.out.Shape(), axis)
	conv.Linear(out[T](n), n.out.Dim(axis), in[T](n, 0), outer, n.in[0].Dim(axis), inner, n.ints[1] == 1)
}

// An element sends its gradient to the two that it lies between, in proportion.
func upsampleBackward[T vec.Float](n *node) {
	axis := n.ints[0]
	outer, inner := alongAxis(n.out.Shape(), axis)
	conv.LinearBackward(acc[T](n, 0), outer, n.in[0].Dim(axis), inner, outGrad[T](n), n.out.Dim(axis), n.ints[1] == 1)
}
