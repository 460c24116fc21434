//go:build !purego

// Byte GEMM micro-kernels for AVX-512: a 14×2-vector tile of C, that is 14×32 int32, two steps of k a word (AVX512BW), or
// four (AVX512-VNNI).
//
// Reference: tileInt8 in int8.go, and the formula.
//
// VPMADDWD and VPADDD are what the AVX2 kernel does, on vectors twice as wide. VPDPBUSD multiplies unsigned by signed bytes
// and adds four products and the sum in one instruction, in 32 bits without saturation (which VPDPBUSDS would have): four times
// the products of an FMA. The tile is SGEMM's: 28 vectors of sums, a row of B in two, and one or two for A and products.
//
//	AX  word q of a panel of A, 56 bytes a step    BX  word q of a panel of B, 128 bytes a step    CX  words left
//	DI  row of C    R11 bytes from a row of C to the next    DX  add
//	Z0, Z1  words of B    Z2  word of A in all lanes    Z3  products    Z4+2i, Z5+2i  row i of the tile
//
//	tile = 0
//	for q in words: for i in 14: tile[i] += sum over steps s of A[i,q,s]*B[q,s]
//	for i in 14: C[i] = tile[i] (+ C[i] if add)

#include "textflag.h"

#define ROWPAIRS(AT, LO, HI) \
	VPBROADCASTD AT, Z2     \
	VPMADDWD     Z0, Z2, Z3 \
	VPADDD       Z3, LO, LO \
	VPMADDWD     Z1, Z2, Z3 \
	VPADDD       Z3, HI, HI

// The unsigned operand is the second of Go's three, the signed one the first.
#define ROWQUADS(AT, LO, HI) \
	VPBROADCASTD AT, Z2     \
	VPDPBUSD     Z0, Z2, LO \
	VPDPBUSD     Z1, Z2, HI

#define STEP(ROW) \
	VMOVDQU32 (BX), Z0    \
	VMOVDQU32 64(BX), Z1  \
	ROW((AX), Z4, Z5)     \
	ROW(4(AX), Z6, Z7)    \
	ROW(8(AX), Z8, Z9)    \
	ROW(12(AX), Z10, Z11) \
	ROW(16(AX), Z12, Z13) \
	ROW(20(AX), Z14, Z15) \
	ROW(24(AX), Z16, Z17) \
	ROW(28(AX), Z18, Z19) \
	ROW(32(AX), Z20, Z21) \
	ROW(36(AX), Z22, Z23) \
	ROW(40(AX), Z24, Z25) \
	ROW(44(AX), Z26, Z27) \
	ROW(48(AX), Z28, Z29) \
	ROW(52(AX), Z30, Z31) \
	ADDQ $56, AX          \
	ADDQ $128, BX

#define SET(LO, HI) \
	VMOVDQU32 LO, (DI)   \
	VMOVDQU32 HI, 64(DI) \
	ADDQ      R11, DI

#define UPDATE(LO, HI) \
	VPADDD (DI), LO, LO   \
	VPADDD 64(DI), HI, HI \
	SET(LO, HI)

#define ROWS(DO) \
	DO(Z4, Z5)   \
	DO(Z6, Z7)   \
	DO(Z8, Z9)   \
	DO(Z10, Z11) \
	DO(Z12, Z13) \
	DO(Z14, Z15) \
	DO(Z16, Z17) \
	DO(Z18, Z19) \
	DO(Z20, Z21) \
	DO(Z22, Z23) \
	DO(Z24, Z25) \
	DO(Z26, Z27) \
	DO(Z28, Z29) \
	DO(Z30, Z31)

#define CLEAR(LO, HI) \
	VPXORD LO, LO, LO \
	VPXORD HI, HI, HI

#define HEAD \
	MOVQ words+0(FP), CX \
	MOVQ a+8(FP), AX     \
	MOVQ b+16(FP), BX    \
	MOVQ add+24(FP), DX  \
	MOVQ c+32(FP), DI    \
	MOVQ ldc+40(FP), R11 \
	SHLQ $2, R11         \
	ROWS(CLEAR)

// func igemm14x32AVX512(words int, a, b *uint32, add int, c *int32, ldc int)
TEXT ·igemm14x32AVX512(SB), NOSPLIT, $0-48
	HEAD
	TESTQ CX, CX
	JE    write

	PCALIGN $32
loop:
	STEP(ROWPAIRS)
	DECQ CX
	JNE  loop

write:
	TESTQ DX, DX
	JNE   update
	ROWS(SET)
	VZEROUPPER
	RET

update:
	ROWS(UPDATE)
	VZEROUPPER
	RET

// func igemm14x32VNNI(words int, a, b *uint32, add int, c *int32, ldc int)
TEXT ·igemm14x32VNNI(SB), NOSPLIT, $0-48
	HEAD
	TESTQ CX, CX
	JE    write

	PCALIGN $32
loop:
	STEP(ROWQUADS)
	DECQ CX
	JNE  loop

write:
	TESTQ DX, DX
	JNE   update
	ROWS(SET)
	VZEROUPPER
	RET

update:
	ROWS(UPDATE)
	VZEROUPPER
	RET
