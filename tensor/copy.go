package tensor

import (
	"fmt"
	"unsafe"
)

// Contiguous returns t itself if its elements already lie in row-major order without gaps, and a copy that does otherwise.
func (t *Tensor) Contiguous() *Tensor {
	if t.contig {
		return t
	}
	return t.Clone()
}

// Clone returns a contiguous copy of t in memory of its own.
func (t *Tensor) Clone() *Tensor {
	c := New(t.dtype, t.shape...)
	c.CopyFrom(t)
	return c
}

// CopyFrom copies src's elements into t, whatever the strides of either. Shapes and dtypes must be equal; their memory must
// be the same or not overlap.
func (t *Tensor) CopyFrom(src *Tensor) {
	if t.dtype != src.dtype {
		panic(fmt.Sprintf("tensor: CopyFrom: dtypes %v and %v", t.dtype, src.dtype))
	}
	if !t.SameShape(src) {
		panic(fmt.Sprintf("tensor: CopyFrom: shapes %v and %v", t.shape, src.shape))
	}
	if t.n == 0 {
		return
	}
	if t.contig && src.contig {
		copy(Bytes(t), Bytes(src))
		return
	}
	switch t.dtype.Size() {
	case 1:
		copyStrided[uint8](t, src)
	case 2:
		copyStrided[uint16](t, src)
	case 4:
		copyStrided[uint32](t, src)
	case 8:
		copyStrided[uint64](t, src)
	}
}

// Zero sets every element to zero (false for Bool), also through a view with gaps.
func (t *Tensor) Zero() {
	if t.contig {
		clear(Bytes(t))
		return
	}
	zero := Tensor{data: unsafe.Pointer(&zeros), dtype: t.dtype, n: 1}
	zero.setRank(0)
	t.CopyFrom(zero.Expand(t.shape...))
}

// zeros is one element of zero of any dtype.
var zeros uint64

// copyStrided copies element by element for any two layouts of one shape. T stands for the element's size alone. The
// innermost loop runs along the last axis; an odometer counts the others.
func copyStrided[T uint8 | uint16 | uint32 | uint64](dst, src *Tensor) {
	last := len(dst.shape) - 1 // ≥ 0: a scalar is contiguous
	n, ds, ss := dst.shape[last], dst.strides[last], src.strides[last]
	size := unsafe.Sizeof(T(0))
	var counter [inlineRank]int
	index := counter[:]
	if last > inlineRank {
		index = make([]int, last)
	}
	dOff, sOff := 0, 0
	for {
		d, s := unsafe.Add(dst.data, dOff*int(size)), unsafe.Add(src.data, sOff*int(size))
		if ds == 1 && ss == 1 {
			copy(unsafe.Slice((*T)(d), n), unsafe.Slice((*T)(s), n))
		} else {
			for i := range n {
				*(*T)(unsafe.Add(d, i*ds*int(size))) = *(*T)(unsafe.Add(s, i*ss*int(size)))
			}
		}
		a := last - 1
		for ; a >= 0; a-- {
			index[a]++
			dOff, sOff = dOff+dst.strides[a], sOff+src.strides[a]
			if index[a] < dst.shape[a] {
				break
			}
			index[a] = 0
			dOff, sOff = dOff-dst.shape[a]*dst.strides[a], sOff-dst.shape[a]*src.strides[a]
		}
		if a < 0 {
			return
		}
	}
}
