package tensor

import (
	"fmt"
	"math"
	"sync"
	"unsafe"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Cast returns a contiguous copy of t with dtype d.
//
// Floats become integers by truncation toward zero, clamped to the integer's range, with NaN as 0: the same on every
// machine. Integers become narrower integers by keeping the low bits, as in Go. A Bool is 0 or 1, and anything but zero
// becomes true. Float16 and BFloat16 are rounded to nearest, ties to even, by way of Float32.
func (t *Tensor) Cast(d DType) *Tensor {
	if d == t.dtype {
		return t.Clone()
	}
	dst := New(d, t.shape...)
	CastTo(dst, t)
	return dst
}

// CastTo stores src, converted to dst's dtype as Cast does, in dst, which has src's shape.
func CastTo(dst, src *Tensor) {
	if !dst.SameShape(src) {
		panic(fmt.Sprintf("tensor: Cast: the destination's shape is %v, the result's %v", dst.shape, src.shape))
	}
	if dst.dtype == src.dtype {
		dst.broadcastFrom(src)
		return
	}
	p := temporaries.Get().(*Pool)
	to := dst
	if !dst.contig {
		to = p.New(dst.dtype, dst.shape...)
	}
	src = contiguousIn(p, src)
	if (src.dtype == Float16 || src.dtype == BFloat16) && dst.dtype != Float32 { // by way of Float32, which holds either exactly
		wide := p.New(Float32, src.shape...)
		widen(wide, src)
		src = wide
	}
	c := castings.Get().(*casting)
	c.dst, c.src = to, src
	share(src.n, 1, c.do)
	c.dst, c.src = nil, nil
	castings.Put(c)
	if to != dst {
		dst.broadcastFrom(to)
	}
	p.Reset()
	temporaries.Put(p)
}

// casting is a call that workers share, kept so that a call allocates nothing.
type casting struct {
	dst, src *Tensor
	do       func(lo, hi int)
}

var castings = sync.Pool{New: func() any {
	c := new(casting)
	c.do = c.part
	return c
}}

// part converts elements [lo, hi).
func (c *casting) part(lo, hi int) {
	d, s := headers.Get().(*Tensor), headers.Get().(*Tensor)
	c.dst.runInto(d, lo, hi)
	c.src.runInto(s, lo, hi)
	castInto(d, s)
	d.data, s.data = nil, nil
	headers.Put(d)
	headers.Put(s)
}

// runInto makes v the view of elements [lo, hi) of t, which is contiguous, in one axis.
func (t *Tensor) runInto(v *Tensor, lo, hi int) {
	v.data, v.n, v.dtype, v.contig = unsafe.Add(t.data, lo*t.dtype.Size()), hi-lo, t.dtype, true
	v.setRank(1)
	v.shape[0], v.strides[0] = hi-lo, 1
}

// castInto converts between contiguous tensors, from a 16-bit float to Float32 alone.
func castInto(dst, src *Tensor) {
	switch src.dtype {
	case Float32:
		castFloat(dst, Data[float32](src))
	case Float64:
		castFloat(dst, Data[float64](src))
	case Int32:
		castInt(dst, Data[int32](src))
	case Int64:
		castInt(dst, Data[int64](src))
	case Uint8:
		castInt(dst, Data[uint8](src))
	case Int8:
		castInt(dst, Data[int8](src))
	case Bool:
		castInt(dst, Bytes(src)) // a Go bool is one byte, 0 or 1
	default:
		widen(dst, src)
	}
}

// widen converts a 16-bit float tensor to a Float32 one.
func widen(dst, src *Tensor) {
	if src.dtype == Float16 {
		vec.FromFloat16(Data[float32](dst), Bits(src))
	} else {
		vec.FromBFloat16(Data[float32](dst), Bits(src))
	}
}

func castFloat[S float32 | float64](dst *Tensor, src []S) {
	switch dst.dtype {
	case Float32:
		convert(Data[float32](dst), src)
	case Float64:
		convert(Data[float64](dst), src)
	case Int32:
		truncate(Data[int32](dst), src, math.MinInt32, math.MaxInt32)
	case Int64:
		truncate(Data[int64](dst), src, math.MinInt64, math.MaxInt64)
	case Uint8:
		truncate(Data[uint8](dst), src, 0, math.MaxUint8)
	case Int8:
		truncate(Data[int8](dst), src, math.MinInt8, math.MaxInt8)
	default:
		castOther(dst, src)
	}
}

func castInt[S int32 | int64 | uint8 | int8](dst *Tensor, src []S) {
	switch dst.dtype {
	case Float32:
		convert(Data[float32](dst), src)
	case Float64:
		convert(Data[float64](dst), src)
	case Int32:
		convert(Data[int32](dst), src)
	case Int64:
		convert(Data[int64](dst), src)
	case Uint8:
		convert(Data[uint8](dst), src)
	case Int8:
		convert(Data[int8](dst), src)
	default:
		castOther(dst, src)
	}
}

// number is what arithmetic conversion goes between.
type number interface {
	~float32 | ~float64 | int32 | int64 | uint8 | int8
}

// castOther converts to the dtypes that Go has no arithmetic type for.
func castOther[S number](dst *Tensor, src []S) {
	switch dst.dtype {
	case Bool:
		d := Data[bool](dst)[:len(src)]
		for i, v := range src {
			d[i] = v != 0
		}
	case Float16:
		if x, ok := any(src).([]float32); ok {
			vec.ToFloat16(Bits(dst), x)
		} else {
			narrow(Bits(dst), src, toFloat16)
		}
	case BFloat16:
		if x, ok := any(src).([]float32); ok {
			vec.ToBFloat16(Bits(dst), x)
		} else {
			narrow(Bits(dst), src, toBFloat16)
		}
	}
}

func convert[D, S number](dst []D, src []S) {
	for i, v := range src {
		dst[i] = D(v)
	}
}

// truncate converts floats to integers between lo and hi.
func truncate[D integer, S float32 | float64](dst []D, src []S, lo, hi D) {
	for i, v := range src {
		dst[i] = truncated(float64(v), lo, hi)
	}
}

// truncated converts one. The comparison is made in float64, where hi may round up to hi+1 (for int64), hence ≥.
func truncated[D integer](f float64, lo, hi D) D {
	switch {
	case f != f:
		return 0
	case f <= float64(lo):
		return lo
	case f >= float64(hi):
		return hi
	default:
		return D(f)
	}
}

func narrow[S number](dst []uint16, src []S, to func(float32) uint16) {
	for i, v := range src {
		dst[i] = to(float32(v))
	}
}
