package tensor

// This file moves single elements by index along an axis: Gather, its inverse Scatter, and ScatterAdd. Indices are Int64 or
// Int32; a negative one counts from the last, −1, as in NumPy, and one out of range panics.

import (
	"fmt"
	"unsafe"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Gather returns y with the shape of index: along axis, element i of y is x's element index[i]; along the other axes it stays
// where it is.
//
//	y[i, j, k] = x[i, index[i, j, k], k]   for axis 1
//
// index has x's rank, and no axis but this one longer than x's.
func Gather(x *Tensor, axis int, index *Tensor) *Tensor {
	dst := New(x.dtype, index.shape...)
	GatherTo(dst, x, axis, index)
	return dst
}

// GatherTo stores what Gather returns in dst, which must not overlap x.
func GatherTo(dst, x *Tensor, axis int, index *Tensor) {
	a := mustIndexAlong("Gather", x, axis, index)
	mustDType("Gather", dst, x.dtype)
	if !dst.SameShape(index) {
		panic(fmt.Sprintf("tensor: Gather: the destination's shape is %v, the result's %v", dst.shape, index.shape))
	}
	moveBy(gatherRows[sizeClassOf(index)][x.dtype.Size()], cheap, x, a, index, dst)
}

// Scatter returns a copy of x in which elements along axis are replaced from src: the inverse of Gather.
//
//	y[i, index[i, j, k], k] = src[i, j, k]   for axis 1
//
// Where index names one element twice, the later one along axis stays. index has x's rank, no axis but this one longer than
// x's, and src's shape.
func Scatter(x *Tensor, axis int, index, src *Tensor) *Tensor {
	dst := x.Clone()
	ScatterTo(dst, axis, index, src)
	return dst
}

// ScatterTo replaces elements of dst along axis from src, as Scatter does; the others stay.
func ScatterTo(dst *Tensor, axis int, index, src *Tensor) {
	a := mustScatter("Scatter", dst, axis, index, src)
	moveBy(scatterRows[sizeClassOf(index)][dst.dtype.Size()], alone, dst, a, index, src)
}

// ScatterAdd returns a copy of x to which src is added at the elements that index names along axis: the gradient of Gather.
//
//	y[i, index[i, j, k], k] += src[i, j, k]   for axis 1
//
// Where index names one element several times, all are added, in order along axis.
func ScatterAdd(x *Tensor, axis int, index, src *Tensor) *Tensor {
	dst := x.Clone()
	ScatterAddTo(dst, axis, index, src)
	return dst
}

// ScatterAddTo adds src to the elements of dst that index names along axis, as ScatterAdd does.
func ScatterAddTo(dst *Tensor, axis int, index, src *Tensor) {
	a := mustScatter("ScatterAdd", dst, axis, index, src)
	moveBy(scatterAddRows[sizeClassOf(index)].of("ScatterAdd", dst.dtype), alone, dst, a, index, src)
}

// moveBy runs row over index, with beside it the elements of moving in the same place, and those of by at index 0 of axis a.
func moveBy(row rowFunc, grain int, by *Tensor, a int, index, moving *Tensor) {
	v := headers.Get().(*Tensor)
	by.aliasInto(v)
	copy(v.shape, index.shape)
	v.strides[a] = 0
	runWith(row, aux{by.strides[a] * by.dtype.Size(), by.shape[a], a}, grain, index.shape, moving, index, v)
	v.data = nil
	headers.Put(v)
}

func mustIndexAlong(op string, x *Tensor, axis int, index *Tensor) int {
	a := x.axis(op, axis)
	mustIndex(op, index)
	ok := len(index.shape) == len(x.shape)
	for i := 0; ok && i < len(x.shape); i++ {
		ok = i == a || index.shape[i] <= x.shape[i]
	}
	if !ok {
		panic(fmt.Sprintf("tensor: %s: index of shape %v into shape %v along axis %d", op, index.shape, x.shape, a))
	}
	return a
}

func mustScatter(op string, dst *Tensor, axis int, index, src *Tensor) int {
	a := mustIndexAlong(op, dst, axis, index)
	if src.dtype != dst.dtype {
		panic(fmt.Sprintf("tensor: %s: dtypes %v and %v", op, dst.dtype, src.dtype))
	}
	if !src.SameShape(index) {
		panic(fmt.Sprintf("tensor: %s: index of shape %v and source of shape %v", op, index.shape, src.shape))
	}
	return a
}

func mustIndex(op string, index *Tensor) {
	if index.dtype != Int64 && index.dtype != Int32 {
		panic(fmt.Sprintf("tensor: %s: the index is %v, not int64 or int32", op, index.dtype))
	}
}

// sizeClassOf returns 0 for an index of Int32, 1 for one of Int64.
func sizeClassOf(index *Tensor) int {
	if index.dtype == Int64 {
		return 1
	}
	return 0
}

// offset returns where index j is along the axis of aux, in bytes.
func (a *aux) offset(op string, j int) int {
	if uint(j) >= uint(a[1]) {
		if j >= 0 || j+a[1] < 0 {
			panicIndex(op, j, a[2], a[1])
		}
		j += a[1]
	}
	return j * a[0]
}

func panicIndex(op string, j, axis, n int) {
	panic(fmt.Sprintf("tensor: %s: index %d of axis %d, which is %d long", op, j, axis, n))
}

type sizedRows [9]rowFunc

var (
	gatherRows = [2]sizedRows{
		{1: gatherRow[uint8, int32], 2: gatherRow[uint16, int32], 4: gatherRow[uint32, int32], 8: gatherRow[uint64, int32]},
		{1: gatherRow[uint8, int64], 2: gatherRow[uint16, int64], 4: gatherRow[uint32, int64], 8: gatherRow[uint64, int64]}}
	scatterRows = [2]sizedRows{
		{1: scatterRow[uint8, int32], 2: scatterRow[uint16, int32], 4: scatterRow[uint32, int32], 8: scatterRow[uint64, int32]},
		{1: scatterRow[uint8, int64], 2: scatterRow[uint16, int64], 4: scatterRow[uint32, int64], 8: scatterRow[uint64, int64]}}
	scatterAddRows = [2]loopsByDType{
		{Float32: scatterAddRow[float32, int32], Float64: scatterAddRow[float64, int32], Int32: scatterAddRow[int32, int32],
			Int64: scatterAddRow[int64, int32]},
		{Float32: scatterAddRow[float32, int64], Float64: scatterAddRow[float64, int64], Int32: scatterAddRow[int32, int64],
			Int64: scatterAddRow[int64, int64]}}
)

// gatherRow sets operand 0 from operand 2 by the index that is operand 1.
func gatherRow[T word, I int32 | int64](s *scratch, n int) {
	for i := range n {
		j := s.aux.offset("Gather", int(*(*I)(unsafe.Add(s.p[1], i*s.by[1]))))
		*(*T)(unsafe.Add(s.p[0], i*s.by[0])) = *(*T)(unsafe.Add(s.p[2], i*s.by[2]+j))
	}
}

func scatterRow[T word, I int32 | int64](s *scratch, n int) {
	for i := range n {
		j := s.aux.offset("Scatter", int(*(*I)(unsafe.Add(s.p[1], i*s.by[1]))))
		*(*T)(unsafe.Add(s.p[2], i*s.by[2]+j)) = *(*T)(unsafe.Add(s.p[0], i*s.by[0]))
	}
}

func scatterAddRow[T vec.Float | int32 | int64, I int32 | int64](s *scratch, n int) {
	for i := range n {
		j := s.aux.offset("ScatterAdd", int(*(*I)(unsafe.Add(s.p[1], i*s.by[1]))))
		*(*T)(unsafe.Add(s.p[2], i*s.by[2]+j)) += *(*T)(unsafe.Add(s.p[0], i*s.by[0]))
	}
}
