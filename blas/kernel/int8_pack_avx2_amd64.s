//go:build !purego

// Packing 16 columns of B into words for the byte kernels, for AVX2: two rows widened to 16 bits, or four as they are.
//
// Reference: packB in int8.go.
//
//	CX  words left    SI  row of B    R8  bytes from a row to the next    DI  word of lane 0    R9  bytes from a word to the next
//
//	for each word: load its rows; interleave them by lanes; store 16 words

#include "textflag.h"

#define HEAD \
	MOVQ words+0(FP), CX \
	MOVQ src+8(FP), SI   \
	MOVQ ldb+16(FP), R8  \
	MOVQ dst+24(FP), DI  \
	MOVQ w+32(FP), R9    \
	SHLQ $2, R9

// func ipackPairsAVX2(words int, src *int8, ldb int, dst *uint32, w int)
TEXT ·ipackPairsAVX2(SB), NOSPLIT, $0-40
	HEAD

loop:
	VPMOVSXBW  (SI), Y0
	VPMOVSXBW  (SI)(R8*1), Y1
	VPUNPCKLWD Y1, Y0, Y2          // words 0-3 | 8-11
	VPUNPCKHWD Y1, Y0, Y3          // words 4-7 | 12-15
	VPERM2I128 $0x20, Y3, Y2, Y0   // words 0-7
	VPERM2I128 $0x31, Y3, Y2, Y1   // words 8-15
	VMOVDQU    Y0, (DI)
	VMOVDQU    Y1, 32(DI)
	LEAQ       (SI)(R8*2), SI
	ADDQ       R9, DI
	DECQ       CX
	JNE        loop
	VZEROUPPER
	RET

// func ipackQuadsAVX2(words int, src *int8, ldb int, dst *uint32, w int)
TEXT ·ipackQuadsAVX2(SB), NOSPLIT, $0-40
	HEAD
	LEAQ (R8)(R8*2), R10

loop:
	VMOVDQU    (SI), X0
	VMOVDQU    (SI)(R8*1), X1
	VMOVDQU    (SI)(R8*2), X2
	VMOVDQU    (SI)(R10*1), X3
	VPUNPCKLBW X1, X0, X4          // steps 0 and 1 of lanes 0-7
	VPUNPCKHBW X1, X0, X5          // of lanes 8-15
	VPUNPCKLBW X3, X2, X6          // steps 2 and 3 likewise
	VPUNPCKHBW X3, X2, X7
	VPUNPCKLWD X6, X4, X0          // words 0-3
	VPUNPCKHWD X6, X4, X1          // 4-7
	VPUNPCKLWD X7, X5, X2          // 8-11
	VPUNPCKHWD X7, X5, X3          // 12-15
	VMOVDQU    X0, (DI)
	VMOVDQU    X1, 16(DI)
	VMOVDQU    X2, 32(DI)
	VMOVDQU    X3, 48(DI)
	LEAQ       (SI)(R8*4), SI
	ADDQ       R9, DI
	DECQ       CX
	JNE        loop
	VZEROUPPER
	RET
