//go:build !purego

// Conversions between float32 and the 16-bit floats in assembly.

package kernel

import (
	"unsafe"

	"github.com/klauspost/cpuid/v2"

	"github.com/tutti-ml/tutti/internal/cpu"
)

// F16C came before AVX2, but has a bit of its own.
var haveF16C = cpuid.CPU.Supports(cpuid.F16C)

// Converts16 reports whether isa has the conversions below for n elements; they must not be called otherwise.
func Converts16(isa cpu.ISA, n int) bool { return isa >= cpu.AVX2 && haveF16C && n >= 16 }

// ToFloat16 stores x, rounded to binary16, in dst, which is as long.
func ToFloat16(dst []uint16, x []float32) {
	toF16AVX2(len(x), unsafe.SliceData(dst), unsafe.SliceData(x))
}

// ToBFloat16 stores x, rounded to bfloat16, in dst, which is as long.
func ToBFloat16(dst []uint16, x []float32) {
	toBF16AVX2(len(x), unsafe.SliceData(dst), unsafe.SliceData(x))
}

// FromFloat16 stores the values of the binary16 numbers x in dst, which is as long.
func FromFloat16(dst []float32, x []uint16) {
	fromF16AVX2(len(x), unsafe.SliceData(dst), unsafe.SliceData(x))
}

// FromBFloat16 stores the values of the bfloat16 numbers x in dst, which is as long.
func FromBFloat16(dst []float32, x []uint16) {
	fromBF16AVX2(len(x), unsafe.SliceData(dst), unsafe.SliceData(x))
}

//go:noescape
func toF16AVX2(n int, dst *uint16, x *float32)

//go:noescape
func toBF16AVX2(n int, dst *uint16, x *float32)

//go:noescape
func fromF16AVX2(n int, dst *float32, x *uint16)

//go:noescape
func fromBF16AVX2(n int, dst *float32, x *uint16)
