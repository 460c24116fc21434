//go:build !purego

// The exponential and its kin for AVX2 and FMA on float32 vectors of unit stride: exp, sigmoid, SiLU, tanh.
//
// Reference: the loops of package blas/vec (exp.go, sigmoid.go, silu.go, tanh.go), which compute in float64.
// Source: Cody and Waite, Software Manual for the Elementary Functions, 1980, for the reduction; the coefficients are minimax,
// from the program in blas/vec/exp_test.go.
//
// exp_avx2_amd64.h has the exponential itself.
//
// exp, tanh and the sums of exponentials take four vectors at a time, and then one.
//
//	Y0-Y4  one vector on its way    Y5-Y13  constants    Y14, Y15  constants of one function

#include "textflag.h"
#include "vector_avx2_amd64.h"
#include "exp_avx2_amd64.h"

SPLAT(expLow, $-104.0)         // e⁻¹⁰⁴ is less than half the smallest number
SPLAT(sigmoidHigh, $104.0)
SPLAT(expHigh, $89.0)          // e⁸⁹ is more than the largest
SPLAT(quick, $0x42adffff)      // the bits of the last number below 87: e^±87 is a normal number
SPLAT(minusQuick, $-87.0)
SPLAT(magnitude, $0x7fffffff)
SPLAT(sign, $0x80000000)
SPLAT(minusOne, $-1.0)
SPLAT(tanhLow, $-20.0)         // tanh 10 rounds to 1
SPLAT(tanhMiddle, $0xbf2aaaab) // -2/3

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

// QUICK4 leaves in Y2, Y5, Y8 and Y11 the exponentials of Y0, Y3, Y6 and Y9 where |x| < 87: neither bounds nor a second factor are
// needed, and the exponent is added to that of e^r. It gives the same bits.
#define ADDP(c, r, n, p) VADDPS c, p, p
#define POWER(c, r, n, p) VPADDD n, p, p
#define QUICK4 \
	REDUCE4           \
	EXPM14            \
	ALL4(EXPONENT, _) \
	WITH4(ADDP, one)  \
	ALL4(POWER, _)

#define READ4 \
	VMOVUPS (SI)(AX*1), Y0   \
	VMOVUPS 32(SI)(AX*1), Y3 \
	VMOVUPS 64(SI)(AX*1), Y6 \
	VMOVUPS 96(SI)(AX*1), Y9

#define WRITE4 \
	VMOVUPS Y2, (DI)(AX*1)    \
	VMOVUPS Y5, 32(DI)(AX*1)  \
	VMOVUPS Y8, 64(DI)(AX*1)  \
	VMOVUPS Y11, 96(DI)(AX*1)

#define EXPCONSTANTS \
	CONSTANTS                 \
	VMOVUPS expLow<>(SB), LOW \
	VMOVUPS expHigh<>(SB), HIGH

// As integers, numbers without a sign are in their order, and NaN is above them.
#define ABSN(c, r, n, p) VPAND c, r, n

// func expAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·expAVX2(SB), NOSPLIT, $0-36
	MOVQ n+0(FP), CX
	MOVQ dst+8(FP), DI
	MOVQ a+16(FP), SI
	XORL AX, AX
	SUBQ $32, CX
	JLT  vectors

	PCALIGN $32
four:
	READ4
	WITH4(ABSN, magnitude)
	VPMAXSD   Y1, Y4, Y1
	VPMAXSD   Y7, Y10, Y7
	VPMAXSD   Y1, Y7, Y1
	VPCMPGTD  quick<>(SB), Y1, Y1
	VMOVMSKPS Y1, DX
	TESTL     DX, DX
	JNE       odd
	QUICK4
	WRITE4
	ADDQ      $128, AX
	SUBQ      $32, CX
	JGE       four

vectors:
	EXPCONSTANTS
	ADDQ $24, CX
	JLT  tail

vector:
	VMOVUPS (SI)(AX*1), Y0
	EXP
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
	EXPCONSTANTS
	MOVL $4, DX

