package tensor

// This file accumulates along an axis. Float32 is accumulated in float64 and rounded when stored, as PyTorch has it, so
// the error does not grow along the axis; where a result overflows, later ones may be finite again.

import (
	"fmt"
	"unsafe"
)

// CumSum returns the sums of x's elements up to each along axis: y[i] = x[0] + … + x[i], added in this order, Float32
// in float64. Dtypes stay; integers wrap around.
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

// A scanOp accumulates along lanes: a rowFunc takes the first element of each.
type scanOp struct {
	name  string
	lanes loopsByDType
}

var (
	cumSumOp = &scanOp{"CumSum", loopsByDType{
		Float32: scan[float32](plus[float64]), Float64: scan[float64](plus[float64]), Int32: scan[int32](plus[int32]),
		Int64: scan[int64](plus[int64]), Uint8: scan[uint8](plus[uint8]), Int8: scan[int8](plus[int8])}}
	cumProdOp = &scanOp{"CumProd", loopsByDType{
		Float32: scan[float32](times[float64]), Float64: scan[float64](times[float64]),
		Int32: scan[int32](times[int32]), Int64: scan[int64](times[int64]), Uint8: scan[uint8](times[uint8]), Int8: scan[int8](times[int8])}}
)

func times[T number](a, b T) T { return a * b }

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
	dst.selectInto(d, a, first)
	x.selectInto(s, a, first)
	size := x.dtype.Size() * step
	runWith(f, aux{dst.strides[a] * size, x.strides[a] * size, n}, max(1, costly/n), d.shape, d, s)
	d.data, s.data = nil, nil
	headers.Put(d)
	headers.Put(s)
}

// scan makes a rowFunc that accumulates, in W, along a lane from each element of the row on; aux holds the lane's steps
// in bytes in destination and source, and its length. It goes along the lanes, or across a block of them, whichever way
// x's elements are nearer to each other.
func scan[T, W number](f func(acc, v W) W) rowFunc {
	return func(s *scratch, n int) {
		dBy, xBy, length := s.aux[0], s.aux[1], s.aux[2]
		if magnitude(xBy) <= magnitude(s.by[1]) {
			for i := range n {
				d, x := unsafe.Add(s.p[0], i*s.by[0]), unsafe.Add(s.p[1], i*s.by[1])
				first := *(*T)(x)
				*(*T)(d) = first
				acc := W(first)
				for k := 1; k < length; k++ {
					acc = f(acc, W(*(*T)(unsafe.Add(x, k*xBy))))
					*(*T)(unsafe.Add(d, k*dBy)) = T(acc)
				}
			}
			return
		}
		for lo := 0; lo < n; lo += block {
			acc := buffer[W](s, 3, min(block, n-lo))
			d, x := unsafe.Add(s.p[0], lo*s.by[0]), unsafe.Add(s.p[1], lo*s.by[1])
			for i := range acc {
				first := *(*T)(unsafe.Add(x, i*s.by[1]))
				*(*T)(unsafe.Add(d, i*s.by[0])) = first
				acc[i] = W(first)
			}
			for range length - 1 {
				d, x = unsafe.Add(d, dBy), unsafe.Add(x, xBy)
				for i, v := range acc {
					v = f(v, W(*(*T)(unsafe.Add(x, i*s.by[1]))))
					*(*T)(unsafe.Add(d, i*s.by[0])) = T(v)
					acc[i] = v
				}
			}
		}
	}
}
