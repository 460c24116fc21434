package tensor

// This file puts tensors together and takes them apart. Parts are views; wholes are copies.

import (
	"fmt"
)

// Concat returns the tensors joined along axis. Their dtypes are equal, and their shapes but for that axis.
func Concat(axis int, ts ...*Tensor) *Tensor {
	if len(ts) == 0 {
		panic("tensor: Concat: no tensors")
	}
	a := ts[0].axis("Concat", axis)
	var room [2 * inlineRank]int
	shape := append(room[:0], ts[0].shape...)
	for _, t := range ts[1:] {
		if a < len(t.shape) {
			shape[a] += t.shape[a]
		}
	}
	dst := New(ts[0].dtype, shape...)
	ConcatTo(dst, axis, ts...)
	return dst
}

// ConcatTo stores the tensors joined along axis in dst.
func ConcatTo(dst *Tensor, axis int, ts ...*Tensor) {
	a := dst.axis("Concat", axis)
	part := headers.Get().(*Tensor)
	at := 0
	for _, t := range ts {
		ok := len(t.shape) == len(dst.shape) && at+t.shape[a] <= dst.shape[a]
		for i := 0; ok && i < len(t.shape); i++ {
			ok = i == a || t.shape[i] == dst.shape[i]
		}
		if !ok {
			panic(fmt.Sprintf("tensor: Concat: shape %v does not fit into %v from index %d of axis %d on", t.shape, dst.shape, at, a))
		}
		mustDType("Concat", dst, t.dtype)
		dst.sliceInto(part, a, at, at+t.shape[a])
		part.CopyFrom(t)
		at += t.shape[a]
	}
	if at != dst.shape[a] {
		panic(fmt.Sprintf("tensor: Concat: the destination's axis %d is %d long, the tensors together %d", a, dst.shape[a], at))
	}
	part.data = nil
	headers.Put(part)
}

// Stack returns the tensors, whose shapes and dtypes are equal, along a new axis that has the place axis in the result.
func Stack(axis int, ts ...*Tensor) *Tensor {
	if len(ts) == 0 {
		panic("tensor: Stack: no tensors")
	}
	thick := make([]*Tensor, len(ts))
	for i, t := range ts {
		if !t.SameShape(ts[0]) {
			panic(fmt.Sprintf("tensor: Stack: shapes %v and %v", ts[0].shape, t.shape))
		}
		thick[i] = t.Unsqueeze(axis)
	}
	return Concat(axis, thick...)
}

// Split returns views of t, sizes[0], sizes[1] … long along axis, which together are t.
func (t *Tensor) Split(axis int, sizes ...int) []*Tensor {
	a := t.axis("Split", axis)
	parts := make([]*Tensor, len(sizes))
	at := 0
	for i, n := range sizes {
		if n < 0 || at+n > t.shape[a] {
			panic(fmt.Sprintf("tensor: Split: sizes %v along axis %d, which is %d long", sizes, a, t.shape[a]))
		}
		parts[i] = t.Slice(a, at, at+n)
		at += n
	}
	if at != t.shape[a] {
		panic(fmt.Sprintf("tensor: Split: sizes %v along axis %d, which is %d long", sizes, a, t.shape[a]))
	}
	return parts
}

// Chunk returns n views of t along axis, which together are t; the first of them are one longer where n does not divide it.
func (t *Tensor) Chunk(axis, n int) []*Tensor {
	a := t.axis("Chunk", axis)
	if n < 1 {
		panic(fmt.Sprintf("tensor: Chunk: %d parts", n))
	}
	parts := make([]*Tensor, n)
	at := 0
	for i := range parts {
		size := t.shape[a] / n
		if i < t.shape[a]%n {
			size++
		}
		parts[i] = t.Slice(a, at, at+size)
		at += size
	}
	return parts
}
