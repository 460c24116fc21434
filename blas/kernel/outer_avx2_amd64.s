//go:build !purego

// Outer products of a few rows, AVX2 and FMA: C [4·groups, n] += F [4·groups, k] · B [k, n], eight rows of B at a time, so
// that a matrix with long rows streams from memory, as eight streams.
//
// Reference: outer in rows.go.
//
// A tile of C, four rows of a cache line, is loaded, gets 64 FMA from eight rows of B, and is stored: 16 loads of B, 8 of C, and
// 32 broadcasts, two a cycle, stay below the 32 cycles of FMA. (To fetch rows ahead by PREFETCHT0 gained nothing.)
//
//	R8, R9, R12  rows 0, 3 and 6 of B at the line    R10  bytes from a row of B to the next
//	DI, R13      rows 0 and 3 of C in the group      R11  bytes from a row of C to the next    R14  row 0 of C at the line
//	SI           factors: 8 steps of k × 4 rows for each group      AX  those of these rows of B, from the first group on
//	CX  lines left     DX  groups left     BX  rows of B left
//	Y0, Y1  B     Y2, Y3  a factor in all lanes     Y4-Y11  the tile of C
//
//	for each 8 rows of B, fewer at the end: for each line: for each group:
//	    C[4 rows, line] += F[4 rows, those] * B[those, line]      // fused, k ascending

#include "textflag.h"

#define STEP(BROADCAST, FMA, SIZE, P, ROW0, ROW1) \
	VMOVUPS   ROW0, Y0                \
	VMOVUPS   ROW1, Y1                \
	BROADCAST (4*P*SIZE)(SI), Y2      \
	BROADCAST (4*P*SIZE+SIZE)(SI), Y3 \
	FMA       Y0, Y2, Y4              \
	FMA       Y1, Y2, Y5              \
	FMA       Y0, Y3, Y6              \
	FMA       Y1, Y3, Y7              \
	BROADCAST (4*P*SIZE+2*SIZE)(SI), Y2 \
	BROADCAST (4*P*SIZE+3*SIZE)(SI), Y3 \
	FMA       Y0, Y2, Y8              \
	FMA       Y1, Y2, Y9              \
	FMA       Y0, Y3, Y10             \
	FMA       Y1, Y3, Y11

#define LOADC \
	VMOVUPS (DI), Y4           \
	VMOVUPS 32(DI), Y5         \
	VMOVUPS (DI)(R11*1), Y6    \
	VMOVUPS 32(DI)(R11*1), Y7  \
	VMOVUPS (DI)(R11*2), Y8    \
	VMOVUPS 32(DI)(R11*2), Y9  \
	VMOVUPS (R13), Y10         \
	VMOVUPS 32(R13), Y11

#define STOREC \
	VMOVUPS Y4, (DI)           \
	VMOVUPS Y5, 32(DI)         \
	VMOVUPS Y6, (DI)(R11*1)    \
	VMOVUPS Y7, 32(DI)(R11*1)  \
	VMOVUPS Y8, (DI)(R11*2)    \
	VMOVUPS Y9, 32(DI)(R11*2)  \
	VMOVUPS Y10, (R13)         \
	VMOVUPS Y11, 32(R13)

#define OUTER(BROADCAST, FMA, SHIFT, SIZE) \
	MOVQ k+0(FP), BX          \
	MOVQ f+24(FP), AX         \
	MOVQ b+32(FP), R8         \
	MOVQ ldb+40(FP), R10      \
	MOVQ ldc+56(FP), R11      \
	SHLQ $SHIFT, R10          \
	SHLQ $SHIFT, R11          \
block:                        \
	MOVQ c+48(FP), R14        \
	MOVQ n+16(FP), CX         \
	SHRQ $(6-SHIFT), CX       \
	CMPQ BX, $8               \
	JLT  few                  \
	LEAQ (R10)(R10*2), R9     \
	LEAQ (R8)(R9*2), R12      \
	ADDQ R8, R9               \
line:                         \
	MOVQ AX, SI               \
	MOVQ R14, DI              \
	MOVQ groups+8(FP), DX     \
group:                        \
	LEAQ (R11)(R11*2), R13    \
	ADDQ DI, R13              \
	LOADC                     \
	STEP(BROADCAST, FMA, SIZE, 0, (R8), 32(R8))                \
	STEP(BROADCAST, FMA, SIZE, 1, (R8)(R10*1), 32(R8)(R10*1))  \
	STEP(BROADCAST, FMA, SIZE, 2, (R8)(R10*2), 32(R8)(R10*2))  \
	STEP(BROADCAST, FMA, SIZE, 3, (R9), 32(R9))                \
	STEP(BROADCAST, FMA, SIZE, 4, (R9)(R10*1), 32(R9)(R10*1))  \
	STEP(BROADCAST, FMA, SIZE, 5, (R9)(R10*2), 32(R9)(R10*2))  \
	STEP(BROADCAST, FMA, SIZE, 6, (R12), 32(R12))              \
	STEP(BROADCAST, FMA, SIZE, 7, (R12)(R10*1), 32(R12)(R10*1)) \
	STOREC                    \
	ADDQ $(32*SIZE), SI       \
	LEAQ (R13)(R11*1), DI     \
	DECQ DX                   \
	JNE  group                \
	ADDQ $64, R8              \
	ADDQ $64, R9              \
	ADDQ $64, R12             \
	ADDQ $64, R14             \
	DECQ CX                   \
	JNE  line                 \
	MOVQ SI, AX               \
	LEAQ (R12)(R10*2), R8     \
	MOVQ n+16(FP), CX         \
	SHLQ $SHIFT, CX           \
	SUBQ CX, R8               \
	SUBQ $8, BX               \
	JNE  block                \
	VZEROUPPER                \
	RET                       \
few:                          \
	MOVQ AX, SI               \
	MOVQ R14, DI              \
	MOVQ groups+8(FP), DX     \
fewgroup:                     \
	LEAQ (R11)(R11*2), R13    \
	ADDQ DI, R13              \
	LOADC                     \
	MOVQ R8, R9               \
	MOVQ BX, R12              \
	MOVQ SI, R15              \
row:                          \
	STEP(BROADCAST, FMA, SIZE, 0, (R9), 32(R9)) \
	ADDQ R10, R9              \
	ADDQ $(4*SIZE), SI        \
	DECQ R12                  \
	JNE  row                  \
	STOREC                    \
	LEAQ (32*SIZE)(R15), SI   \
	LEAQ (R13)(R11*1), DI     \
	DECQ DX                   \
	JNE  fewgroup             \
	ADDQ $64, R8              \
	ADDQ $64, R14             \
	DECQ CX                   \
	JNE  few                  \
	VZEROUPPER                \
	RET

// func souterAVX2(k, groups, n int, f, b *float32, ldb int, c *float32, ldc int)
TEXT ·souterAVX2(SB), NOSPLIT, $0-64
	OUTER(VBROADCASTSS, VFMADD231PS, 2, 4)

// func douterAVX2(k, groups, n int, f, b *float64, ldb int, c *float64, ldc int)
TEXT ·douterAVX2(SB), NOSPLIT, $0-64
	OUTER(VBROADCASTSD, VFMADD231PD, 3, 8)
