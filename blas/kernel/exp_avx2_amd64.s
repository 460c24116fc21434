//go:build !purego

// The exponential and its kin for AVX2 and FMA on float32 vectors of unit stride: exp, sigmoid, SiLU, tanh.
//
// Reference: the loops of package blas/vec (exp.go, sigmoid.go, silu.go, tanh.go), which compute in float64.
// Source: Cody and Waite, Software Manual for the Elementary Functions, 1980, for the reduction; the coefficients are minimax,
// from the program in blas/vec/exp_test.go.
//
// exp_avx2_amd64.h has the exponential itself.
//
//	Y0-Y4  one vector on its way    Y5-Y13  constants    Y14, Y15  constants of one function

#include "textflag.h"
#include "vector_avx2_amd64.h"
#include "exp_avx2_amd64.h"

SPLAT(expLow, $-104.0)         // e⁻¹⁰⁴ is less than half the smallest number
SPLAT(sigmoidHigh, $104.0)
SPLAT(expHigh, $89.0)          // e⁸⁹ is more than the largest
SPLAT(quick, $87.0)            // e^±87 is a normal number
SPLAT(minusQuick, $-87.0)
SPLAT(magnitude, $0x7fffffff)
SPLAT(sign, $0x80000000)
SPLAT(two, $2.0)
SPLAT(tanhHigh, $20.0)         // tanh 10 rounds to 1
SPLAT(tanhSmall, $0.625)
SPLAT(t0, $0xbeaaaaa9)
SPLAT(t1, $0x3e08870f)
SPLAT(t2, $0xbd5c92d1)
SPLAT(t3, $0x3cac02a6)
SPLAT(t4, $0xbbc7c8da)

#define LOW Y15
#define HIGH Y14
#define SIGN Y15

// EXP leaves e^Y0 in Y3. MAXPS and MINPS return their second operand where it is NaN: NaN goes through.
#define EXP \
	VMAXPS  Y0, LOW, Y0  \
	VMINPS  Y0, HIGH, Y0 \
	REDUCE               \
	EXPM1                \
	SCALE

// QUICK is EXP where |x| < 87: neither bounds nor a second factor are needed, and the exponent is added to that of e^r. It gives
// the same bits.
#define QUICK \
	REDUCE              \
	EXPM1               \
	VPSLLD $23, Y1, Y1  \
	VADDPS ONE, Y3, Y3  \
	VPADDD Y1, Y3, Y3

// func expAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·expAVX2(SB), NOSPLIT, $0-36
	MOVQ    n+0(FP), CX
	MOVQ    dst+8(FP), DI
	MOVQ    a+16(FP), SI
	VMOVUPS expLow<>(SB), LOW
	VMOVUPS expHigh<>(SB), HIGH
	CONSTANTS
	XORL    AX, AX
	SUBQ    $8, CX
	JLT     tail

	PCALIGN $32
vector:
	VMOVUPS   (SI)(AX*1), Y0
	VANDPS    magnitude<>(SB), Y0, Y1
	VCMPPS    $5, quick<>(SB), Y1, Y1 // 5: not less than
	VMOVMSKPS Y1, DX
	TESTL     DX, DX
	JNE       odd
	QUICK

store:
	VMOVUPS Y3, (DI)(AX*1)
	ADDQ    $32, AX
	SUBQ    $8, CX
	JGE     vector

tail:
	ADDQ       $8, CX
	JE         done
	LEAQ       ·tailMask+32(SB), R8
	SHLQ       $2, CX
	SUBQ       CX, R8
	VMOVUPS    (R8), Y4
	VMASKMOVPS (SI)(AX*1), Y4, Y0
	EXP
	VMASKMOVPS Y3, Y4, (DI)(AX*1)

done:
	VZEROUPPER
	RET

odd:
	EXP
	JMP store

