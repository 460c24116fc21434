package vec

// This file converts between float32 and the 16-bit floats, which are for storage and the wire: IEEE 754 binary16 (5 exponent
// bits, 10 fraction bits) and bfloat16 (8 and 7), as bits in uint16. Rounding is to nearest, ties to even; a NaN stays a
// NaN, made quiet, with the upper bits of its payload. The bits are the same on every machine.

import (
	"math"
	"sync"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/parallel"
)

// ToFloat16 stores x, rounded to binary16, in dst. Beyond 65504 it is an infinity from 65520 on; below 2⁻¹⁴ a subnormal,
// and up to 2⁻²⁵ a zero.
func ToFloat16(dst []uint16, x []float32) {
	same("ToFloat16", len(dst), len(x))
	convert16(dst, x, toFloat16)
}

// ToBFloat16 stores x, rounded to bfloat16, in dst.
func ToBFloat16(dst []uint16, x []float32) {
	same("ToBFloat16", len(dst), len(x))
	convert16(dst, x, toBFloat16)
}

// FromFloat16 stores the values of the binary16 numbers x in dst, exactly.
func FromFloat16(dst []float32, x []uint16) {
	same("FromFloat16", len(dst), len(x))
	convert16(x, dst, fromFloat16)
}

// FromBFloat16 stores the values of the bfloat16 numbers x in dst, exactly.
func FromBFloat16(dst []float32, x []uint16) {
	same("FromBFloat16", len(dst), len(x))
	convert16(x, dst, fromBFloat16)
}

// A conversion names one of the four.
type conversion uint8

const (
	toFloat16 conversion = iota
	toBFloat16
	fromFloat16
	fromBFloat16
)

// convert16 converts between h and f, spread over the worker threads.
func convert16(h []uint16, f []float32, c conversion) {
	const grain = 32 << 10
	if len(h) < 2*grain {
		c.apply(h, f)
		return
	}
	t, _ := halfTasks.Get().(*halfTask)
	if t == nil {
		t = new(halfTask)
		t.do = func(lo, hi int) { t.c.apply(t.h[lo:hi], t.f[lo:hi]) }
	}
	t.h, t.f, t.c = h, f, c
	parallel.For(len(h), grain, t.do)
	t.h, t.f = nil, nil
	halfTasks.Put(t)
}

// halfTask is a call that workers share, kept so that a call allocates nothing.
type halfTask struct {
	h  []uint16
	f  []float32
	c  conversion
	do func(lo, hi int)
}

var halfTasks sync.Pool

// apply converts here.
func (c conversion) apply(h []uint16, f []float32) {
	vector := kernel.Converts16(isa, len(h))
	f = f[:len(h)]
	switch {
	case vector && c == toFloat16:
		kernel.ToFloat16(h, f)
	case vector && c == toBFloat16:
		kernel.ToBFloat16(h, f)
	case vector && c == fromFloat16:
		kernel.FromFloat16(f, h)
	case vector && c == fromBFloat16:
		kernel.FromBFloat16(f, h)
	case c == toFloat16:
		for i, v := range f {
			h[i] = float16(v)
		}
	case c == toBFloat16:
		for i, v := range f {
			h[i] = bfloat16(v)
		}
	case c == fromFloat16:
		for i, v := range h {
			f[i] = float16Value(v)
		}
	case c == fromBFloat16:
		for i, v := range h {
			f[i] = bfloat16Value(v)
		}
	}
}

// bfloat16 rounds f.
func bfloat16(f float32) uint16 {
	b := math.Float32bits(f)
	if f != f {
		return uint16(b>>16) | 0x40 // quiet: dropping low bits must not make an infinity of it
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// bfloat16Value is exact: a bfloat16 is the upper half of a float32.
func bfloat16Value(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

// float16 rounds f.
func float16(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b >> 16 & 0x8000)
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000: // NaN
		return sign | 0x7e00 | uint16(b>>13&0x3ff)
	case b >= 0x477ff000: // rounds to 65536 or more
		return sign | 0x7c00
	case b >= 0x38800000: // normal: rebias the exponent by 127-15 and round off 13 bits
		b += 0xfff + b>>13&1
		return sign | uint16((b-0x38000000)>>13)
	default: // subnormal: adding 0.5 aligns the fraction so that its last bit is 2⁻²⁴, and the addition itself rounds
		return sign | uint16(math.Float32bits(math.Float32frombits(b)+0.5)-0x3f000000)
	}
}

// float16Value is exact.
func float16Value(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp, frac := uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch {
	case exp == 0: // zero or subnormal: frac · 2⁻²⁴
		return math.Float32frombits(sign | math.Float32bits(float32(frac)*0x1p-24))
	case exp < 0x1f:
		return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
	case frac == 0:
		return math.Float32frombits(sign | 0x7f800000)
	default: // NaN, quiet
		return math.Float32frombits(sign | 0x7fc00000 | frac<<13)
	}
}
