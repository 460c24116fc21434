package kernel

// This file names the elementwise kernels on float32 slices of unit stride. Their references are the loops of package
// blas/vec, which asks here first.

import "github.com/tutti-ml/tutti/internal/cpu"

// Best returns the highest ISA that this machine and TUTTI_ISA allow: cpu.Best, for packages that choose kernels.
func Best() cpu.ISA { return cpu.Best() }

// An Op names an elementwise computation of dst from operands a and b and a scalar alpha.
type Op uint8

const (
	OpAdd           Op = iota // a + b
	OpSub                     // a - b
	OpMul                     // a·b
	OpDiv                     // a/b
	OpMulAdd                  // dst + a·b, the product rounded first
	OpMaximum                 // max(a, b) as Go's: NaN if either is, and +0 is more than -0
	OpMinimum                 // min(a, b)
	OpScale                   // alpha·a
	OpAddScalar               // alpha + a
	OpAxpy                    // dst + alpha·a, the product rounded first
	OpNeg                     // -a
	OpAbs                     // |a|
	OpRelu                    // a where a > 0 or NaN, else +0
	OpReluGrad                // a where b > 0 or NaN, else +0
	OpTanhGrad                // a·(1 - b²), every operation rounded
	OpSigmoidGrad             // a·(b·(1 - b)), every operation rounded
	OpLeakyRelu               // a where a > 0, else alpha·a
	OpLeakyReluGrad           // a where b > 0, else alpha·a
	OpFill                    // alpha
	OpAtLeast                 // max(a, alpha), as OpMaximum
	OpAtMost                  // min(a, alpha)
	OpKeepAbove               // a where b > alpha, else +0
	OpKeepBelow               // a where b < alpha, else +0
	OpHardswishGrad           // a·(b/3 + 1/2), but +0 where b ≤ -3, and a where b ≥ 3; all rounded, b/3 as b·(1/3)
	OpSqrt                    // √a
	OpRsqrt                   // 1/√a, both rounded
	OpExp                     // eᵃ
	OpLog                     // log a
	OpTanh                    // tanh a
	OpSigmoid                 // 1/(1+e⁻ᵃ)
	OpSilu                    // a/(1+e⁻ᵃ)
	OpSiluGrad                // a·silu'(b)
	OpErf                     // erf a
	OpElu                     // max(a, 0) + alpha·(e^min(a, 0) - 1)
	OpSoftplus                // log(1 + eᵃ)
	OpGelu                    // a·Φ(a), Φ the normal distribution function
	OpGeluGrad                // a·gelu'(b)
	Ops                       // how many there are
)
