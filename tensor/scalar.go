package tensor

// This file puts one number where an operation takes a tensor.

import (
	"fmt"
	"math"
	"sync"
	"unsafe"
)

// AddScalar returns x + v. v is converted to x's dtype as Full does.
func AddScalar(x *Tensor, v float64) *Tensor { return addScalarOp.scalar(x, v) }

// AddScalarTo stores x + v in dst, which may be x.
func AddScalarTo(dst, x *Tensor, v float64) { addScalarOp.scalarTo(dst, x, v) }

// Scale returns v·x. v is converted to x's dtype as Full does.
func Scale(x *Tensor, v float64) *Tensor { return scaleOp.scalar(x, v) }

// ScaleTo stores v·x in dst, which may be x.
func ScaleTo(dst, x *Tensor, v float64) { scaleOp.scalarTo(dst, x, v) }

var (
	addScalarOp = &binaryOp{"AddScalar", cheap, 0, addOp.rows}
	scaleOp     = &binaryOp{"Scale", cheap, 0, mulOp.rows}
)

// PowScalar returns xᵖ. Exponents 2, −1 and ½ of floats are a product, a quotient and a square root, each rounded once,
// except that (−0)^½ is −0, and (−Inf)^½ NaN; others are math.Pow's. Integers wrap around; p must be a whole number and
// not negative.
func PowScalar(x *Tensor, p float64) *Tensor {
	dst := New(x.dtype, x.shape...)
	PowScalarTo(dst, x, p)
	return dst
}

// PowScalarTo stores xᵖ in dst, which may be x.
func PowScalarTo(dst, x *Tensor, p float64) {
	f := powScalarRows.of("PowScalar", x.dtype)
	mustDType("PowScalar", dst, x.dtype)
	if !dst.SameShape(x) {
		panic(fmt.Sprintf("tensor: PowScalar: the destination's shape is %v, the result's %v", dst.shape, x.shape))
	}
	if !x.dtype.IsFloat() {
		if !(p >= 0 && p < 1<<63 && p == math.Trunc(p)) {
			panic(fmt.Sprintf("tensor: PowScalar: %v to the power of %v", x.dtype, p))
		}
		runWith(f, aux{int(p)}, costly, dst.shape, dst, x)
		return
	}
	switch p {
	case 2:
		MulTo(dst, x, x)
	case 0.5:
		SqrtTo(dst, x)
	case -1:
		ReciprocalTo(dst, x)
	default:
		powOp.scalarTo(dst, x, p)
	}
}

// powScalarRows are the integers' loops, with the exponent in aux; floats have the loops of the operation on two
// tensors.
var powScalarRows = loopsByDType{Float32: powOp.rows[Float32], Float64: powOp.rows[Float64], Int32: powScalarRow[int32],
	Int64: powScalarRow[int64], Uint8: powScalarRow[uint8], Int8: powScalarRow[int8]}

func powScalarRow[T integer](s *scratch, n int) {
	for i := range n {
		x := *(*T)(unsafe.Add(s.p[1], i*s.by[1]))
		*(*T)(unsafe.Add(s.p[0], i*s.by[0])) = integerPower(x, uint64(s.aux[0]))
	}
}

// Full returns a tensor with every element v, converted to d as Cast does.
func Full(d DType, v float64, shape ...int) *Tensor {
	t := New(d, shape...)
	if v != 0 || math.Signbit(v) {
		t.fill(v)
	}
	return t
}

// fill sets every element to v, converted to t's dtype, whatever the strides.
func (t *Tensor) fill(v float64) {
	c := newCell(t.dtype, v)
	t.broadcastFrom(&c.Tensor)
	c.free()
}

func (o *binaryOp) scalar(x *Tensor, v float64) *Tensor {
	dst := New(or(o.result, x.dtype), x.shape...)
	o.scalarTo(dst, x, v)
	return dst
}

func (o *binaryOp) scalarTo(dst, x *Tensor, v float64) {
	c := newCell(x.dtype, v)
	o.to(dst, x, &c.Tensor)
	c.free()
}

// A cell is a scalar tensor on loan, so that a number can be an operand without an allocation.
type cell struct {
	Tensor
	v uint64
}

var cells = sync.Pool{New: func() any { return new(cell) }}

// newCell returns a cell of dtype d that holds v, converted as Cast does.
func newCell(d DType, v float64) *cell {
	c := cells.Get().(*cell)
	c.init("scalar", d, nil)
	c.data = unsafe.Pointer(&c.v)
	switch d {
	case Float32:
		*at[float32](&c.Tensor, 0) = float32(v)
	case Float64:
		*at[float64](&c.Tensor, 0) = v
	case Int32:
		*at[int32](&c.Tensor, 0) = truncated[int32](v, math.MinInt32, math.MaxInt32)
	case Int64:
		*at[int64](&c.Tensor, 0) = truncated[int64](v, math.MinInt64, math.MaxInt64)
	case Uint8:
		*at[uint8](&c.Tensor, 0) = truncated[uint8](v, 0, math.MaxUint8)
	case Int8:
		*at[int8](&c.Tensor, 0) = truncated[int8](v, math.MinInt8, math.MaxInt8)
	case Bool:
		*at[bool](&c.Tensor, 0) = v != 0
	case Float16:
		*at[uint16](&c.Tensor, 0) = toFloat16(float32(v))
	case BFloat16:
		*at[uint16](&c.Tensor, 0) = toBFloat16(float32(v))
	}
	return c
}

func (c *cell) free() { cells.Put(c) }
