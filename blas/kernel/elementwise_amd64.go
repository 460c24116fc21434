//go:build !purego

// Elementwise kernels in assembly. All take the same arguments, and look at those that their operation has.

package kernel

import (
	"unsafe"

	"github.com/tutti-ml/tutti/internal/cpu"
)

// Elementwise computes dst by op from a and b, which are as long as dst wherever op takes them, and reports true; it
// reports false, and has done nothing, if isa has no kernel for op. dst may be exactly a or b.
//
// Down to OpRsqrt the kernels round as their definitions above say and so give the references' bits; the errors of
// those below are bounded where package vec documents them.
func Elementwise(isa cpu.ISA, op Op, dst, a, b []float32, alpha float32) bool {
	if isa < cpu.AVX2 {
		return false
	}
	n, d, x, y := len(dst), unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b)
	switch op {
	case OpAdd:
		addAVX2(n, d, x, y, alpha)
	case OpSub:
		subAVX2(n, d, x, y, alpha)
	case OpMul:
		mulAVX2(n, d, x, y, alpha)
	case OpDiv:
		divAVX2(n, d, x, y, alpha)
	case OpMulAdd:
		mulAddAVX2(n, d, x, y, alpha)
	case OpMaximum:
		maximumAVX2(n, d, x, y, alpha)
	case OpMinimum:
		minimumAVX2(n, d, x, y, alpha)
	case OpScale:
		scaleAVX2(n, d, x, y, alpha)
	case OpAddScalar:
		addScalarAVX2(n, d, x, y, alpha)
	case OpAxpy:
		axpyAVX2(n, d, x, d, alpha)
	case OpNeg:
		negAVX2(n, d, x, y, alpha)
	case OpAbs:
		absAVX2(n, d, x, y, alpha)
	case OpRelu:
		reluGradAVX2(n, d, x, x, alpha)
	case OpReluGrad:
		reluGradAVX2(n, d, x, y, alpha)
	case OpTanhGrad:
		tanhGradAVX2(n, d, x, y, alpha)
	case OpSigmoidGrad:
		sigmoidGradAVX2(n, d, x, y, alpha)
	case OpLeakyRelu:
		leakyReluAVX2(n, d, x, x, alpha)
	case OpLeakyReluGrad:
		leakyReluAVX2(n, d, x, y, alpha)
	case OpFill:
		fillAVX2(n, d, x, y, alpha)
	case OpAtLeast:
		atLeastAVX2(n, d, x, y, alpha)
	case OpAtMost:
		atMostAVX2(n, d, x, y, alpha)
	case OpKeepAbove:
		keepAboveAVX2(n, d, x, y, alpha)
	case OpKeepBelow:
		keepBelowAVX2(n, d, x, y, alpha)
	case OpHardswishGrad:
		hardswishGradAVX2(n, d, x, y, alpha)
	case OpSqrt:
		sqrtAVX2(n, d, x, y, alpha)
	case OpRsqrt:
		rsqrtAVX2(n, d, x, y, alpha)
	case OpExp:
		expAVX2(n, d, x, y, alpha)
	case OpLog:
		logAVX2(n, d, x, y, alpha)
	case OpTanh:
		tanhAVX2(n, d, x, y, alpha)
	case OpSigmoid:
		sigmoidAVX2(n, d, x, y, alpha)
	case OpSilu:
		siluAVX2(n, d, x, y, alpha)
	case OpSiluGrad:
		siluGradAVX2(n, d, y, x, alpha)
	case OpErf:
		erfAVX2(n, d, x, y, alpha)
	case OpElu:
		eluAVX2(n, d, x, y, alpha)
	case OpSoftplus:
		softplusAVX2(n, d, x, y, alpha)
	case OpGelu:
		geluAVX2(n, d, x, y, alpha)
	case OpGeluGrad:
		geluGradAVX2(n, d, y, x, alpha)
	default:
		return false
	}
	return true
}

//go:noescape
func addAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func subAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func mulAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func divAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func mulAddAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func maximumAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func minimumAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func scaleAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func addScalarAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func axpyAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func negAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func absAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func reluGradAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func tanhGradAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func sigmoidGradAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func fillAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func sqrtAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func expAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func logAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func tanhAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func sigmoidAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func geluAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func geluGradAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func leakyReluAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func rsqrtAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func siluAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func siluGradAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func erfAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func atLeastAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func atMostAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func keepAboveAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func keepBelowAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func hardswishGradAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func eluAVX2(n int, dst, a, b *float32, alpha float32)

//go:noescape
func softplusAVX2(n int, dst, a, b *float32, alpha float32)