// v = 1/(1 + e^|x|) is sigmoid(-|x|), and 1 - v is sigmoid(|x|). With h = n/2 and B = 2^(n-h), v = 2^-h / (2^-h + B + B·(e^r - 1)),
// where nothing overflows before v is subnormal. Of 2^-h + B, what rounding takes is added to the product.
#define SIGMOID \
	VMOVAPS     Y0, Y4                  \
	VANDNPS     Y0, SIGN, Y0            \
	VMOVUPS     sigmoidHigh<>(SB), Y1   \
	VMINPS      Y0, Y1, Y0              \
	REDUCE                              \
	EXPM1                               \
	VPSRAD      $1, Y1, Y2              \
	VPSUBD      Y2, Y1, Y1              \
	VPSLLD      $23, Y2, Y2             \
	VPSLLD      $23, Y1, Y1             \
	VPSUBD      Y2, ONE, Y2             \
	VPADDD      ONE, Y1, Y1             \
	VADDPS      Y1, Y2, Y0              \
	VSUBPS      Y1, Y0, Y14             \
	VSUBPS      Y14, Y2, Y14            \
	VFMADD213PS Y14, Y1, Y3             \
	VADDPS      Y3, Y0, Y3              \
	VDIVPS      Y3, Y2, Y3              \
	VSUBPS      Y3, ONE, Y2             \
	VBLENDVPS   Y4, Y3, Y2, Y0

// func sigmoidAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·sigmoidAVX2(SB), NOSPLIT, $0-36
	VMOVUPS sign<>(SB), SIGN
	CONSTANTS
	WALK(SIGMOID, SIGMOID)

// SiLU is x·s with s = sigmoid(x), and its slope s·(1 + x·(1 - s)). SIGMOID leaves x in Y4, and in Y2 and Y3 the
// sigmoids of |x| and -|x|, of which one is s and the other 1 - s.
#define SILU \
	SIGMOID           \
	VMULPS Y4, Y0, Y0

// func siluAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·siluAVX2(SB), NOSPLIT, $0-36
	VMOVUPS sign<>(SB), SIGN
	CONSTANTS
	WALK(SILU, SILU)

#define SILUSLOPE \
	SIGMOID                  \
	VBLENDVPS   Y4, Y2, Y3, Y2 \
	VFMADD213PS ONE, Y4, Y2  \
	VMULPS      Y2, Y0, Y0

#define SILUGRAD \
	SILUSLOPE                   \
	VMULPS (DX)(AX*1), Y0, Y0

#define SILUGRADTAIL \
	SILUSLOPE                      \
	VMOVUPS    (R8), Y4            \
	VMASKMOVPS (DX)(AX*1), Y4, Y4  \
	VMULPS     Y4, Y0, Y0

// func siluGradAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·siluGradAVX2(SB), NOSPLIT, $0-36
	MOVQ    b+24(FP), DX
	VMOVUPS sign<>(SB), SIGN
	CONSTANTS
	WALK(SILUGRAD, SILUGRADTAIL)

// tanh|x| is 1 - 2/(e^(2|x|) + 1), but below 0.625, where that cancels, |x| + |x|·x²·(t0 + t1·x² + … + t4·x⁸).
#define TANH \
	VMOVAPS     Y0, Y14              \
	VANDNPS     Y0, SIGN, Y0         \
	VMULPS      Y0, Y0, Y1           \
	VMOVUPS     t4<>(SB), Y2         \
	VFMADD213PS t3<>(SB), Y1, Y2     \
	VFMADD213PS t2<>(SB), Y1, Y2     \
	VFMADD213PS t1<>(SB), Y1, Y2     \
	VFMADD213PS t0<>(SB), Y1, Y2     \
	VMULPS      Y1, Y2, Y2           \
	VMOVAPS     Y0, Y4               \
	VFMADD231PS Y0, Y2, Y4           \
	VADDPS      Y0, Y0, Y0           \
	VMOVUPS     tanhHigh<>(SB), Y1   \
	VMINPS      Y0, Y1, Y0           \
	REDUCE                           \
	EXPM1                            \
	VPSLLD      $23, Y1, Y1          \
	VPADDD      ONE, Y1, Y1          \
	VADDPS      ONE, Y1, Y2          \
	VFMADD213PS Y2, Y1, Y3           \
	VMOVUPS     two<>(SB), Y2        \
	VDIVPS      Y3, Y2, Y2           \
	VSUBPS      Y2, ONE, Y2          \
	VANDNPS     Y14, SIGN, Y0        \
	VCMPPS      $1, tanhSmall<>(SB), Y0, Y0 \
	VBLENDVPS   Y0, Y4, Y2, Y2       \
	VANDPS      SIGN, Y14, Y14       \
	VORPS       Y14, Y2, Y0

