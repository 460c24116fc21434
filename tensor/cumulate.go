package tensor

// This file accumulates along an axis.

import (
	"fmt"
	"unsafe"

	"github.com/tutti-ml/tutti/blas/vec"
)

// CumSum returns the sums of x's elements up to each along axis: y[i] = x[0] + … + x[i], added in this order. Dtypes stay;
// integers wrap around.
func CumSum(x *Tensor, axis int) *Tensor {
	dst := New(x.dtype, x.shape...)
	CumSumTo(dst, x, axis)
	return dst
}

// CumSumTo stores the sums of x's elements up to each along axis in dst, which may be x.
func CumSumTo(dst, x *Tensor, axis int) { cumSumOp.to(dst, x, axis, false) }

// CumSumBackTo stores the sums of x's elements from each on along axis in dst, which may be x: y[i] = x[i] + … + x[n−1], added
// from the end: the gradient of CumSum.
func CumSumBackTo(dst, x *Tensor, axis int) { cumSumOp.to(dst, x, axis, true) }

// CumProd returns the products of x's elements up to each along axis. Dtypes stay; integers wrap around.
func CumProd(x *Tensor, axis int) *Tensor {
	dst := New(x.dtype, x.shape...)
	CumProdTo(dst, x, axis)
	return dst
}

// CumProdTo stores the products of x's elements up to each along axis in dst, which may be x.
func CumProdTo(dst, x *Tensor, axis int) { cumProdOp.to(dst, x, axis, false) }

// A scanOp accumulates: each is what it does to two slabs, lanes to whole lanes.
type scanOp struct {
	name  string
	each  *binaryOp
	lanes loopsByDType
}

var (
	cumSumOp = &scanOp{"CumSum", addOp, loopsByDType{Float32: scanLanes(plus[float32]), Float64: scanLanes(plus[float64]),
		Int32: scanLanes(plus[int32]), Int64: scanLanes(plus[int64]), Uint8: scanLanes(plus[uint8]), Int8: scanLanes(plus[int8])}}
	cumProdOp = &scanOp{"CumProd", mulOp, loopsByDType{Float32: scanLanes(times[float32]), Float64: scanLanes(times[float64]),
		Int32: scanLanes(times[int32]), Int64: scanLanes(times[int64]), Uint8: scanLanes(times[uint8]), Int8: scanLanes(times[int8])}}
)

func times[T vec.Float | integer](a, b T) T { return a * b }

func (o *scanOp) to(dst, x *Tensor, axis int, back bool) {
	a := x.axis(o.name, axis)
	f := o.lanes.of(o.name, x.dtype)
	mustDType(o.name, dst, x.dtype)
	if !dst.SameShape(x) {
		panic(fmt.Sprintf("tensor: %s: the destination's shape is %v, the result's %v", o.name, dst.shape, x.shape))
	}
	if x.n == 0 {
		return
	}
	n := x.shape[a]
	d, s := headers.Get().(*Tensor), headers.Get().(*Tensor)
	first, step := 0, 1
	if back {
		first, step = n-1, -1
	}
	// A slab for each index along the axis is one call of the vector kernels; unless it is small, or lanes touch.
	if slab := x.n / n; slab >= 256 && x.strides[a] != 1 {
		before := headers.Get().(*Tensor)
		dst.selectInto(before, a, first)
		x.selectInto(s, a, first)
		before.CopyFrom(s)
		for i := first + step; i >= 0 && i < n; i += step {
			dst.selectInto(d, a, i)
			x.selectInto(s, a, i)
			o.each.to(d, before, s)
			d, before = before, d
		}
		before.data = nil
		headers.Put(before)
	} else {
		dst.selectInto(d, a, first)
		x.selectInto(s, a, first)
		size := x.dtype.Size() * step
		runWith(f, aux{dst.strides[a] * size, x.strides[a] * size, n}, max(1, costly/n), d.shape, d, s)
	}
	d.data, s.data = nil, nil
	headers.Put(d)
	headers.Put(s)
}

// scanLanes makes a rowFunc that accumulates along a lane from each element of the row on; aux holds the lane's steps in
// bytes in destination and source, and its length.
func scanLanes[T any](f func(acc, v T) T) rowFunc {
	return func(s *scratch, n int) {
		dBy, xBy, length := s.aux[0], s.aux[1], s.aux[2]
		for i := range n {
			d, x := unsafe.Add(s.p[0], i*s.by[0]), unsafe.Add(s.p[1], i*s.by[1])
			acc := *(*T)(x)
			*(*T)(d) = acc
			for k := 1; k < length; k++ {
				acc = f(acc, *(*T)(unsafe.Add(x, k*xBy)))
				*(*T)(unsafe.Add(d, k*dBy)) = acc
			}
		}
	}
}
