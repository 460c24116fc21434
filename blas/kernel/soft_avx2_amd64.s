//go:build !purego

// Smooth relatives of max(x, 0) for AVX2 and FMA on float32 vectors of unit stride: ELU and softplus.
//
// Reference: elu and softplus in blas/vec/elu.go and softplus.go, which compute in float64.
// Source: the exponential of exp_avx2_amd64.h; the series of the inverse hyperbolic tangent.
//
//	Y0-Y3  one vector on its way, as in exp_avx2_amd64.h    Y4, Y14, Y15  see each function

#include "textflag.h"
#include "vector_avx2_amd64.h"
#include "exp_avx2_amd64.h"

SPLAT(eluLow, $-80.0)       // e⁻⁸⁰ - 1 rounds to -1
SPLAT(expLow, $-104.0)      // e⁻¹⁰⁴ is less than half the smallest number
SPLAT(sign, $0x80000000)
SPLAT(two, $2.0)
SPLAT(quarter, $0.25)
SPLAT(minusOne, $-1.0)
SPLAT(a1, $0x3eaaaaab)      // 1/3
SPLAT(a2, $0x3e4ccccd)      // 1/5
SPLAT(a3, $0x3e124925)      // 1/7
SPLAT(a4, $0x3de38e39)      // 1/9
SPLAT(a5, $0x3dba2e8c)      // 1/11
SPLAT(a6, $0x3d9d89d9)      // 1/13
SPLAT(a7, $0x3d888889)      // 1/15

// ELU is max(x, 0) + alpha·e with e = 2ⁿ·(e^r - 1) + (2ⁿ - 1) for min(x, 0): near zero n is 0, and no digits are lost. Minima and maxima
// return their second operand, x, where it is NaN.
//
//	Y4  x    Y14  alpha    Y15  zero
#define ELU \
	VMOVAPS     Y0, Y4               \
	VMINPS      Y0, Y15, Y0          \
	VMOVUPS     eluLow<>(SB), Y1     \
	VMAXPS      Y0, Y1, Y0           \
	REDUCE                           \
	EXPM1                            \
	VPSLLD      $23, Y1, Y1          \
	VPADDD      ONE, Y1, Y1          \
	VADDPS      minusOne<>(SB), Y1, Y2 \
	VFMADD213PS Y2, Y1, Y3           \
	VMAXPS      Y4, Y15, Y0          \
	VMULPS      Y14, Y3, Y3          \
	VADDPS      Y3, Y0, Y0

// func eluAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·eluAVX2(SB), NOSPLIT, $0-36
	VBROADCASTSS alpha+32(FP), Y14
	VXORPS       Y15, Y15, Y15
	CONSTANTS
	WALK(ELU, ELU)

// Softplus is max(x, 0) + log(1 + E) with E = e^-|x|, and that logarithm 2·artanh s with s = E/(2 + E), at most 1/3: of its series in
// s² what is left out is less than 2⁻²⁸ of it. 2s is the quotient of 2E, which halves no subnormal number.
//
//	Y4  x    Y14  2s    Y15  zero
#define SOFTPLUS \
	VMOVAPS     Y0, Y4               \
	VORPS       sign<>(SB), Y0, Y0   \
	VMOVUPS     expLow<>(SB), Y1     \
	VMAXPS      Y0, Y1, Y0           \
	REDUCE                           \
	EXPM1                            \
	SCALE                            \
	VADDPS      two<>(SB), Y3, Y1    \
	VADDPS      Y3, Y3, Y3           \
	VDIVPS      Y1, Y3, Y14          \
	VMULPS      Y14, Y14, Y1         \
	VMULPS      quarter<>(SB), Y1, Y1 \
	VMOVUPS     a7<>(SB), Y2         \
	VFMADD213PS a6<>(SB), Y1, Y2     \
	VFMADD213PS a5<>(SB), Y1, Y2     \
	VFMADD213PS a4<>(SB), Y1, Y2     \
	VFMADD213PS a3<>(SB), Y1, Y2     \
	VFMADD213PS a2<>(SB), Y1, Y2     \
	VFMADD213PS a1<>(SB), Y1, Y2     \
	VMULPS      Y1, Y2, Y2           \
	VFMADD213PS Y14, Y14, Y2         \
	VMAXPS      Y4, Y15, Y0          \
	VADDPS      Y2, Y0, Y0

// func softplusAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·softplusAVX2(SB), NOSPLIT, $0-36
	VXORPS  Y15, Y15, Y15
	CONSTANTS
	WALK(SOFTPLUS, SOFTPLUS)