// func tanhAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·tanhAVX2(SB), NOSPLIT, $0-36
	VMOVUPS sign<>(SB), SIGN
	CONSTANTS
	WALK(TANH, TANH)

// EXPSUM adds exp(x - shift) to eight partial sums in Y4; what is beyond the tail adds 0. STORE and STORETAIL put it in dst, or do
// nothing. x ≤ shift: there is no upper bound to keep. Where x - shift is not at least -87, odd is the way from vector to store.
// Predicate 9 is "not greater or equal".
#define SLOW \
	VMAXPS Y0, LOW, Y0 \
	REDUCE             \
	EXPM1              \
	SCALE

#define EXPSUM(STORE, STORETAIL) \
	VMOVUPS      expLow<>(SB), LOW    \
	CONSTANTS                         \
	VXORPS       Y4, Y4, Y4           \
	XORL         AX, AX               \
	SUBQ         $8, CX               \
	JLT          tail                 \
	PCALIGN      $32                  \
vector:                             \
	VMOVUPS      (SI)(AX*1), Y0       \
	VSUBPS       Y14, Y0, Y0          \
	VCMPPS       $9, minusQuick<>(SB), Y0, Y1 \
	VMOVMSKPS    Y1, DX               \
	TESTL        DX, DX               \
	JNE          odd                  \
	QUICK                             \
store:                              \
	STORE                             \
	VADDPS       Y3, Y4, Y4           \
	ADDQ         $32, AX              \
	SUBQ         $8, CX               \
	JGE          vector               \
tail:                               \
	ADDQ         $8, CX               \
	JE           sum                  \
	LEAQ         ·tailMask+32(SB), R8 \
	SHLQ         $2, CX               \
	SUBQ         CX, R8               \
	VMOVUPS      (R8), Y1             \
	VMASKMOVPS   (SI)(AX*1), Y1, Y0   \
	VSUBPS       Y14, Y0, Y0          \
	SLOW                              \
	VMOVUPS      (R8), Y1             \
	STORETAIL                         \
	VANDPS       Y1, Y3, Y3           \
	VADDPS       Y3, Y4, Y4           \
sum:                                \
	VEXTRACTF128 $1, Y4, X1           \
	VADDPS       X1, X4, X0           \
	VPERMILPS    $0xee, X0, X1        \
	VADDPS       X1, X0, X0           \
	VMOVSHDUP    X0, X1               \
	VADDSS       X1, X0, X0

#define KEEP VMOVUPS Y3, (DI)(AX*1)
#define KEEPTAIL VMASKMOVPS Y3, Y1, (DI)(AX*1)
#define DROP

// func expSumAVX2(n int, dst, x *float32, shift float32) float32
TEXT ·expSumAVX2(SB), NOSPLIT, $0-36
	MOVQ         n+0(FP), CX
	MOVQ         dst+8(FP), DI
	MOVQ         x+16(FP), SI
	VBROADCASTSS shift+24(FP), Y14
	EXPSUM(KEEP, KEEPTAIL)
	VMOVSS       X0, ret+32(FP)
	VZEROUPPER
	RET

odd:
	SLOW
	JMP store

// func sumExpAVX2(n int, x *float32, shift float32) float32
TEXT ·sumExpAVX2(SB), NOSPLIT, $0-28
	MOVQ         n+0(FP), CX
	MOVQ         x+8(FP), SI
	VBROADCASTSS shift+16(FP), Y14
	EXPSUM(DROP, DROP)
	VMOVSS       X0, ret+24(FP)
	VZEROUPPER
	RET

odd:
	SLOW
	JMP store
