//go:build !purego

// Byte GEMM micro-kernel for AVX2: a 6×2-vector tile of C, that is 6×16 int32, two steps of k a word.
//
// Reference: tileInt8 in int8.go, and the formula.
//
// VPMADDWD multiplies 16-bit numbers and adds pairs of products in 32 bits. The largest pair, 2·255·128, is far from 2³¹, so
// that nothing can saturate; VPMADDUBSW, which takes bytes as they are, adds pairs in 16 bits and would, at 2·255·127. The
// tile is SGEMM's: 12 vectors of sums, a row of B in two, a word of A, and a product on its way to its sum.
//
//	AX  word q of a panel of A, 24 bytes a step    BX  word q of a panel of B, 64 bytes a step    CX  words left
//	DI  row of C    R11 bytes from a row of C to the next    DX  add
//	Y0, Y1  words of B    Y2  word of A in all lanes    Y3  products    Y4+2i, Y5+2i  row i of the tile
//
//	tile = 0
//	for q in words: for i in 6: tile[i] += lo(A[i,q])*lo(B[q]) + hi(A[i,q])*hi(B[q])
//	for i in 6: C[i] = tile[i] (+ C[i] if add)

#include "textflag.h"

#define ROW(AT, LO, HI) \
	VPBROADCASTD AT, Y2     \
	VPMADDWD     Y0, Y2, Y3 \
	VPADDD       Y3, LO, LO \
	VPMADDWD     Y1, Y2, Y3 \
	VPADDD       Y3, HI, HI

#define SET(LO, HI) \
	VMOVDQU LO, (DI)   \
	VMOVDQU HI, 32(DI) \
	ADDQ    R11, DI

#define UPDATE(LO, HI) \
	VPADDD (DI), LO, LO   \
	VPADDD 32(DI), HI, HI \
	SET(LO, HI)

// func igemm6x16AVX2(words int, a, b *uint32, add int, c *int32, ldc int)
TEXT ·igemm6x16AVX2(SB), NOSPLIT, $0-48
	MOVQ words+0(FP), CX
	MOVQ a+8(FP), AX
	MOVQ b+16(FP), BX
	MOVQ add+24(FP), DX
	MOVQ c+32(FP), DI
	MOVQ ldc+40(FP), R11
	SHLQ $2, R11
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y7, Y7, Y7
	VPXOR Y8, Y8, Y8
	VPXOR Y9, Y9, Y9
	VPXOR Y10, Y10, Y10
	VPXOR Y11, Y11, Y11
	VPXOR Y12, Y12, Y12
	VPXOR Y13, Y13, Y13
	VPXOR Y14, Y14, Y14
	VPXOR Y15, Y15, Y15
	TESTQ CX, CX
	JE   write

	PCALIGN $32
loop:
	VMOVDQU (BX), Y0
	VMOVDQU 32(BX), Y1
	ROW((AX), Y4, Y5)
	ROW(4(AX), Y6, Y7)
	ROW(8(AX), Y8, Y9)
	ROW(12(AX), Y10, Y11)
	ROW(16(AX), Y12, Y13)
	ROW(20(AX), Y14, Y15)
	ADDQ $24, AX
	ADDQ $64, BX
	DECQ CX
	JNE  loop

write:
	TESTQ DX, DX
	JNE   update
	SET(Y4, Y5)
	SET(Y6, Y7)
	SET(Y8, Y9)
	SET(Y10, Y11)
	SET(Y12, Y13)
	SET(Y14, Y15)
	VZEROUPPER
	RET

update:
	UPDATE(Y4, Y5)
	UPDATE(Y6, Y7)
	UPDATE(Y8, Y9)
	UPDATE(Y10, Y11)
	UPDATE(Y12, Y13)
	UPDATE(Y14, Y15)
	VZEROUPPER
	RET
