//go:build !purego

// Outer products of a few rows, AVX-512F: C [4·groups, n] += F [4·groups, k] · B [k, n], as for AVX2, with a cache line in one vector.
//
// Reference: outer in rows.go. outer_amd64.h has the loops.
//
//	Z0  B     Z4-Z7  the tile of C; factors are operands in memory

#include "textflag.h"
#include "outer_amd64.h"

#define STEP(_, FMA, SIZE, P, LINE, HALF) \
	VMOVUPS LINE, Z0                   \
	FMA (4*P*SIZE)(SI), Z0, Z4         \
	FMA (4*P*SIZE+SIZE)(SI), Z0, Z5    \
	FMA (4*P*SIZE+2*SIZE)(SI), Z0, Z6  \
	FMA (4*P*SIZE+3*SIZE)(SI), Z0, Z7

#define LOADC \
	VMOVUPS (DI), Z4         \
	VMOVUPS (DI)(R11*1), Z5  \
	VMOVUPS (DI)(R11*2), Z6  \
	VMOVUPS (R13), Z7

#define STOREC \
	VMOVUPS Z4, (DI)         \
	VMOVUPS Z5, (DI)(R11*1)  \
	VMOVUPS Z6, (DI)(R11*2)  \
	VMOVUPS Z7, (R13)

// func souterAVX512(k, groups, n int, f, b *float32, ldb int, c *float32, ldc int)
TEXT ·souterAVX512(SB), NOSPLIT, $0-64
	OUTER(_, VFMADD231PS.BCST, 2, 4)

// func douterAVX512(k, groups, n int, f, b *float64, ldb int, c *float64, ldc int)
TEXT ·douterAVX512(SB), NOSPLIT, $0-64
	OUTER(_, VFMADD231PD.BCST, 3, 8)