one:
	VMOVUPS (SI)(AX*1), Y0
	EXP
	VMOVUPS Y3, (DI)(AX*1)
	ADDQ    $32, AX
	DECL    DX
	JNE     one
	SUBQ    $32, CX
	JGE     four
	JMP     vectors

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

// With E = exp(-2|x|) and e = E - 1 = 2ⁿ·(e^r - 1) + (2ⁿ - 1), which is e^r - 1 itself where x is small: -tanh|x| is e/(1 + E), but
// where e is below -2/3, and the rounding of both would show, 2E/(1 + E) - 1. It is one division, and no difference loses digits.
//
// Its steps have 2ⁿ in n, e^r - 1 in p, and r and t as scratch; the result, but for its sign, is left in t.
#define DENOMINATOR(n, r, p, t) \
	VADDPS      one<>(SB), n, r      \
	VADDPS      minusOne<>(SB), n, t \
	VFMADD231PS n, p, r              \
	VFMADD231PS n, p, t

#define NUMERATOR(n, r, p, t) \
	VFMADD213PS n, n, p                    \
	VADDPS      p, p, p                    \
	VCMPPS      $1, tanhMiddle<>(SB), t, n \
	VBLENDVPS   n, p, t, t

#define QUOTIENT(n, r, p, t) \
	VDIVPS r, t, t              \
	VANDPS minusOne<>(SB), n, n \
	VADDPS n, t, t

// TANHSIGN gives t, whose sign does not count, the sign of was.
#define TANHSIGN(t, was) \
	VORPS   sign<>(SB), t, t     \
	VANDNPS sign<>(SB), was, was \
	VXORPS  was, t, t

#define TANH \
	VMOVAPS Y0, Y4              \
	VORPS   SIGN, Y0, Y0        \
	VADDPS  Y0, Y0, Y0          \
	VMAXPS  Y0, Y14, Y0         \
	REDUCE                      \
	EXPM1                       \
	VPSLLD  $23, Y1, Y1         \
	VPADDD  ONE, Y1, Y1         \
	DENOMINATOR(Y1, Y0, Y3, Y2) \
	NUMERATOR(Y1, Y0, Y3, Y2)   \
	QUOTIENT(Y1, Y0, Y3, Y2)    \
	TANHSIGN(Y2, Y4)

#define MINUS(c, r, n, p) VORPS c, r, r
#define DOUBLE(c, r, n, p) VADDPS r, r, r
#define ATLEAST(c, r, n, p) VMAXPS r, c, r
#define POWERN(c, r, n, p) VPADDD c, n, n
#define STEP4(OP) \
	OP(Y1, Y0, Y2, Y12)  \
	OP(Y4, Y3, Y5, Y13)  \
	OP(Y7, Y6, Y8, Y14)  \
	OP(Y10, Y9, Y11, Y15)

// func tanhAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·tanhAVX2(SB), NOSPLIT, $0-36
	MOVQ n+0(FP), CX
	MOVQ dst+8(FP), DI
	MOVQ a+16(FP), SI
	XORL AX, AX
	SUBQ $32, CX
	JLT  vectors

	PCALIGN $32
four:
	READ4
	WITH4(MINUS, sign)
	ALL4(DOUBLE, _)
	WITH4(ATLEAST, tanhLow)
	REDUCE4
	EXPM14
	ALL4(EXPONENT, _)
	WITH4(POWERN, one)
	STEP4(DENOMINATOR)
	STEP4(NUMERATOR)
	STEP4(QUOTIENT)
	VMOVUPS (SI)(AX*1), Y1
	VMOVUPS 32(SI)(AX*1), Y4
	VMOVUPS 64(SI)(AX*1), Y7
	VMOVUPS 96(SI)(AX*1), Y10
	TANHSIGN(Y12, Y1)
	TANHSIGN(Y13, Y4)
	TANHSIGN(Y14, Y7)
	TANHSIGN(Y15, Y10)
	VMOVUPS Y12, (DI)(AX*1)
	VMOVUPS Y13, 32(DI)(AX*1)
	VMOVUPS Y14, 64(DI)(AX*1)
	VMOVUPS Y15, 96(DI)(AX*1)
	ADDQ    $128, AX
	SUBQ    $32, CX
	JGE     four

