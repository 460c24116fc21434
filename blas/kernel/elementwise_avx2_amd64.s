//go:build !purego

// Elementwise arithmetic for AVX2 on float32 vectors of unit stride, rounded operation by operation: no FMA.
//
// Reference: the loops of package blas/vec (binary.go, unary.go, relu.go, tanh.go, sigmoid.go).
//
// A kernel is one body and an operation: OP(x, y, z) computes x from x, y and z, and may spoil y and z. Four vectors make
// a round, then comes one at a time, and the last n mod 8 elements go through masked moves: wherever an element stands, it
// meets the same instructions.
//
//	DI  dst    SI  a    DX  b    CX  elements left    AX  bytes done
//	Y0-Y3  a, then the result    Y4-Y7  b    Y8-Y11  dst if the operation reads it, else scratch
//	Y12  alpha in all lanes      Y13  1      Y14  sign bits      Y15  mask of the tail

#include "textflag.h"
#include "vector_avx2_amd64.h"

// Eight lanes of ones, then eight of zeros: the 32 bytes from 32-4·r on select the first r lanes.
DATA ·tailMask+0(SB)/8, $-1
DATA ·tailMask+8(SB)/8, $-1
DATA ·tailMask+16(SB)/8, $-1
DATA ·tailMask+24(SB)/8, $-1
DATA ·tailMask+32(SB)/8, $0
DATA ·tailMask+40(SB)/8, $0
DATA ·tailMask+48(SB)/8, $0
DATA ·tailMask+56(SB)/8, $0
GLOBL ·tailMask(SB), RODATA|NOPTR, $64

SPLAT(third, $0x3eaaaaab) // 1/3
SPLAT(half, $0.5)
SPLAT(three, $3.0)
SPLAT(minusThree, $-3.0)

// Loads of four vectors, of one, and of the tail; and none, for an operand that the operation lacks.
#define LOAD4(P, A, B, C, D) \
	VMOVUPS (P)(AX*1), A   \
	VMOVUPS 32(P)(AX*1), B \
	VMOVUPS 64(P)(AX*1), C \
	VMOVUPS 96(P)(AX*1), D
#define LOAD1(P, A) VMOVUPS (P)(AX*1), A
#define LOADT(P, A) VMASKMOVPS (P)(AX*1), Y15, A
#define NONE4(P, A, B, C, D)
#define NONE1(P, A)

#define BODY(OP, A4, A1, AT, B4, B1, BT, D4, D1, DT) \
	MOVQ         n+0(FP), CX      \
	MOVQ         dst+8(FP), DI    \
	MOVQ         a+16(FP), SI     \
	MOVQ         b+24(FP), DX     \
	VBROADCASTSS alpha+32(FP), Y12 \
	VPCMPEQD     Y13, Y13, Y13    \
	VPSLLD       $31, Y13, Y14    \
	VPSRLD       $25, Y13, Y13    \
	VPSLLD       $23, Y13, Y13    \
	XORL         AX, AX           \
	SUBQ         $32, CX          \
	JLT          vectors          \
	PCALIGN      $32              \
rounds:                         \
	A4(SI, Y0, Y1, Y2, Y3)        \
	B4(DX, Y4, Y5, Y6, Y7)        \
	D4(DI, Y8, Y9, Y10, Y11)      \
	OP(Y0, Y4, Y8)                \
	OP(Y1, Y5, Y9)                \
	OP(Y2, Y6, Y10)               \
	OP(Y3, Y7, Y11)               \
	VMOVUPS      Y0, (DI)(AX*1)   \
	VMOVUPS      Y1, 32(DI)(AX*1) \
	VMOVUPS      Y2, 64(DI)(AX*1) \
	VMOVUPS      Y3, 96(DI)(AX*1) \
	ADDQ         $128, AX         \
	SUBQ         $32, CX          \
	JGE          rounds           \
vectors:                        \
	ADDQ         $24, CX          \
	JLT          tail             \
