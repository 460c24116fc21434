package tensor

// This file chooses between tensors by a Bool tensor.

import (
	"fmt"
	"slices"
)

// Where returns a where cond is true and b where it is not. cond is Bool, a and b have one dtype, any; the three shapes
// broadcast.
func Where(cond, a, b *Tensor) *Tensor {
	var room, both [2 * inlineRank]int
	shape := MustBroadcast("tensor", "Where", room[:0], a.shape, b.shape)
	dst := New(a.dtype, MustBroadcast("tensor", "Where", both[:0], cond.shape, shape)...)
	WhereTo(dst, cond, a, b)
	return dst
}

// WhereTo stores a where cond is true, and b where it is not, in dst, whose shape the three broadcast to. dst may be a or b.
func WhereTo(dst, cond, a, b *Tensor) {
	mustBool("Where", cond)
	if a.dtype != b.dtype {
		panic(fmt.Sprintf("tensor: Where: dtypes %v and %v", a.dtype, b.dtype))
	}
	mustDType("Where", dst, a.dtype)
	mustBroadcastTo("Where", cond, dst)
	mustBroadcastTo("Where", a, dst)
	mustBroadcastTo("Where", b, dst)
	run(whereRows[a.dtype.Size()], cheap, dst.shape, dst, cond, a, b)
}

// MaskedFill returns x with v where mask, a Bool tensor that broadcasts to x, is true. v is converted to x's dtype as Full
// does.
func MaskedFill(x, mask *Tensor, v float64) *Tensor {
	dst := New(x.dtype, x.shape...)
	MaskedFillTo(dst, x, mask, v)
	return dst
}

// MaskedFillTo stores x, with v where mask is true, in dst, which has x's shape and may be x.
func MaskedFillTo(dst, x, mask *Tensor, v float64) {
	if !dst.SameShape(x) {
		panic(fmt.Sprintf("tensor: MaskedFill: the destination's shape is %v, the result's %v", dst.shape, x.shape))
	}
	c := newCell(x.dtype, v)
	WhereTo(dst, mask, &c.Tensor, x)
	c.free()
}

// whereRows holds the loop for elements of each size.
var whereRows = [9]rowFunc{1: ternaryRow(where[uint8]), 2: ternaryRow(where[uint16]), 4: ternaryRow(where[uint32]),
	8: ternaryRow(where[uint64])}

func where[T word](dst []T, cond []bool, a, b []T) {
	cond, a, b = cond[:len(dst)], a[:len(dst)], b[:len(dst)]
	for i := range dst {
		v := b[i]
		if cond[i] { // a conditional move
			v = a[i]
		}
		dst[i] = v
	}
}

func mustBool(op string, t *Tensor) {
	if t.dtype != Bool {
		panic(fmt.Sprintf("tensor: %s: the condition is %v, not bool", op, t.dtype))
	}
}

// mustBroadcastTo panics unless x broadcasts to dst's shape.
func mustBroadcastTo(op string, x, dst *Tensor) {
	ok := len(x.shape) <= len(dst.shape)
	for i := 0; ok && i < len(x.shape); i++ {
		d := fromLast(x.shape, i)
		ok = d == 1 || d == fromLast(dst.shape, i)
	}
	if !ok {
		panic(fmt.Sprintf("tensor: %s: shape %v does not broadcast to %v", op, slices.Clone(x.shape), slices.Clone(dst.shape)))
	}
}
