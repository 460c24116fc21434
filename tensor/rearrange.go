package tensor

// This file holds copies in another arrangement: turned, shifted, repeated.

import (
	"fmt"
	"slices"
)

// Flip returns x with the order along the axes named reversed.
func Flip(x *Tensor, axes ...int) *Tensor {
	dst := New(x.dtype, x.shape...)
	FlipTo(dst, x, axes...)
	return dst
}

// FlipTo stores x with the order along the axes named reversed in dst, which must not overlap x.
func FlipTo(dst, x *Tensor, axes ...int) {
	mustDType("Flip", dst, x.dtype)
	if !dst.SameShape(x) {
		panic(fmt.Sprintf("tensor: Flip: the destination's shape is %v, the result's %v", dst.shape, x.shape))
	}
	v := headers.Get().(*Tensor)
	x.aliasInto(v)
	for k, i := range axes {
		a := x.axis("Flip", i)
		if names(axes[:k], a, len(x.shape)) {
			panic(fmt.Sprintf("tensor: Flip: %v names axis %d twice", slices.Clone(axes), a))
		}
		v.sliceStepInto(v, a, v.shape[a]-1, -1, -1)
	}
	dst.CopyFrom(v)
	v.data = nil
	headers.Put(v)
}

// Roll returns x shifted by n along axis: element i becomes element i+n, and what leaves at one end comes in at the other. n
// may be negative.
func Roll(x *Tensor, axis, n int) *Tensor {
	dst := New(x.dtype, x.shape...)
	RollTo(dst, x, axis, n)
	return dst
}

// RollTo stores x shifted by n along axis in dst, which must not overlap x.
func RollTo(dst, x *Tensor, axis, n int) {
	a := x.axis("Roll", axis)
	if !dst.SameShape(x) {
		panic(fmt.Sprintf("tensor: Roll: the destination's shape is %v, the result's %v", dst.shape, x.shape))
	}
	size := x.shape[a]
	if size == 0 {
		return
	}
	n = ((n % size) + size) % size
	d, s := headers.Get().(*Tensor), headers.Get().(*Tensor)
	dst.sliceInto(d, a, n, size)
	x.sliceInto(s, a, 0, size-n)
	d.CopyFrom(s)
	dst.sliceInto(d, a, 0, n)
	x.sliceInto(s, a, size-n, size)
	d.CopyFrom(s)
	d.data, s.data = nil, nil
	headers.Put(d)
	headers.Put(s)
}

// Tile returns x repeated reps[i] times along axis i, as a whole each time: PyTorch's repeat, NumPy's tile. More numbers than
// axes put new axes in front; it panics for fewer.
//
//	Tile([1 2], 2) = [1 2 1 2]
func Tile(x *Tensor, reps ...int) *Tensor {
	lead := len(reps) - len(x.shape)
	if lead < 0 {
		panic(fmt.Sprintf("tensor: Tile: %d repetitions of shape %v", len(reps), x.shape))
	}
	// Each axis becomes two, repetition and axis; the first is spread.
	var shape, split, once []int
	for i, r := range reps {
		n := 1
		if i >= lead {
			n = x.shape[i-lead]
		}
		shape, split, once = append(shape, r*n), append(split, r, n), append(once, 1, n)
	}
	dst := New(x.dtype, shape...)
	dst.Reshape(split...).CopyFrom(x.Contiguous().Reshape(once...).Expand(split...))
	return dst
}

// RepeatInterleave returns x with every slice along axis repeated n times in a row: NumPy's repeat.
//
//	RepeatInterleave([1 2], 0, 2) = [1 1 2 2]
func RepeatInterleave(x *Tensor, axis, n int) *Tensor {
	a := x.axis("RepeatInterleave", axis)
	if n < 0 {
		panic(fmt.Sprintf("tensor: RepeatInterleave: %d times", n))
	}
	split := slices.Insert(slices.Clone(x.shape), a+1, n)
	shape := slices.Clone(x.shape)
	shape[a] *= n
	dst := New(x.dtype, shape...)
	dst.Reshape(split...).CopyFrom(x.Unsqueeze(a + 1).Expand(split...))
	return dst
}