vector:                         \
	A1(SI, Y0)                    \
	B1(DX, Y4)                    \
	D1(DI, Y8)                    \
	OP(Y0, Y4, Y8)                \
	VMOVUPS      Y0, (DI)(AX*1)   \
	ADDQ         $32, AX          \
	SUBQ         $8, CX           \
	JGE          vector           \
tail:                           \
	ADDQ         $8, CX           \
	JE           done             \
	LEAQ         ·tailMask+32(SB), R8 \
	SHLQ         $2, CX           \
	SUBQ         CX, R8           \
	VMOVUPS      (R8), Y15        \
	AT(SI, Y0)                    \
	BT(DX, Y4)                    \
	DT(DI, Y8)                    \
	OP(Y0, Y4, Y8)                \
	VMASKMOVPS   Y0, Y15, (DI)(AX*1) \
done:                           \
	VZEROUPPER                    \
	RET

#define CONSTANT(OP) BODY(OP, NONE4, NONE1, NONE1, NONE4, NONE1, NONE1, NONE4, NONE1, NONE1)
#define UNARY(OP) BODY(OP, LOAD4, LOAD1, LOADT, NONE4, NONE1, NONE1, NONE4, NONE1, NONE1)
#define BINARY(OP) BODY(OP, LOAD4, LOAD1, LOADT, LOAD4, LOAD1, LOADT, NONE4, NONE1, NONE1)
#define TERNARY(OP) BODY(OP, LOAD4, LOAD1, LOADT, LOAD4, LOAD1, LOADT, LOAD4, LOAD1, LOADT)

#define FILL(x, y, z) VMOVAPS Y12, x
#define ADD(x, y, z) VADDPS y, x, x
#define SUB(x, y, z) VSUBPS y, x, x
#define MUL(x, y, z) VMULPS y, x, x
#define DIV(x, y, z) VDIVPS y, x, x
#define SCALE(x, y, z) VMULPS Y12, x, x
#define ADDSCALAR(x, y, z) VADDPS Y12, x, x
#define NEG(x, y, z) VXORPS Y14, x, x
#define ABS(x, y, z) VANDNPS x, Y14, x
#define SQRT(x, y, z) VSQRTPS x, x

#define RSQRT(x, y, z) \
	VSQRTPS x, x      \
	VDIVPS  x, Y13, x

// Predicate 14 is "greater", false of NaN.
#define LEAKYRELU(x, y, z) \
	VXORPS    z, z, z     \
	VCMPPS    $14, z, y, z \
	VMULPS    Y12, x, y   \
	VBLENDVPS z, x, y, x

#define MULADD(x, y, z) \
	VMULPS y, x, x \
	VADDPS x, z, x

#define AXPY(x, y, z) \
	VMULPS Y12, x, x \
	VADDPS x, y, x

// MAXPS and MINPS return their second operand if an operand is NaN or both are zero. Both orders together give both zeros,
// whose AND is +0 unless both are -0, and whose OR is -0 unless both are +0. Where an operand is NaN all bits are set. They
// need no sign bits: Y14 is scratch.
#define MAXIMUM(x, y, z) \
	VMAXPS y, x, z     \
	VMAXPS x, y, Y14   \
	VANDPS Y14, z, z   \
	VCMPPS $3, y, x, x \
	VORPS  z, x, x

#define MINIMUM(x, y, z) \
	VMINPS y, x, z     \
	VMINPS x, y, Y14   \
	VORPS  Y14, z, z   \
	VCMPPS $3, y, x, x \
	VORPS  z, x, x

#define ATLEAST(x, y, z) MAXIMUM(x, Y12, z)
#define ATMOST(x, y, z) MINIMUM(x, Y12, z)

// Predicates 14 and 1 are "greater" and "less", false of NaN.
#define KEEPABOVE(x, y, z) \
	VCMPPS $14, Y12, y, y \
	VANDPS y, x, x

