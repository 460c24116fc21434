//go:build !purego

// GEMM micro-kernels for AVX-512F: a 14×2-vector tile of C, that is 14×32 float32 or 14×16 float64.
//
// Reference: tile in gemm_generic.go.
// Source: Van Zee and van de Geijn, "BLIS: a framework for rapidly instantiating BLAS functionality", ACM TOMS 41(3), 2015.
//
// All 32 vector registers are in use: 28 hold the tile, 2 a row of B, 2 elements of A. Each step of k is 28 FMA, which take 14
// cycles at two a cycle, beside 2 loads and 14 broadcasts, 1.1 a cycle where two can start. Were A an operand of the FMA in
// memory, its elements would be loaded twice, for the two vectors of a row: 30 loads in 14 cycles, and loads would set the pace.
// A tile that is wider (8×48) needs as many loads for its size and wastes more of narrow matrices.
//
//	AX, DX  rows 0 and 7 of A at k      R8, R12, R13  bytes from a row of A to the 1st, 3rd and 5th after it
//	R9      bytes from a column of A to the next
//	BX      row k of B                  R10 bytes from a row of B to the next
//	DI      row of C                    R11 bytes from a row of C to the next    CX  steps of k left
//	Z0, Z1  row k of B, then alpha, beta      Z2, Z3  A[i,k] in all lanes
//	Z4+2i, Z5+2i  row i of the tile
//
//	for each of the tiles, one below the other:
//	tile = 0
//	for p in k: for i in 14: tile[i] += A[i,p] * B[p]     // fused, k ascending
//	for i in 14: C[i] = alpha*tile[i]                     // beta = 0: C is not read
//	             C[i] = fma(beta, C[i], alpha*tile[i])    // otherwise

#include "textflag.h"

#define HEAD(SHIFT) \
	MOVQ a+24(FP), AX       \
	MOVQ rsa+32(FP), R8     \
	MOVQ csa+40(FP), R9     \
	SHLQ $SHIFT, next+48(FP) \
	MOVQ rsb+64(FP), R10    \
	MOVQ c+80(FP), DI       \
	MOVQ ldc+88(FP), R11    \
	SHLQ $SHIFT, R8         \
	SHLQ $SHIFT, R9         \
	SHLQ $SHIFT, R10        \
	SHLQ $SHIFT, R11        \
	LEAQ (R8)(R8*2), R12    \
	LEAQ (R8)(R8*4), R13

#define START \
	MOVQ k+8(FP), CX        \
	MOVQ b+56(FP), BX       \
	LEAQ (R13)(R8*2), DX    \
	ADDQ AX, DX             \
	MOVQ DI, SI             \
	MOVQ $14, R15

#define ADVANCE \
	MOVQ a+24(FP), AX       \
	ADDQ next+48(FP), AX    \
	MOVQ AX, a+24(FP)

#define PAIR(BROADCAST, FMA, A0, A1, C00, C01, C10, C11) \
	BROADCAST A0, Z2 \
	BROADCAST A1, Z3 \
	FMA Z0, Z2, C00  \
	FMA Z1, Z2, C01  \
	FMA Z0, Z3, C10  \
	FMA Z1, Z3, C11

#define STEP(BROADCAST, FMA, MOV) \
	MOV  (BX), Z0                                                      \
	MOV  64(BX), Z1                                                    \
	PAIR(BROADCAST, FMA, (AX), (AX)(R8*1), Z4, Z5, Z6, Z7)             \
	PAIR(BROADCAST, FMA, (AX)(R8*2), (AX)(R12*1), Z8, Z9, Z10, Z11)    \
	PAIR(BROADCAST, FMA, (AX)(R8*4), (AX)(R13*1), Z12, Z13, Z14, Z15)  \
	PAIR(BROADCAST, FMA, (AX)(R12*2), (DX), Z16, Z17, Z18, Z19)        \
	PAIR(BROADCAST, FMA, (DX)(R8*1), (DX)(R8*2), Z20, Z21, Z22, Z23)   \
	PAIR(BROADCAST, FMA, (DX)(R12*1), (DX)(R8*4), Z24, Z25, Z26, Z27)  \
	PAIR(BROADCAST, FMA, (DX)(R13*1), (DX)(R12*2), Z28, Z29, Z30, Z31) \
	ADDQ R9, AX                                                        \
	ADDQ R9, DX                                                        \
	ADDQ R10, BX

#define SET(MUL, MOV, LO, HI) \
	MUL  Z0, LO, LO \
	MUL  Z0, HI, HI \
	MOV  LO, (DI)   \
	MOV  HI, 64(DI) \
	ADDQ R11, DI

#define UPDATE(MUL, FMA, MOV, LO, HI) \
	MUL  Z0, LO, LO     \
	MUL  Z0, HI, HI     \
	FMA  (DI), Z1, LO   \
	FMA  64(DI), Z1, HI \
	MOV  LO, (DI)       \
	MOV  HI, 64(DI)     \
	ADDQ R11, DI

#define SETALL(MUL, MOV) \
	SET(MUL, MOV, Z4, Z5)   \
	SET(MUL, MOV, Z6, Z7)   \
	SET(MUL, MOV, Z8, Z9)   \
	SET(MUL, MOV, Z10, Z11) \
	SET(MUL, MOV, Z12, Z13) \
	SET(MUL, MOV, Z14, Z15) \
	SET(MUL, MOV, Z16, Z17) \
	SET(MUL, MOV, Z18, Z19) \
	SET(MUL, MOV, Z20, Z21) \
	SET(MUL, MOV, Z22, Z23) \
	SET(MUL, MOV, Z24, Z25) \
	SET(MUL, MOV, Z26, Z27) \
	SET(MUL, MOV, Z28, Z29) \
	SET(MUL, MOV, Z30, Z31)

