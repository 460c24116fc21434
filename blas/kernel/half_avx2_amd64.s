//go:build !purego

// Conversions between float32 and the 16-bit floats, for AVX2 and F16C, of at least 16 elements: rounding to nearest, ties to
// even; NaN stays NaN.
//
// Reference: the functions of one number in blas/vec/half.go.
//
//	DI  dst    SI  x    CX  elements left    Y12-Y15  constants of toBF16
//
//	for rounds of 16: convert        the rest: once more, 16 - rest elements back, over what is there already

#include "textflag.h"

// CONVERT(ROUND, XS, DS): the sizes of source and destination elements are XS and DS.
#define CONVERT(ROUND, XS, DS) \
	MOVQ n+0(FP), CX     \
	MOVQ dst+8(FP), DI   \
	MOVQ x+16(FP), SI    \
	SUBQ $16, CX         \
	PCALIGN $32          \
rounds:                \
	ROUND                \
	ADDQ $(16*XS), SI    \
	ADDQ $(16*DS), DI    \
	SUBQ $16, CX         \
	JGE  rounds          \
	CMPQ CX, $-16        \
	JE   done            \
	LEAQ (SI)(CX*XS), SI \
	LEAQ (DI)(CX*DS), DI \
	ROUND                \
done:                  \
	VZEROUPPER           \
	RET

#define TOF16 \
	VMOVUPS   (SI), Y0       \
	VMOVUPS   32(SI), Y1     \
	VCVTPS2PH $0, Y0, (DI)   \
	VCVTPS2PH $0, Y1, 16(DI)

#define FROMF16 \
	VCVTPH2PS (SI), Y0       \
	VCVTPH2PS 16(SI), Y1     \
	VMOVUPS   Y0, (DI)       \
	VMOVUPS   Y1, 32(DI)

// A bfloat16 is the upper half of a float32.
#define FROMBF16 \
	VPMOVZXWD (SI), Y0       \
	VPMOVZXWD 16(SI), Y1     \
	VPSLLD    $16, Y0, Y0    \
	VPSLLD    $16, Y1, Y1    \
	VMOVUPS   Y0, (DI)       \
	VMOVUPS   Y1, 32(DI)

// UPPER leaves the upper half of x, rounded, in x: (x + 0x7fff + (x>>16)&1) >> 16; of NaN, x>>16 with the quiet bit.
#define UPPER(x, u, m) \
	VCMPPS    $3, x, x, m    \
	VPSRLD    $16, x, u      \
	VPADDD    Y14, x, x      \
	VPAND     Y15, u, Y4     \
	VPADDD    Y4, x, x       \
	VPSRLD    $16, x, x      \
	VPOR      Y13, u, u      \
	VPBLENDVB m, u, x, x

// VPACKUSDW packs within halves of its vectors; VPERMQ puts the quarters in order.
#define TOBF16 \
	VMOVUPS   (SI), Y0       \
	VMOVUPS   32(SI), Y1     \
	UPPER(Y0, Y2, Y3)        \
	UPPER(Y1, Y5, Y6)        \
	VPACKUSDW Y1, Y0, Y0     \
	VPERMQ    $0xd8, Y0, Y0  \
	VMOVDQU   Y0, (DI)

// func toF16AVX2(n int, dst *uint16, x *float32)
TEXT ·toF16AVX2(SB), NOSPLIT, $0-24
	CONVERT(TOF16, 4, 2)

// func fromF16AVX2(n int, dst *float32, x *uint16)
TEXT ·fromF16AVX2(SB), NOSPLIT, $0-24
	CONVERT(FROMF16, 2, 4)

// func fromBF16AVX2(n int, dst *float32, x *uint16)
TEXT ·fromBF16AVX2(SB), NOSPLIT, $0-24
	CONVERT(FROMBF16, 2, 4)

// func toBF16AVX2(n int, dst *uint16, x *float32)
TEXT ·toBF16AVX2(SB), NOSPLIT, $0-24
	VPCMPEQD Y15, Y15, Y15
	VPSRLD   $17, Y15, Y14 // 0x7fff
	VPSRLD   $31, Y15, Y15 // 1
	VPSLLD   $6, Y15, Y13  // 0x40
	CONVERT(TOBF16, 4, 2)