#define KEEPBELOW(x, y, z) \
	VCMPPS $1, Y12, y, y \
	VANDPS y, x, x

// Predicate 13 is "greater or equal", false of NaN; 6 is "not less or equal", true of NaN. Y14 is scratch.
#define HARDSWISHGRAD(x, y, z) \
	VMULPS    third<>(SB), y, z          \
	VADDPS    half<>(SB), z, z           \
	VCMPPS    $13, three<>(SB), y, Y14   \
	VBLENDVPS Y14, Y13, z, z             \
	VCMPPS    $6, minusThree<>(SB), y, y \
	VMULPS    z, x, x                    \
	VANDPS    y, x, x

#define RELUGRAD(x, y, z) \
	VXORPS z, z, z     \
	VCMPPS $6, z, y, y \
	VANDPS y, x, x

#define TANHGRAD(x, y, z) \
	VMULPS y, y, y   \
	VSUBPS y, Y13, y \
	VMULPS y, x, x

#define SIGMOIDGRAD(x, y, z) \
	VSUBPS y, Y13, z \
	VMULPS z, y, y   \
	VMULPS y, x, x

// func fillAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·fillAVX2(SB), NOSPLIT, $0-36
	CONSTANT(FILL)

// func scaleAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·scaleAVX2(SB), NOSPLIT, $0-36
	UNARY(SCALE)

// func addScalarAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·addScalarAVX2(SB), NOSPLIT, $0-36
	UNARY(ADDSCALAR)

// func negAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·negAVX2(SB), NOSPLIT, $0-36
	UNARY(NEG)

// func absAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·absAVX2(SB), NOSPLIT, $0-36
	UNARY(ABS)

// func sqrtAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·sqrtAVX2(SB), NOSPLIT, $0-36
	UNARY(SQRT)

// func addAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·addAVX2(SB), NOSPLIT, $0-36
	BINARY(ADD)

// func subAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·subAVX2(SB), NOSPLIT, $0-36
	BINARY(SUB)

// func mulAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·mulAVX2(SB), NOSPLIT, $0-36
	BINARY(MUL)

// func divAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·divAVX2(SB), NOSPLIT, $0-36
	BINARY(DIV)

// func axpyAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·axpyAVX2(SB), NOSPLIT, $0-36
	BINARY(AXPY)

// func maximumAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·maximumAVX2(SB), NOSPLIT, $0-36
	BINARY(MAXIMUM)

// func minimumAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·minimumAVX2(SB), NOSPLIT, $0-36
	BINARY(MINIMUM)

// func reluGradAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·reluGradAVX2(SB), NOSPLIT, $0-36
	BINARY(RELUGRAD)

// func tanhGradAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·tanhGradAVX2(SB), NOSPLIT, $0-36
	BINARY(TANHGRAD)

// func sigmoidGradAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·sigmoidGradAVX2(SB), NOSPLIT, $0-36
	BINARY(SIGMOIDGRAD)

// func mulAddAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·mulAddAVX2(SB), NOSPLIT, $0-36
	TERNARY(MULADD)

// func leakyReluAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·leakyReluAVX2(SB), NOSPLIT, $0-36
	BINARY(LEAKYRELU)

// func rsqrtAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·rsqrtAVX2(SB), NOSPLIT, $0-36
	UNARY(RSQRT)

// func atLeastAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·atLeastAVX2(SB), NOSPLIT, $0-36
	UNARY(ATLEAST)

// func atMostAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·atMostAVX2(SB), NOSPLIT, $0-36
	UNARY(ATMOST)

// func keepAboveAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·keepAboveAVX2(SB), NOSPLIT, $0-36
	BINARY(KEEPABOVE)

// func keepBelowAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·keepBelowAVX2(SB), NOSPLIT, $0-36
	BINARY(KEEPBELOW)

// func hardswishGradAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·hardswishGradAVX2(SB), NOSPLIT, $0-36
	BINARY(HARDSWISHGRAD)
