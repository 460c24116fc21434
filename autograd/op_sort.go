package autograd

import (
	"cmp"
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// Sort returns x with its elements in rising order along axis, and for each where it stood (Int64, the tape's); with descending in
// falling order. Equals keep their order. A NaN counts as larger than all numbers.
func Sort(x *Var, axis int, descending bool) (values *Var, index *tensor.Tensor) {
	axis = axisOf(sortOp, x, axis)
	return sorted(x, axis, x.Dim(axis), descending)
}

// TopK returns the k largest elements of x along axis, largest first, and for each where it stood (Int64, the tape's). It panics
// unless 0 ≤ k ≤ the axis's length.
func TopK(x *Var, k, axis int) (values *Var, index *tensor.Tensor) {
	axis = axisOf(sortOp, x, axis)
	if k < 0 || k > x.Dim(axis) {
		sortOp.panicf("the %d largest of axis %d, which is %d long", k, axis, x.Dim(axis))
	}
	return sorted(x, axis, k, true)
}

// sortOp names Sort and TopK, which are Gather once it is known where from.
var sortOp = &op{name: "Sort"}

func sorted(x *Var, axis, k int, descending bool) (*Var, *tensor.Tensor) {
	var room [maxRank]int
	shape := append(room[:0], x.Shape()...)
	shape[axis] = k
	index := x.tape.pool.New(tensor.Int64, shape...)
	outer, inner := alongAxis(x.Shape(), axis)
	d := x.Dim(axis)
	scratch := x.tape.pool.New(tensor.Int64, max(d, 1))
	if x.DType() == tensor.Float32 {
		rank(tensor.Data[float32](x.value), tensor.Data[int64](index), tensor.Data[int64](scratch)[:d], outer, inner, k, descending)
	} else {
		rank(tensor.Data[float64](x.value), tensor.Data[int64](index), tensor.Data[int64](scratch)[:d], outer, inner, k, descending)
	}
	x.tape.pool.Put(scratch)
	return Gather(x, axis, index), index
}

// rank stores in index the places of the first k elements along the middle axis of x [outer, len(order), inner].
func rank[T vec.Float](x []T, index, order []int64, outer, inner, k int, descending bool) {
	d := len(order)
	if k == 0 {
		return
	}
	for o := range outer {
		for j := range inner {
			line := x[o*d*inner+j:]
			for i := range order {
				order[i] = int64(i)
			}
			slices.SortFunc(order, func(a, b int64) int {
				u, v := line[int(a)*inner], line[int(b)*inner]
				c := 0
				switch {
				case u < v:
					c = -1
				case u > v:
					c = 1
				case u != u || v != v:
					c = cmp.Compare(nan(u), nan(v))
				}
				if descending {
					c = -c
				}
				if c == 0 {
					return cmp.Compare(a, b)
				}
				return c
			})
			for i := range k {
				index[(o*k+i)*inner+j] = order[i]
			}
		}
	}
}

// nan returns 1 for a NaN, else 0.
func nan[T vec.Float](x T) int {
	if x != x {
		return 1
	}
	return 0
}
