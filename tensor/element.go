package tensor

// This file reads and writes single elements, as numbers: for a look at a result, or a loop whose speed does not
// matter. Data is the way to all of them at once.

import (
	"fmt"
	"slices"
	"unsafe"
)

// Item returns the only element of t, of any dtype; true is 1. Integers beyond 2⁵³ are rounded: Data has them exactly.
// It panics if t has more than one element, or none.
func (t *Tensor) Item() float64 {
	if t.n != 1 {
		panic(fmt.Sprintf("tensor: Item: shape %v has %d elements, not 1", t.shape, t.n))
	}
	return t.number(0)
}

// At returns the element at an index, one number for each axis; a negative one counts from the last, −1. Numbers are as
// in Item. It panics if the index is not one of t's.
func (t *Tensor) At(index ...int) float64 { return t.number(t.offset("At", index)) }

// Set stores v, converted as Cast does, in the element at an index, which is as in At.
func (t *Tensor) Set(v float64, index ...int) {
	size := t.dtype.Size()
	to := unsafe.Add(t.data, t.offset("Set", index)*size)
	c := newCell(t.dtype, v)
	copy(unsafe.Slice((*byte)(to), size), unsafe.Slice((*byte)(c.data), size))
	c.free()
}

// offset returns how many elements after the first the one at index lies.
func (t *Tensor) offset(op string, index []int) int {
	if len(index) != len(t.shape) {
		panic(fmt.Sprintf("tensor: %s: index %v of shape %v, which has %d axes", op, slices.Clone(index), t.shape,
			len(t.shape)))
	}
	off := 0
	for a, i := range index {
		n := t.shape[a]
		if i < -n || i >= n {
			panic(fmt.Sprintf("tensor: %s: index %v of shape %v: %d of axis %d, which is %d long", op,
				slices.Clone(index), t.shape, i, a, n))
		}
		if i < 0 {
			i += n
		}
		off += i * t.strides[a]
	}
	return off
}

// number returns the element off elements after the first.
func (t *Tensor) number(off int) float64 {
	switch t.dtype {
	case Float32:
		return float64(*at[float32](t, off))
	case Float64:
		return *at[float64](t, off)
	case Int32:
		return float64(*at[int32](t, off))
	case Int64:
		return float64(*at[int64](t, off))
	case Uint8, Bool:
		return float64(*at[uint8](t, off))
	case Int8:
		return float64(*at[int8](t, off))
	case Float16:
		return float64(fromFloat16(*at[uint16](t, off)))
	default:
		return float64(fromBFloat16(*at[uint16](t, off)))
	}
}

// FromRows returns a copy of rows as a matrix [len(rows), len(rows[0])]; no rows make it [0, 0]. It panics if the rows
// are not all of one length.
func FromRows[T Elem](rows [][]T) *Tensor {
	if len(rows) == 0 {
		return New(dtypeOf[T](), 0, 0)
	}
	cols := len(rows[0])
	t := New(dtypeOf[T](), len(rows), cols)
	for i, row := range rows {
		if len(row) != cols {
			panic(fmt.Sprintf("tensor: FromRows: row %d has %d elements, row 0 has %d", i, len(row), cols))
		}
		copy(Data[T](t)[i*cols:], row)
	}
	return t
}
