//go:build !purego

// The error function for AVX2 and FMA on float32 vectors of unit stride.
//
// Reference: erf in blas/vec/erf.go, which computes in float64.
// Source: the coefficients are minimax, from the program in blas/vec/exp_test.go.
//
// With a = |x|: below 1, erf a = a + a·(s0 + s1·a² + … + s6·a¹²), relative error 2⁻²⁵ of the sum, an eighth of the whole; from
// there on 1 - exp(q0 + q1·t + … + q7·t⁷) with t = min(a, 4) - 1, where the exponential is erfc a, 0.16 at most, so that the sixteenth
// of its error counts; erf 4 rounds to 1. The sign is put back at the end.
//
//	Y0-Y3  one vector on its way, as in exp_avx2_amd64.h    Y4  where a < 1    Y14  x    Y15  the result for a < 1

#include "textflag.h"
#include "vector_avx2_amd64.h"
#include "exp_avx2_amd64.h"

SPLAT(magnitude, $0x7fffffff)
SPLAT(minusZero, $0x80000000)
SPLAT(erfHigh, $4.0)
SPLAT(s0, $0x3e0375d4)
SPLAT(s1, $0xbec0939e)
SPLAT(s2, $0x3de71665)
SPLAT(s3, $0xbcdbfc75)
SPLAT(s4, $0x3baa0a11)
SPLAT(s5, $0xba5255ac)
SPLAT(s6, $0x38a5ef17)
SPLAT(q0, $0xbfecbfe0)
SPLAT(q1, $0xc028e4c2)
SPLAT(q2, $0xbf57d8db)
SPLAT(q3, $0xbd29a9c7)
SPLAT(q4, $0x3c21477b)
SPLAT(q5, $0xbaf4a04b)
SPLAT(q6, $0x3979f0a3)
SPLAT(q7, $0xb7765235)

// MINPS returns its second operand where it is NaN: NaN goes through.
#define ERF \
	VMOVAPS      Y0, Y14                   \
	VANDPS       magnitude<>(SB), Y0, Y0   \
	VMULPS       Y0, Y0, Y1                \
	VMOVUPS      s6<>(SB), Y2              \
	VFMADD213PS  s5<>(SB), Y1, Y2          \
	VFMADD213PS  s4<>(SB), Y1, Y2          \
	VFMADD213PS  s3<>(SB), Y1, Y2          \
	VFMADD213PS  s2<>(SB), Y1, Y2          \
	VFMADD213PS  s1<>(SB), Y1, Y2          \
	VFMADD213PS  s0<>(SB), Y1, Y2          \
	VMOVAPS      Y0, Y15                   \
	VFMADD231PS  Y0, Y2, Y15               \
	VCMPPS       $1, one<>(SB), Y0, Y4     \
	VMOVUPS      erfHigh<>(SB), Y1         \
	VMINPS       Y0, Y1, Y0                \
	VSUBPS       ONE, Y0, Y1               \
	VMOVUPS      q7<>(SB), Y0              \
	VFMADD213PS  q6<>(SB), Y1, Y0          \
	VFMADD213PS  q5<>(SB), Y1, Y0          \
	VFMADD213PS  q4<>(SB), Y1, Y0          \
	VFMADD213PS  q3<>(SB), Y1, Y0          \
	VFMADD213PS  q2<>(SB), Y1, Y0          \
	VFMADD213PS  q1<>(SB), Y1, Y0          \
	VFMADD213PS  q0<>(SB), Y1, Y0          \
	REDUCE                                 \
	EXPM1                                  \
	VPSLLD       $23, Y1, Y1               \
	VPADDD       ONE, Y1, Y1               \
	VSUBPS       Y1, ONE, Y2               \
	VFNMADD213PS Y2, Y1, Y3                \
	VBLENDVPS    Y4, Y15, Y3, Y3           \
	VANDPS       minusZero<>(SB), Y14, Y14 \
	VORPS        Y14, Y3, Y0

// func erfAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·erfAVX2(SB), NOSPLIT, $0-36
	CONSTANTS
	WALK(ERF, ERF)
