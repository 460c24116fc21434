package tensor

// This file moves whole slices by index along an axis: Take, and IndexAdd, its gradient. Indices are Int64 or Int32; a
// negative one counts from the last, −1, as in NumPy. One out of range panics before anything is written.

import (
	"fmt"
	"slices"
	"sync"
	"unsafe"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Take returns the slices of x along axis that index names, in the order of index, whose axes take the place of that axis.
// With axis 0 of a table [V, D] and an index [B, T] it looks up embeddings [B, T, D]. It is NumPy's take, and PyTorch's
// index_select where index has one axis.
func Take(x *Tensor, axis int, index *Tensor) *Tensor {
	var room [2 * inlineRank]int
	dst := New(x.dtype, takenShape(room[:0], x, x.axis("Take", axis), index)...)
	TakeTo(dst, x, axis, index)
	return dst
}

// TakeTo stores what Take returns in dst, which must not overlap x.
func TakeTo(dst, x *Tensor, axis int, index *Tensor) {
	mustDType("Take", dst, x.dtype)
	a := x.axis("Take", axis)
	mustTaken("Take", dst, x, a, index)
	p := temporaries.Get().(*Pool)
	to := dst
	if !dst.contig {
		to = p.New(dst.dtype, dst.shape...)
	}
	t := newTaking("Take", p, to, contiguousIn(p, x), a, index)
	share(t.outer*len(t.index), t.inner/t.size, t.takeDo)
	t.free()
	if to != dst {
		dst.CopyFrom(to)
	}
	p.Reset()
	temporaries.Put(p)
}

// IndexAdd returns a copy of x to which the slices of src are added at the indices along axis: the gradient of Take. Where
// index names a slice several times all are added, in the order of index.
func IndexAdd(x *Tensor, axis int, index, src *Tensor) *Tensor {
	dst := x.Clone()
	IndexAddTo(dst, axis, index, src)
	return dst
}

// IndexAddTo adds the slices of src to dst at the indices along axis, as IndexAdd does. The dtype is Float32, Float64, Int32
// or Int64. The order of additions, and so the bits, do not depend on the number of threads.
func IndexAddTo(dst *Tensor, axis int, index, src *Tensor) {
	if src.dtype != dst.dtype {
		panic(fmt.Sprintf("tensor: IndexAdd: dtypes %v and %v", dst.dtype, src.dtype))
	}
	if dst.dtype != Float32 && dst.dtype != Float64 && dst.dtype != Int32 && dst.dtype != Int64 {
		panic(fmt.Sprintf("tensor: IndexAdd: dtype %v is not one it works on", dst.dtype))
	}
	a := dst.axis("IndexAdd", axis)
	mustTaken("IndexAdd", src, dst, a, index)
	p := temporaries.Get().(*Pool)
	to := contiguousIn(p, dst)
	t := newTaking("IndexAdd", p, contiguousIn(p, src), to, a, index)
	t.dtype = dst.dtype
	// Each goroutine has a range of dst's slices, and adds to these in order.
	share(t.n, t.outer*t.inner/t.size*(1+len(t.index)/max(1, t.n)), t.addDo)
	t.free()
	if to != dst {
		dst.CopyFrom(to)
	}
	p.Reset()
	temporaries.Put(p)
}

// contiguousIn returns t, or a contiguous copy from p.
func contiguousIn(p *Pool, t *Tensor) *Tensor {
	if t.contig {
		return t
	}
	c := p.New(t.dtype, t.shape...)
	c.CopyFrom(t)
	return c
}

// takenShape appends to dst the shape of what Take takes from x.
func takenShape(dst []int, x *Tensor, a int, index *Tensor) []int {
	return append(append(append(dst, x.shape[:a]...), index.shape...), x.shape[a+1:]...)
}

func mustTaken(op string, taken, x *Tensor, a int, index *Tensor) {
	mustIndex(op, index)
	var room [3 * inlineRank]int
	if want := takenShape(room[:0], x, a, index); !slices.Equal(taken.shape, want) {
		panic(fmt.Sprintf("tensor: %s: slices of shape %v; index %v along axis %d of %v makes them %v", op, taken.shape, index.shape, a,
			x.shape, slices.Clone(want)))
	}
}

// taking is one call: x [outer, n, inner] and taken [outer, len(index), inner], both contiguous, inner and size in bytes.
type taking struct {
	x, taken      unsafe.Pointer
	outer, n      int
	inner, size   int
	index         []int
	dtype         DType
	takeDo, addDo func(lo, hi int)
}

var takings = sync.Pool{New: func() any {
	t := new(taking)
	t.takeDo, t.addDo = t.take, t.add
	return t
}}

func newTaking(op string, p *Pool, taken, x *Tensor, a int, index *Tensor) *taking {
	t := takings.Get().(*taking)
	t.x, t.taken, t.size = x.data, taken.data, x.dtype.Size()
	t.outer, t.n, t.inner = 1, x.shape[a], t.size
	for _, s := range x.shape[:a] {
		t.outer *= s
	}
	for _, s := range x.shape[a+1:] {
		t.inner *= s
	}
	t.index = t.index[:0]
	if index = contiguousIn(p, index); index.dtype == Int64 {
		t.index = appendIndices(t.index, op, Data[int64](index), a, t.n)
	} else {
		t.index = appendIndices(t.index, op, Data[int32](index), a, t.n)
	}
	return t
}

func appendIndices[I int32 | int64](dst []int, op string, index []I, axis, n int) []int {
	for _, v := range index {
		j := int(v)
		if j < 0 {
			j += n
		}
		if j < 0 || j >= n {
			panicIndex(op, int(v), axis, n)
		}
		dst = append(dst, j)
	}
	return dst
}

func (t *taking) free() {
	t.x, t.taken = nil, nil
	takings.Put(t)
}

// take copies slices [lo, hi) of all that are taken.
func (t *taking) take(lo, hi int) {
	k := len(t.index)
	for u := lo; u < hi; u++ {
		from := (u/k*t.n + t.index[u%k]) * t.inner
		copy(unsafe.Slice((*byte)(unsafe.Add(t.taken, u*t.inner)), t.inner), unsafe.Slice((*byte)(unsafe.Add(t.x, from)), t.inner))
	}
}

// add adds to slices [lo, hi) of x.
func (t *taking) add(lo, hi int) {
	switch t.dtype {
	case Float32:
		addSlices(t, lo, hi, vec.Add[float32])
	case Float64:
		addSlices(t, lo, hi, vec.Add[float64])
	case Int32:
		addSlices(t, lo, hi, addInt[int32])
	case Int64:
		addSlices(t, lo, hi, addInt[int64])
	}
}

func addSlices[T number](t *taking, lo, hi int, add func(dst, a, b []T)) {
	k, n := len(t.index), t.inner/t.size
	for o := range t.outer {
		for i, j := range t.index {
			if lo <= j && j < hi && n > 0 {
				dst := unsafe.Slice((*T)(unsafe.Add(t.x, (o*t.n+j)*t.inner)), n)
				src := unsafe.Slice((*T)(unsafe.Add(t.taken, (o*k+i)*t.inner)), n)
				if n == 1 {
					dst[0] += src[0]
				} else {
					add(dst, dst, src)
				}
			}
		}
	}
}
