package tensor

// This file takes the elements along one axis, a lane, together: what sorting and searching need.

import (
	"unsafe"
)

// lanesOf returns x with axis a last and its lanes touching, a view if they do already, else a copy from p.
func lanesOf(p *Pool, x *Tensor, a int) *Tensor {
	v := p.header()
	x.lastInto(v, a)
	return contiguousIn(p, v)
}

// lastInto makes v the view of t with axis a last, the others in order.
func (t *Tensor) lastInto(v *Tensor, a int) {
	t.aliasInto(v)
	last := len(t.shape) - 1
	n, by := t.shape[a], t.strides[a]
	copy(v.shape[a:], t.shape[a+1:])
	copy(v.strides[a:], t.strides[a+1:])
	v.shape[last], v.strides[last] = n, by
	v.restride()
}

// putLanes stores lanes, a tensor with axis a last, in dst.
func putLanes(p *Pool, dst, lanes *Tensor, a int) {
	v := p.header()
	dst.lastInto(v, a)
	v.CopyFrom(lanes)
}

// lane returns lane i of n elements of a tensor from lanesOf.
func lane[T any](t *Tensor, i, n int) []T { return unsafe.Slice(at[T](t, i*n), n) }
