//go:build !purego

// GELU, x·Φ(x) with the normal distribution function Φ, and its gradient, for AVX2 and FMA on float32 vectors of unit stride.
//
// Reference: gelu and geluGrad in blas/vec/gelu.go, which compute in float64.
// Source: W. J. Cody, "Rational Chebyshev approximations for the error function", Mathematics of Computation 23, 1969, for the
// scaled form; the coefficients are minimax, from the program in blas/vec/exp_test.go.
//
// With a = |x|: Φ(-a) = R·exp(-a²/2), and R = (g0 + g1·t + … + g9·t⁹)/(a + 2.5) with t = 1 - 5/(a + 2.5), relative error 2⁻²⁶.
// The square's rounding error, which FMA gives exactly, goes into the exponential too, or it would spoil the tail. Then
//
//	gelu(x)  = max(x, 0) - a·Φ(-a)
//	gelu'(x) = D for x < 0, 1 - D for x > 0, with D = Φ(-a) - a·exp(-a²/2)/√2π = (R - a/√2π)·exp(-a²/2)
//
//	Y0-Y4  one vector on its way, as in exp_avx2_amd64.s    Y14  x    Y15  R    DX  dy of the gradient

#include "textflag.h"
#include "vector_avx2_amd64.h"
#include "exp_avx2_amd64.h"

SPLAT(magnitude, $0x7fffffff)
SPLAT(minusZero, $0x80000000)
SPLAT(geluHigh, $15.0) // from 14.5 on, all that is left of both is less than half the smallest number
SPLAT(shift, $2.5)
SPLAT(minusFive, $-5.0)
SPLAT(minusHalf, $-0.5)
SPLAT(density0, $0x3ecc422a) // 1/√2π
SPLAT(g0, $0x3f34e773)
SPLAT(g1, $0xbede0ce1)
SPLAT(g2, $0x3e072797)
SPLAT(g3, $0x3c17523c)
SPLAT(g4, $0xbc863bfa)
SPLAT(g5, $0xbad1d75f)
SPLAT(g6, $0x3b255de8)
SPLAT(g7, $0x3a3365af)
SPLAT(g8, $0xb9a2fb9a)
SPLAT(g9, $0xb924e82b)

// PHI leaves a in Y0 and R in Y15; FACTOR makes of R what is to be multiplied by exp(-a²/2), and Y3 becomes that product.
#define PHI(FACTOR) \
	VMOVAPS      Y0, Y14                 \
	VANDPS       magnitude<>(SB), Y0, Y0 \
	VMOVUPS      geluHigh<>(SB), Y1      \
	VMINPS       Y0, Y1, Y0              \
	VADDPS       shift<>(SB), Y0, Y15    \
	VDIVPS       Y15, ONE, Y15           \
	VMOVUPS      minusFive<>(SB), Y4     \
	VFMADD213PS  ONE, Y15, Y4            \
	VMOVUPS      g9<>(SB), Y2            \
	VFMADD213PS  g8<>(SB), Y4, Y2        \
	VFMADD213PS  g7<>(SB), Y4, Y2        \
	VFMADD213PS  g6<>(SB), Y4, Y2        \
	VFMADD213PS  g5<>(SB), Y4, Y2        \
	VFMADD213PS  g4<>(SB), Y4, Y2        \
	VFMADD213PS  g3<>(SB), Y4, Y2        \
	VFMADD213PS  g2<>(SB), Y4, Y2        \
	VFMADD213PS  g1<>(SB), Y4, Y2        \
	VFMADD213PS  g0<>(SB), Y4, Y2        \
	VMULPS       Y2, Y15, Y15            \
	FACTOR                               \
	VMULPS       Y0, Y0, Y3              \
	VMOVAPS      Y3, Y4                  \
	VFMSUB231PS  Y0, Y0, Y4              \
	VMULPS       minusHalf<>(SB), Y3, Y0 \
	REDUCE                               \
	VFMADD231PS  minusHalf<>(SB), Y4, Y0 \
	EXPM1                                \
	VFMADD213PS  Y15, Y15, Y3            \
	HALVES                               \
	VMULPS       Y2, Y3, Y3              \
	VMULPS       Y1, Y3, Y3

// MAXPS returns its second operand, x, if that is NaN or both are zero.
#define TIMESA VMULPS Y0, Y15, Y15
#define GELU \
	PHI(TIMESA)                    \
	VMOVUPS minusZero<>(SB), Y0    \
	VMAXPS  Y14, Y0, Y0            \
	VSUBPS  Y3, Y0, Y0

// func geluAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·geluAVX2(SB), NOSPLIT, $0-36
	CONSTANTS
	WALK(GELU, GELU)

#define LESSDENSITY VFNMADD231PS density0<>(SB), Y0, Y15
#define SLOPE \
	PHI(LESSDENSITY)          \
	VSUBPS    Y3, ONE, Y0     \
	VBLENDVPS Y14, Y3, Y0, Y0

#define GELUGRAD \
	SLOPE                     \
	VMULPS (DX)(AX*1), Y0, Y0

#define GELUGRADTAIL \
	SLOPE                           \
	VMOVUPS    (R8), Y4             \
	VMASKMOVPS (DX)(AX*1), Y4, Y4   \
	VMULPS     Y4, Y0, Y0

// func geluGradAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·geluGradAVX2(SB), NOSPLIT, $0-36
	MOVQ b+24(FP), DX
	CONSTANTS
	WALK(GELUGRAD, GELUGRADTAIL)
