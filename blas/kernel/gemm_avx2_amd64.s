//go:build !purego

// GEMM micro-kernels for AVX2 and FMA: a 6×2-vector tile of C, that is 6×16 float32 or 6×8 float64.
//
// Reference: tile in gemm_generic.go.
// Source: Van Zee and van de Geijn, "BLIS: a framework for rapidly instantiating BLAS functionality", ACM TOMS 41(3), 2015.
//
// Of the 16 vector registers 12 hold the tile, 2 a row of B, 2 elements of A. FMA has a latency of 4 to 5 cycles and two can
// start in a cycle, so at least 10 must be in flight: 12 are. Each step of k is 12 FMA, 2 loads and 6 broadcasts.
//
//	AX, DX  rows 0 and 3 of A at k      R8  bytes from a row of A to the next    R9  bytes from a column of A to the next
//	BX      row k of B                  R10 bytes from a row of B to the next
//	DI      row of C                    R11 bytes from a row of C to the next    CX  steps of k left
//	R13     A of the tile               R12 bytes from there to the next tile's      R15 tiles left
//	Y0, Y1  row k of B, then alpha, beta      Y2, Y3  A[i,k] in all lanes
//	Y4+2i, Y5+2i  row i of the tile
//
//	for each of the tiles, one below the other:
//	tile = 0
//	for p in k: for i in 6: tile[i] += A[i,p] * B[p]      // fused, k ascending
//	for i in 6: C[i] = alpha*tile[i]                      // beta = 0: C is not read
//	            C[i] = fma(beta, C[i], alpha*tile[i])     // otherwise

#include "textflag.h"

#include "gemm_avx2_amd64.h"

// The rows of C are fetched so many steps before they are written: longer before, what streams by would push them out again
// where they fall into few sets of the cache.
#define AHEAD 64

// func sgemm6x16AVX2(tiles, k int, alpha float32, a *float32, rsa, csa, next int, b *float32, rsb int, beta float32, c *float32, ldc int)
TEXT ·sgemm6x16AVX2(SB), NOSPLIT, $0-96
	MOVQ tiles+0(FP), R15
	MOVQ a+24(FP), R13
	MOVQ rsa+32(FP), R8
	MOVQ csa+40(FP), R9
	MOVQ next+48(FP), R12
	MOVQ rsb+64(FP), R10
	MOVQ c+80(FP), DI
	MOVQ ldc+88(FP), R11
	SHLQ $2, R8
	SHLQ $2, R9
	SHLQ $2, R10
	SHLQ $2, R11
	SHLQ $2, R12

tile:
	MOVQ k+8(FP), CX
	MOVQ b+56(FP), BX
	MOVQ R13, AX
	LEAQ (R8)(R8*2), DX
	ADDQ AX, DX
	CLEAR

	SUBQ $(AHEAD+4), CX
	JLT  near

	PCALIGN $32
far:
	STEP(VBROADCASTSS, VFMADD231PS, VMOVUPS)
	STEP(VBROADCASTSS, VFMADD231PS, VMOVUPS)
	STEP(VBROADCASTSS, VFMADD231PS, VMOVUPS)
	STEP(VBROADCASTSS, VFMADD231PS, VMOVUPS)
	SUBQ $4, CX
	JGE  far

near:
	PREFETCH
	ADDQ $AHEAD, CX
	JLT  tail

	PCALIGN $32
loop:
	STEP(VBROADCASTSS, VFMADD231PS, VMOVUPS)
	STEP(VBROADCASTSS, VFMADD231PS, VMOVUPS)
	STEP(VBROADCASTSS, VFMADD231PS, VMOVUPS)
	STEP(VBROADCASTSS, VFMADD231PS, VMOVUPS)
	SUBQ $4, CX
	JGE  loop

tail:
	ADDQ $4, CX
	JE   write

one:
	STEP(VBROADCASTSS, VFMADD231PS, VMOVUPS)
	DECQ CX
	JNE  one

write:
	VBROADCASTSS alpha+16(FP), Y0
	VBROADCASTSS beta+72(FP), Y1
	VXORPS       X2, X2, X2
	VUCOMISS     X2, X1
	JNE          update
	JPS          update
	SET(VMULPS, VMOVUPS, Y4, Y5)
	SET(VMULPS, VMOVUPS, Y6, Y7)
	SET(VMULPS, VMOVUPS, Y8, Y9)
	SET(VMULPS, VMOVUPS, Y10, Y11)
	SET(VMULPS, VMOVUPS, Y12, Y13)
	SET(VMULPS, VMOVUPS, Y14, Y15)
	JMP  next

