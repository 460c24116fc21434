//go:build !purego

// Outer products of a few rows, AVX2 and FMA: C [4·groups, n] += F [4·groups, k] · B [k, n], eight rows of B at a time, so
// that a matrix with long rows streams from memory, as eight streams.
//
// Reference: outer in rows.go.
//
// A tile of C, four rows of a cache line, is loaded, gets 64 FMA from eight rows of B, and is stored: 16 loads of B, 8 of C, and
// 32 broadcasts, two a cycle, stay below the 32 cycles of FMA. (To fetch rows ahead by PREFETCHT0 gained nothing.)
//
// outer_amd64.h has the loops.
//
//	Y0, Y1  B     Y2, Y3  a factor in all lanes     Y4-Y11  the tile of C

#include "textflag.h"
#include "outer_amd64.h"

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

// func souterAVX2(k, groups, n int, f, b *float32, ldb int, c *float32, ldc int)
TEXT ·souterAVX2(SB), NOSPLIT, $0-64
	OUTER(VBROADCASTSS, VFMADD231PS, 2, 4)

// func douterAVX2(k, groups, n int, f, b *float64, ldb int, c *float64, ldc int)
TEXT ·douterAVX2(SB), NOSPLIT, $0-64
	OUTER(VBROADCASTSD, VFMADD231PD, 3, 8)
