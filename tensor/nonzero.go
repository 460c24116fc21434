package tensor

// This file finds elements by a condition.

// MaskedSelect returns the elements of x where mask, a Bool tensor, is true, in row-major order, as a tensor with one axis. x
// and mask broadcast.
func MaskedSelect(x, mask *Tensor) *Tensor {
	mustBool("MaskedSelect", mask)
	shape := MustBroadcast("tensor", "MaskedSelect", nil, x.shape, mask.shape)
	m := Data[bool](mask.Expand(shape...).Contiguous())
	all := x.Expand(shape...).Contiguous()
	n := 0
	for _, v := range m {
		if v {
			n++
		}
	}
	dst := New(x.dtype, n)
	switch x.dtype.Size() {
	case 1:
		selectTrue[uint8](dst, all, m)
	case 2:
		selectTrue[uint16](dst, all, m)
	case 4:
		selectTrue[uint32](dst, all, m)
	case 8:
		selectTrue[uint64](dst, all, m)
	}
	return dst
}

func selectTrue[T word](dst, x *Tensor, mask []bool) {
	to := 0
	for i, v := range mask {
		if v {
			*at[T](dst, to) = *at[T](x, i)
			to++
		}
	}
}

// Nonzero returns the indices of the elements of x that are not zero (or are true), in row-major order: an Int64 tensor
// [n, Rank]. A NaN is not zero.
func Nonzero(x *Tensor) *Tensor {
	mask := x
	if x.dtype != Bool {
		mask = x.Cast(Bool)
	}
	m := Data[bool](mask.Contiguous())
	rank := len(x.shape)
	var found []int64
	n := 0
	for i, v := range m {
		if !v {
			continue
		}
		n++
		found = append(found, make([]int64, rank)...)
		row := found[len(found)-rank:]
		for a := rank - 1; a >= 0; a-- {
			row[a] = int64(i % x.shape[a])
			i /= x.shape[a]
		}
	}
	return FromSlice(found, n, rank)
}

// OneHot returns a tensor of dtype d with a new last axis, classes long, that is 1 at the index given and 0 elsewhere. Indices
// are Int64 or Int32, from 0; it panics for one that is not below classes.
func OneHot(index *Tensor, classes int, d DType) *Tensor {
	mustIndex("OneHot", index)
	dst := New(d, append(append([]int(nil), index.shape...), classes)...)
	if dst.n == 0 && index.n == 0 {
		return dst
	}
	if classes == 0 {
		panicIndex("OneHot", 0, len(index.shape), 0)
	}
	if index.n > 0 {
		for _, i := range []int{int(Min(index).Item()), int(Max(index).Item())} {
			if i < 0 || i >= classes {
				panicIndex("OneHot", i, len(index.shape), classes)
			}
		}
	}
	ScatterTo(dst, -1, index.Unsqueeze(-1), Full(d, 1).Expand(append(append([]int(nil), index.shape...), 1)...))
	return dst
}