update:
	UPDATE(VMULPS, VFMADD231PS, VMOVUPS, Y4, Y5)
	UPDATE(VMULPS, VFMADD231PS, VMOVUPS, Y6, Y7)
	UPDATE(VMULPS, VFMADD231PS, VMOVUPS, Y8, Y9)
	UPDATE(VMULPS, VFMADD231PS, VMOVUPS, Y10, Y11)
	UPDATE(VMULPS, VFMADD231PS, VMOVUPS, Y12, Y13)
	UPDATE(VMULPS, VFMADD231PS, VMOVUPS, Y14, Y15)

next:
	ADDQ R12, R13
	DECQ R15
	JG   tile
	VZEROUPPER
	RET

// func dgemm6x8AVX2(tiles, k int, alpha float64, a *float64, rsa, csa, next int, b *float64, rsb int, beta float64, c *float64, ldc int)
TEXT ·dgemm6x8AVX2(SB), NOSPLIT, $0-96
	MOVQ tiles+0(FP), R15
	MOVQ a+24(FP), R13
	MOVQ rsa+32(FP), R8
	MOVQ csa+40(FP), R9
	MOVQ next+48(FP), R12
	MOVQ rsb+64(FP), R10
	MOVQ c+80(FP), DI
	MOVQ ldc+88(FP), R11
	SHLQ $3, R8
	SHLQ $3, R9
	SHLQ $3, R10
	SHLQ $3, R11
	SHLQ $3, R12

tile:
	MOVQ k+8(FP), CX
	MOVQ b+56(FP), BX
	MOVQ R13, AX
	LEAQ (R8)(R8*2), DX
	ADDQ AX, DX
	CLEAR

	SUBQ $(AHEAD+4), CX
	JLT  near

	PCALIGN $32
far:
	STEP(VBROADCASTSD, VFMADD231PD, VMOVUPD)
	STEP(VBROADCASTSD, VFMADD231PD, VMOVUPD)
	STEP(VBROADCASTSD, VFMADD231PD, VMOVUPD)
	STEP(VBROADCASTSD, VFMADD231PD, VMOVUPD)
	SUBQ $4, CX
	JGE  far

near:
	PREFETCH
	ADDQ $AHEAD, CX
	JLT  tail

	PCALIGN $32
loop:
	STEP(VBROADCASTSD, VFMADD231PD, VMOVUPD)
	STEP(VBROADCASTSD, VFMADD231PD, VMOVUPD)
	STEP(VBROADCASTSD, VFMADD231PD, VMOVUPD)
	STEP(VBROADCASTSD, VFMADD231PD, VMOVUPD)
	SUBQ $4, CX
	JGE  loop

tail:
	ADDQ $4, CX
	JE   write

one:
	STEP(VBROADCASTSD, VFMADD231PD, VMOVUPD)
	DECQ CX
	JNE  one

write:
	VBROADCASTSD alpha+16(FP), Y0
	VBROADCASTSD beta+72(FP), Y1
	VXORPD       X2, X2, X2
	VUCOMISD     X2, X1
	JNE          update
	JPS          update
	SET(VMULPD, VMOVUPD, Y4, Y5)
	SET(VMULPD, VMOVUPD, Y6, Y7)
	SET(VMULPD, VMOVUPD, Y8, Y9)
	SET(VMULPD, VMOVUPD, Y10, Y11)
	SET(VMULPD, VMOVUPD, Y12, Y13)
	SET(VMULPD, VMOVUPD, Y14, Y15)
	JMP  next

update:
	UPDATE(VMULPD, VFMADD231PD, VMOVUPD, Y4, Y5)
	UPDATE(VMULPD, VFMADD231PD, VMOVUPD, Y6, Y7)
	UPDATE(VMULPD, VFMADD231PD, VMOVUPD, Y8, Y9)
	UPDATE(VMULPD, VFMADD231PD, VMOVUPD, Y10, Y11)
	UPDATE(VMULPD, VFMADD231PD, VMOVUPD, Y12, Y13)
	UPDATE(VMULPD, VFMADD231PD, VMOVUPD, Y14, Y15)

next:
	ADDQ R12, R13
	DECQ R15
	JG   tile
	VZEROUPPER
	RET
