//go:build !purego

// Reductions in assembly.

package kernel

import (
	"unsafe"

	"github.com/tutti-ml/tutti/internal/cpu"
)

// Reduces reports whether isa has the reductions below, which must not be called otherwise.
func Reduces(isa cpu.ISA) bool { return isa >= cpu.AVX2 }

// SumLanes returns Σ x.
func SumLanes(x []float32) float32 { return sumLanesAVX2(len(x), unsafe.SliceData(x)) }

// DotLanes returns Σ x·y; y is as long as x.
func DotLanes(x, y []float32) float32 {
	return dotLanesAVX2(len(x), unsafe.SliceData(x), unsafe.SliceData(y))
}

// MaxOf returns the largest of at least 8 elements, or NaN if one is; +0 is more than -0.
func MaxOf(isa cpu.ISA, x []float32) float32 {
	if isa >= cpu.AVX512 && len(x) >= 16 {
		return maxAVX512(len(x), unsafe.SliceData(x))
	}
	return maxAVX2(len(x), unsafe.SliceData(x))
}

// MinOf returns the smallest of at least 8 elements, or NaN if one is; -0 is less than +0.
func MinOf(isa cpu.ISA, x []float32) float32 {
	if isa >= cpu.AVX512 && len(x) >= 16 {
		return minAVX512(len(x), unsafe.SliceData(x))
	}
	return minAVX2(len(x), unsafe.SliceData(x))
}

// IndexOf returns the index of the first of at least 8 elements that equals v, or -1.
func IndexOf(isa cpu.ISA, x []float32, v float32) (at int) {
	if isa >= cpu.AVX512 && len(x) >= 16 {
		return indexAVX512(len(x), unsafe.SliceData(x), v)
	}
	return indexAVX2(len(x), unsafe.SliceData(x), v)
}

// Largest is MaxOf where no element is NaN, but that zeros may have any sign; with NaN it is any element. It is twice as fast.
func Largest(x []float32) float32 { return largestAVX2(len(x), unsafe.SliceData(x)) }

// ExpSum stores exp(x - shift) in dst, which is as long as x and may be x, and returns the sum of what it stored. No element
// of x is above shift.
func ExpSum(dst, x []float32, shift float32) float32 {
	return expSumAVX2(len(x), unsafe.SliceData(dst), unsafe.SliceData(x), shift)
}

// SumExp returns Σ exp(x - shift). No element of x is above shift.
func SumExp(x []float32, shift float32) float32 {
	return sumExpAVX2(len(x), unsafe.SliceData(x), shift)
}

//go:noescape
func sumLanesAVX2(n int, x *float32) float32

//go:noescape
func dotLanesAVX2(n int, x, y *float32) float32

//go:noescape
func maxAVX2(n int, x *float32) float32

//go:noescape
func largestAVX2(n int, x *float32) float32

//go:noescape
func minAVX2(n int, x *float32) float32

//go:noescape
func indexAVX2(n int, x *float32, v float32) int

//go:noescape
func expSumAVX2(n int, dst, x *float32, shift float32) float32

//go:noescape
func sumExpAVX2(n int, x *float32, shift float32) float32

//go:noescape
func maxAVX512(n int, x *float32) float32

//go:noescape
func minAVX512(n int, x *float32) float32

//go:noescape
func indexAVX512(n int, x *float32, v float32) int
