//go:build !purego

// GEMM micro-kernels for AVX2 and FMA that pack as they go: gemm_avx2_amd64.s's tile, on a B that lies in memory row by row,
// and a packed copy of what they read of B for the tiles that follow. Two stores a step of k fit beside its 12 FMA, so that
// packing B costs nothing but the wait for memory, and rows of B are asked for 24 steps ahead, some 150 cycles.
//
// Reference: tilePack in gemm_generic.go.
//
//	R12  row k of the copy     R13  row k+24 of B     all else as in gemm_avx2_amd64.s
//
//	for p in k: dst[p] = B[p]; prefetch B[p+24]; for i in 6: tile[i] += A[i,p] * B[p]
//	then as there

#include "textflag.h"
#include "gemm_avx2_amd64.h"

#define STEPPACK(BROADCAST, FMA, MOV) \
	PREFETCHT0 (R13)             \
	PREFETCHT0 63(R13)           \
	ADDQ       R10, R13          \
	STEP(BROADCAST, FMA, MOV)    \
	MOV        Y0, (R12)         \
	MOV        Y1, 32(R12)       \
	ADDQ       $64, R12

// func sgemm6x16PackAVX2(k int, alpha float32, a *float32, rsa, csa int, b *float32, rsb int, dst *float32, beta float32, c *float32, ldc int)
TEXT ·sgemm6x16PackAVX2(SB), NOSPLIT, $0-88
	MOVQ k+0(FP), CX
	MOVQ a+16(FP), AX
	MOVQ rsa+24(FP), R8
	MOVQ csa+32(FP), R9
	MOVQ b+40(FP), BX
	MOVQ rsb+48(FP), R10
	MOVQ dst+56(FP), R12
	MOVQ c+72(FP), DI
	MOVQ ldc+80(FP), R11
	SHLQ $2, R8
	SHLQ $2, R9
	SHLQ $2, R10
	SHLQ $2, R11
	LEAQ (R8)(R8*2), DX
	ADDQ AX, DX
	LEAQ (R10)(R10*2), R13
	SHLQ $3, R13
	ADDQ BX, R13
	PREFETCH
	CLEAR

	SUBQ $2, CX
	JLT  tail

	PCALIGN $32
loop:
	STEPPACK(VBROADCASTSS, VFMADD231PS, VMOVUPS)
	STEPPACK(VBROADCASTSS, VFMADD231PS, VMOVUPS)
	SUBQ $2, CX
	JGE  loop

tail:
	ADDQ $2, CX
	JE   write
	STEPPACK(VBROADCASTSS, VFMADD231PS, VMOVUPS)

write:
	VBROADCASTSS alpha+8(FP), Y0
	VBROADCASTSS beta+64(FP), Y1
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
	VZEROUPPER
	RET

update:
	UPDATE(VMULPS, VFMADD231PS, VMOVUPS, Y4, Y5)
	UPDATE(VMULPS, VFMADD231PS, VMOVUPS, Y6, Y7)
	UPDATE(VMULPS, VFMADD231PS, VMOVUPS, Y8, Y9)
	UPDATE(VMULPS, VFMADD231PS, VMOVUPS, Y10, Y11)
	UPDATE(VMULPS, VFMADD231PS, VMOVUPS, Y12, Y13)
	UPDATE(VMULPS, VFMADD231PS, VMOVUPS, Y14, Y15)
	VZEROUPPER
	RET

// func dgemm6x8PackAVX2(k int, alpha float64, a *float64, rsa, csa int, b *float64, rsb int, dst *float64, beta float64, c *float64, ldc int)
TEXT ·dgemm6x8PackAVX2(SB), NOSPLIT, $0-88
	MOVQ k+0(FP), CX
	MOVQ a+16(FP), AX
	MOVQ rsa+24(FP), R8
	MOVQ csa+32(FP), R9
	MOVQ b+40(FP), BX
	MOVQ rsb+48(FP), R10
	MOVQ dst+56(FP), R12
	MOVQ c+72(FP), DI
	MOVQ ldc+80(FP), R11
	SHLQ $3, R8
	SHLQ $3, R9
	SHLQ $3, R10
	SHLQ $3, R11
	LEAQ (R8)(R8*2), DX
	ADDQ AX, DX
	LEAQ (R10)(R10*2), R13
	SHLQ $3, R13
	ADDQ BX, R13
	PREFETCH
	CLEAR

	SUBQ $2, CX
	JLT  tail

	PCALIGN $32
loop:
	STEPPACK(VBROADCASTSD, VFMADD231PD, VMOVUPD)
	STEPPACK(VBROADCASTSD, VFMADD231PD, VMOVUPD)
	SUBQ $2, CX
	JGE  loop

tail:
	ADDQ $2, CX
	JE   write
	STEPPACK(VBROADCASTSD, VFMADD231PD, VMOVUPD)

write:
	VBROADCASTSD alpha+8(FP), Y0
	VBROADCASTSD beta+64(FP), Y1
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
	VZEROUPPER
	RET

update:
	UPDATE(VMULPD, VFMADD231PD, VMOVUPD, Y4, Y5)
	UPDATE(VMULPD, VFMADD231PD, VMOVUPD, Y6, Y7)
	UPDATE(VMULPD, VFMADD231PD, VMOVUPD, Y8, Y9)
	UPDATE(VMULPD, VFMADD231PD, VMOVUPD, Y10, Y11)
	UPDATE(VMULPD, VFMADD231PD, VMOVUPD, Y12, Y13)
	UPDATE(VMULPD, VFMADD231PD, VMOVUPD, Y14, Y15)
	VZEROUPPER
	RET
