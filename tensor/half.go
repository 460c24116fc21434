package tensor

import "math"

// The 16-bit floats, one number at a time: the reference that wider conversions are compared with.

// toBFloat16 rounds f to bfloat16 (8 exponent bits, 7 fraction bits), to nearest, ties to even. A NaN stays a NaN.
func toBFloat16(f float32) uint16 {
	b := math.Float32bits(f)
	if f != f {
		return uint16(b>>16) | 0x40 // keep it quiet: dropping low bits must not make an infinity of it
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// fromBFloat16 is exact: a bfloat16 is the upper half of a float32.
func fromBFloat16(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

// toFloat16 rounds f to IEEE 754 binary16 (5 exponent bits, 10 fraction bits), to nearest, ties to even; beyond 65504 it is
// an infinity, below 2⁻²⁵ a zero, and between 2⁻²⁵ and 2⁻¹⁴ a subnormal.
func toFloat16(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b >> 16 & 0x8000)
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000: // NaN
		return sign | 0x7e00 | uint16(b>>13&0x3ff)
	case b >= 0x477ff000: // rounds to 65536 or more
		return sign | 0x7c00
	case b >= 0x38800000: // normal: rebias the exponent by 127−15 and round off 13 bits
		b += 0xfff + b>>13&1
		return sign | uint16((b-0x38000000)>>13)
	default: // subnormal: adding 0.5 aligns the fraction so that its last bit is 2⁻²⁴, and the addition itself rounds
		return sign | uint16(math.Float32bits(math.Float32frombits(b)+0.5)-0x3f000000)
	}
}

// fromFloat16 is exact.
func fromFloat16(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp, frac := uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exp {
	case 0: // zero or subnormal: frac · 2⁻²⁴
		return math.Float32frombits(sign | math.Float32bits(float32(frac)*0x1p-24))
	case 0x1f: // infinity or NaN
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	default:
		return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
	}
}