#define UPDATEALL(MUL, FMA, MOV) \
	UPDATE(MUL, FMA, MOV, Z4, Z5)   \
	UPDATE(MUL, FMA, MOV, Z6, Z7)   \
	UPDATE(MUL, FMA, MOV, Z8, Z9)   \
	UPDATE(MUL, FMA, MOV, Z10, Z11) \
	UPDATE(MUL, FMA, MOV, Z12, Z13) \
	UPDATE(MUL, FMA, MOV, Z14, Z15) \
	UPDATE(MUL, FMA, MOV, Z16, Z17) \
	UPDATE(MUL, FMA, MOV, Z18, Z19) \
	UPDATE(MUL, FMA, MOV, Z20, Z21) \
	UPDATE(MUL, FMA, MOV, Z22, Z23) \
	UPDATE(MUL, FMA, MOV, Z24, Z25) \
	UPDATE(MUL, FMA, MOV, Z26, Z27) \
	UPDATE(MUL, FMA, MOV, Z28, Z29) \
	UPDATE(MUL, FMA, MOV, Z30, Z31)

#define CLEAR \
	VPXORD Z4, Z4, Z4; VPXORD Z5, Z5, Z5       \
	VPXORD Z6, Z6, Z6; VPXORD Z7, Z7, Z7       \
	VPXORD Z8, Z8, Z8; VPXORD Z9, Z9, Z9       \
	VPXORD Z10, Z10, Z10; VPXORD Z11, Z11, Z11 \
	VPXORD Z12, Z12, Z12; VPXORD Z13, Z13, Z13 \
	VPXORD Z14, Z14, Z14; VPXORD Z15, Z15, Z15 \
	VPXORD Z16, Z16, Z16; VPXORD Z17, Z17, Z17 \
	VPXORD Z18, Z18, Z18; VPXORD Z19, Z19, Z19 \
	VPXORD Z20, Z20, Z20; VPXORD Z21, Z21, Z21 \
	VPXORD Z22, Z22, Z22; VPXORD Z23, Z23, Z23 \
	VPXORD Z24, Z24, Z24; VPXORD Z25, Z25, Z25 \
	VPXORD Z26, Z26, Z26; VPXORD Z27, Z27, Z27 \
	VPXORD Z28, Z28, Z28; VPXORD Z29, Z29, Z29 \
	VPXORD Z30, Z30, Z30; VPXORD Z31, Z31, Z31

// The tile of C comes from memory while the loop runs: a row is two cache lines, or three.
#define PREFETCH \
	PREFETCHT0 (SI)    \
	PREFETCHT0 64(SI)  \
	PREFETCHT0 127(SI) \
	ADDQ       R11, SI

// func sgemm14x32AVX512(tiles, k int, alpha float32, a *float32, rsa, csa, next int, b *float32, rsb int, beta float32, c *float32, ldc int)
TEXT ·sgemm14x32AVX512(SB), NOSPLIT, $0-96
	HEAD(2)

tile:
	START

ahead:
	PREFETCH
	DECQ R15
	JNE  ahead
	CLEAR

	SUBQ $2, CX
	JLT  tail

	PCALIGN $32
loop:
	STEP(VBROADCASTSS, VFMADD231PS, VMOVUPS)
	STEP(VBROADCASTSS, VFMADD231PS, VMOVUPS)
	SUBQ $2, CX
	JGE  loop

tail:
	ADDQ $2, CX
	JE   write
	STEP(VBROADCASTSS, VFMADD231PS, VMOVUPS)

write:
	VBROADCASTSS alpha+16(FP), Z0
	VBROADCASTSS beta+72(FP), Z1
	VXORPS       X2, X2, X2
	VUCOMISS     X2, X1
	JNE          update
	JPS          update
	SETALL(VMULPS, VMOVUPS)
	JMP next

update:
	UPDATEALL(VMULPS, VFMADD231PS, VMOVUPS)

next:
	DECQ tiles+0(FP)
	JLE  done
	ADVANCE
	JMP  tile

done:
	VZEROUPPER
	RET

// func dgemm14x16AVX512(tiles, k int, alpha float64, a *float64, rsa, csa, next int, b *float64, rsb int, beta float64, c *float64, ldc int)
TEXT ·dgemm14x16AVX512(SB), NOSPLIT, $0-96
	HEAD(3)

tile:
	START

ahead:
	PREFETCH
	DECQ R15
	JNE  ahead
	CLEAR

	SUBQ $2, CX
	JLT  tail

	PCALIGN $32
loop:
	STEP(VBROADCASTSD, VFMADD231PD, VMOVUPD)
	STEP(VBROADCASTSD, VFMADD231PD, VMOVUPD)
	SUBQ $2, CX
	JGE  loop

tail:
	ADDQ $2, CX
	JE   write
	STEP(VBROADCASTSD, VFMADD231PD, VMOVUPD)

write:
	VBROADCASTSD alpha+16(FP), Z0
	VBROADCASTSD beta+72(FP), Z1
	VXORPS       X2, X2, X2
	VUCOMISD     X2, X1
	JNE          update
	JPS          update
	SETALL(VMULPD, VMOVUPD)
	JMP next

update:
	UPDATEALL(VMULPD, VFMADD231PD, VMOVUPD)

next:
	DECQ tiles+0(FP)
	JLE  done
	ADVANCE
	JMP  tile

done:
	VZEROUPPER
	RET
