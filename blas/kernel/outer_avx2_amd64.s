//go:build !purego

// Outer products of a few rows, AVX2 and FMA: C [4·groups, n] += F [4·groups, 2·pairs] · B [2·pairs, n], two rows of B at a
// time, so that a matrix with long rows streams from memory.
//
// Reference: outer in rows.go.
//
// Of a cache line of two rows of B and four of C are made 16 FMA, 12 loads and 8 stores: 8 cycles each of FMA and of stores.
// The line two rows below is fetched meanwhile.
//
//	BX, DX       rows of B             R10  bytes from a row of B to the next     SI  factors: 4 rows × 2 for each group
//	DI, R8, R9, R12  rows of C         R11  bytes from a row of C to the next     AX  bytes of a row
//	CX  bytes into the rows            R13  the same, two rows of B further on
//	Y0-Y3  two rows of B               Y4-Y7  C       Y8-Y15  the factors of the group in all lanes
//
//	for q in pairs: for g in groups: for j in n: for i in 4: C[4g+i,j] += F[4g+i,2q]*B[2q,j]; += F[4g+i,2q+1]*B[2q+1,j]

#include "textflag.h"

#define UPDATE(FMA, ROW, F0, F1, LO, HI) \
	VMOVUPS (ROW)(CX*1), LO   \
	VMOVUPS 32(ROW)(CX*1), HI \
	FMA     Y0, F0, LO        \
	FMA     Y1, F0, HI        \
	FMA     Y2, F1, LO        \
	FMA     Y3, F1, HI        \
	VMOVUPS LO, (ROW)(CX*1)   \
	VMOVUPS HI, 32(ROW)(CX*1)

#define OUTER(BROADCAST, FMA, SHIFT, SIZE) \
	MOVQ f+24(FP), SI         \
	MOVQ n+16(FP), AX         \
	MOVQ b+32(FP), BX         \
	MOVQ ldb+40(FP), R10      \
	MOVQ ldc+56(FP), R11      \
	SHLQ $SHIFT, AX           \
	SHLQ $SHIFT, R10          \
	SHLQ $SHIFT, R11          \
pair:                         \
	LEAQ (BX)(R10*1), DX      \
	MOVQ c+48(FP), DI         \
	MOVQ groups+8(FP), R14    \
group:                        \
	LEAQ (DI)(R11*1), R8      \
	LEAQ (R8)(R11*1), R9      \
	LEAQ (R9)(R11*1), R12     \
	BROADCAST (SI), Y8        \
	BROADCAST SIZE(SI), Y9    \
	BROADCAST 2*SIZE(SI), Y10 \
	BROADCAST 3*SIZE(SI), Y11 \
	BROADCAST 4*SIZE(SI), Y12 \
	BROADCAST 5*SIZE(SI), Y13 \
	BROADCAST 6*SIZE(SI), Y14 \
	BROADCAST 7*SIZE(SI), Y15 \
	ADDQ $(8*SIZE), SI        \
	XORL CX, CX               \
	LEAQ (R10)(R10*1), R13    \
line:                         \
	VMOVUPS (BX)(CX*1), Y0    \
	VMOVUPS 32(BX)(CX*1), Y1  \
	VMOVUPS (DX)(CX*1), Y2    \
	VMOVUPS 32(DX)(CX*1), Y3  \
	PREFETCHT0 (BX)(R13*1)    \
	PREFETCHT0 (DX)(R13*1)    \
	UPDATE(FMA, DI, Y8, Y9, Y4, Y5)   \
	UPDATE(FMA, R8, Y10, Y11, Y6, Y7) \
	UPDATE(FMA, R9, Y12, Y13, Y4, Y5) \
	UPDATE(FMA, R12, Y14, Y15, Y6, Y7) \
	ADDQ $64, CX              \
	ADDQ $64, R13             \
	CMPQ CX, AX               \
	JLT  line                 \
	LEAQ (R12)(R11*1), DI     \
	DECQ R14                  \
	JNE  group                \
	LEAQ (BX)(R10*2), BX      \
	DECQ pairs+0(FP)          \
	JNE  pair                 \
	VZEROUPPER                \
	RET

// func souterAVX2(pairs, groups, n int, f, b *float32, ldb int, c *float32, ldc int)
TEXT ·souterAVX2(SB), NOSPLIT, $0-64
	OUTER(VBROADCASTSS, VFMADD231PS, 2, 4)

// func douterAVX2(pairs, groups, n int, f, b *float64, ldb int, c *float64, ldc int)
TEXT ·douterAVX2(SB), NOSPLIT, $0-64
	OUTER(VBROADCASTSD, VFMADD231PD, 3, 8)