vectors:
	CONSTANTS
	VMOVUPS sign<>(SB), SIGN
	VMOVUPS tanhLow<>(SB), Y14
	ADDQ    $24, CX
	JLT     tail

vector:
	VMOVUPS (SI)(AX*1), Y0
	TANH
	VMOVUPS Y2, (DI)(AX*1)
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
	TANH
	VMOVUPS    (R8), Y4
	VMASKMOVPS Y2, Y4, (DI)(AX*1)

done:
	VZEROUPPER
	RET

// EXPSUM adds exp(x - shift) to eight partial sums in Y15; what is beyond the tail adds 0. WRITES, WRITE1 and WRITETAIL put it in dst,
// or do nothing. x ≤ shift: there is no upper bound to keep. Predicate 9 is "not greater or equal".
//
//	Y14  shift    Y15  the sums    Y4  the lower bound of a single vector
#define SLOW \
	VMAXPS Y0, Y4, Y0 \
	REDUCE            \
	EXPM1             \
	SCALE

#define SHIFT(c, r, n, p) VSUBPS c, r, r
#define BELOW(c, r, n, p) VCMPPS $9, c, r, n
#define SUMCONSTANTS \
	CONSTANTS                \
	VMOVUPS expLow<>(SB), Y4

#define SLOWSUM(WRITE1) \
	VMOVUPS (SI)(AX*1), Y0 \
	VSUBPS  Y14, Y0, Y0    \
	SLOW                   \
	WRITE1                 \
	VADDPS  Y3, Y15, Y15   \
	ADDQ    $32, AX

#define EXPSUM(WRITES, WRITE1, WRITETAIL) \
	VXORPS       Y15, Y15, Y15        \
	XORL         AX, AX               \
	SUBQ         $32, CX              \
	JLT          vectors              \
	PCALIGN      $32                  \
four:                               \
	READ4                             \
	ALL4(SHIFT, Y14)                  \
	WITH4(BELOW, minusQuick)          \
	VORPS        Y1, Y4, Y1           \
	VORPS        Y7, Y10, Y7          \
	VORPS        Y1, Y7, Y1           \
	VMOVMSKPS    Y1, DX               \
	TESTL        DX, DX               \
	JNE          odd                  \
	QUICK4                            \
	WRITES                            \
	VADDPS       Y2, Y5, Y2           \
	VADDPS       Y8, Y11, Y8          \
	VADDPS       Y2, Y8, Y2           \
	VADDPS       Y2, Y15, Y15         \
	ADDQ         $128, AX             \
	SUBQ         $32, CX              \
	JGE          four                 \
vectors:                            \
	SUMCONSTANTS                      \
	ADDQ         $24, CX              \
	JLT          tail                 \
vector:                             \
	SLOWSUM(WRITE1)                   \
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
	WRITETAIL                         \
	VANDPS       Y1, Y3, Y3           \
	VADDPS       Y3, Y15, Y15         \
	JMP          sum                  \
odd:                                \
	SUMCONSTANTS                      \
	MOVL         $4, DX               \
one:                                \
	SLOWSUM(WRITE1)                   \
	DECL         DX                   \
	JNE          one                  \
	SUBQ         $32, CX              \
	JGE          four                 \
	JMP          vectors              \
sum:                                \
	VEXTRACTF128 $1, Y15, X1          \
	VADDPS       X1, X15, X0          \
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
	EXPSUM(WRITE4, KEEP, KEEPTAIL)
	VMOVSS       X0, ret+32(FP)
	VZEROUPPER
	RET

// func sumExpAVX2(n int, x *float32, shift float32) float32
TEXT ·sumExpAVX2(SB), NOSPLIT, $0-28
	MOVQ         n+0(FP), CX
	MOVQ         x+8(FP), SI
	VBROADCASTSS shift+16(FP), Y14
	EXPSUM(DROP, DROP, DROP)
	VMOVSS       X0, ret+24(FP)
	VZEROUPPER
	RET
