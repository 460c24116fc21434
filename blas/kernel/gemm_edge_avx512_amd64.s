//go:build !purego

// GEMM micro-kernels for the edges of C, AVX-512F: m×n of a tile of 14×32 float32 or 14×16 float64, m and n from 1.
//
// Reference: edge in gemm_generic.go.
// An element is the same sequence of operations as in a whole tile (gemm_avx512_amd64.s), so it has the same bits.
//
// Columns after n are masked off, and rows after m are left out by a jump after row m, which is predicted: m is the same in
// every step. There is a loop for one vector a row and one for two.
//
//	AX, DX  rows 0 and 7 of A at k      R8, R12, R13  bytes from a row of A to the 1st, 3rd and 5th after it
//	R9      bytes from a column of A to the next
//	BX      row k of B                  R10 bytes from a row of B to the next
//	DI      row of C                    R11 bytes from a row of C to the next    CX  steps of k left    SI  m
//	K1, K2  the columns in the first and in the second vector of a row
//	Z0, Z1  row k of B, then alpha, beta      Z2  A[i,k] in all lanes      Z4+2i, Z5+2i  row i of the tile
//
//	tile = 0
//	for p in k: for i in m: tile[i] += A[i,p] * B[p]      // fused, k ascending
//	for i in m: C[i] = alpha*tile[i]                      // beta = 0: C is not read
//	            C[i] = fma(beta, C[i], alpha*tile[i])     // otherwise

#include "textflag.h"

// MASK sets the CX lowest bits of a mask; CX is at most 16.
#define MASK(K) \
	MOVL  $1, R15 \
	SHLL  CX, R15 \
	DECL  R15     \
	KMOVW R15, K

#define CLEAR(LO, HI) \
	VPXORD LO, LO, LO \
	VPXORD HI, HI, HI

#define ROW1(A, LO) \
	BROADCAST A, Z2 \
	FMA       Z0, Z2, LO

#define ROW2(A, LO, HI) \
	BROADCAST A, Z2      \
	FMA       Z0, Z2, LO \
	FMA       Z1, Z2, HI

#define AFTER(M, LABEL) \
	CMPQ SI, $M \
	JE   LABEL

#define NEXT(LOOP) \
	ADDQ R9, AX  \
	ADDQ R9, DX  \
	ADDQ R10, BX \
	DECQ CX      \
	JNE  LOOP

#define SET(LO, HI) \
	MUL  Z0, LO, LO     \
	MUL  Z0, HI, HI     \
	MOV  LO, K1, (DI)   \
	MOV  HI, K2, 64(DI) \
	ADDQ R11, DI

#define UPDATE(LO, HI) \
	MUL  Z0, LO, LO         \
	MUL  Z0, HI, HI         \
	FMA  (DI), Z1, K1, LO   \
	FMA  64(DI), Z1, K2, HI \
	MOV  LO, K1, (DI)       \
	MOV  HI, K2, 64(DI)     \
	ADDQ R11, DI

// EDGE is the body of both functions, once BROADCAST, FMA, MUL, MOV, LOADZ, COMPARE, LANES of a vector, and SHIFT, the
// logarithm of an element's bytes, are defined.
#define EDGE \
	MOVQ m+0(FP), SI            \
	MOVQ n+8(FP), CX            \
	MOVQ a+32(FP), AX           \
	MOVQ rsa+40(FP), R8         \
	MOVQ csa+48(FP), R9         \
	MOVQ b+56(FP), BX           \
	MOVQ rsb+64(FP), R10        \
	MOVQ c+80(FP), DI           \
	MOVQ ldc+88(FP), R11        \
	SHLQ $SHIFT, R8             \
	SHLQ $SHIFT, R9             \
	SHLQ $SHIFT, R10            \
	SHLQ $SHIFT, R11            \
	LEAQ (R8)(R8*2), R12        \
	LEAQ (R8)(R8*4), R13        \
	LEAQ (R13)(R8*2), DX        \
	ADDQ AX, DX                 \
	CLEAR(Z4, Z5)               \
	CLEAR(Z6, Z7)               \
	CLEAR(Z8, Z9)               \
	CLEAR(Z10, Z11)             \
	CLEAR(Z12, Z13)             \
	CLEAR(Z14, Z15)             \
	CLEAR(Z16, Z17)             \
	CLEAR(Z18, Z19)             \
	CLEAR(Z20, Z21)             \
	CLEAR(Z22, Z23)             \
	CLEAR(Z24, Z25)             \
	CLEAR(Z26, Z27)             \
	CLEAR(Z28, Z29)             \
	CLEAR(Z30, Z31)             \
	SUBQ $LANES, CX             \
	JGT  two                    \
	ADDQ $LANES, CX             \
	MASK(K1)                    \
	KXORW K2, K2, K2            \
	MOVQ k+16(FP), CX           \
	TESTQ CX, CX                \
	JE   write                  \
one:                        \
	LOADZ (BX), K1, Z0          \
	ROW1((AX), Z4)              \
	AFTER(1, next1)             \
	ROW1((AX)(R8*1), Z6)        \
	AFTER(2, next1)             \
	ROW1((AX)(R8*2), Z8)        \
	AFTER(3, next1)             \
	ROW1((AX)(R12*1), Z10)      \
	AFTER(4, next1)             \
	ROW1((AX)(R8*4), Z12)       \
	AFTER(5, next1)             \
	ROW1((AX)(R13*1), Z14)      \
	AFTER(6, next1)             \
	ROW1((AX)(R12*2), Z16)      \
	AFTER(7, next1)             \
	ROW1((DX), Z18)             \
	AFTER(8, next1)             \
	ROW1((DX)(R8*1), Z20)       \
	AFTER(9, next1)             \
	ROW1((DX)(R8*2), Z22)       \
	AFTER(10, next1)            \
	ROW1((DX)(R12*1), Z24)      \
	AFTER(11, next1)            \
	ROW1((DX)(R8*4), Z26)       \
	AFTER(12, next1)            \
	ROW1((DX)(R13*1), Z28)      \
	AFTER(13, next1)            \
	ROW1((DX)(R12*2), Z30)      \
next1:                      \
	NEXT(one)                   \
	JMP write                   \
two:                        \
	MASK(K2)                    \
	KXNORW K1, K1, K1           \
	MOVQ k+16(FP), CX           \
	TESTQ CX, CX                \
	JE   write                  \
both:                       \
	MOV (BX), Z0                \
	LOADZ 64(BX), K2, Z1        \
	ROW2((AX), Z4, Z5)          \
	AFTER(1, next2)             \
	ROW2((AX)(R8*1), Z6, Z7)    \
	AFTER(2, next2)             \
	ROW2((AX)(R8*2), Z8, Z9)    \
	AFTER(3, next2)             \
	ROW2((AX)(R12*1), Z10, Z11) \
	AFTER(4, next2)             \
	ROW2((AX)(R8*4), Z12, Z13)  \
	AFTER(5, next2)             \
	ROW2((AX)(R13*1), Z14, Z15) \
	AFTER(6, next2)             \
	ROW2((AX)(R12*2), Z16, Z17) \
	AFTER(7, next2)             \
	ROW2((DX), Z18, Z19)        \
	AFTER(8, next2)             \
	ROW2((DX)(R8*1), Z20, Z21)  \
	AFTER(9, next2)             \
	ROW2((DX)(R8*2), Z22, Z23)  \
	AFTER(10, next2)            \
	ROW2((DX)(R12*1), Z24, Z25) \
	AFTER(11, next2)            \
	ROW2((DX)(R8*4), Z26, Z27)  \
	AFTER(12, next2)            \
	ROW2((DX)(R13*1), Z28, Z29) \
	AFTER(13, next2)            \
	ROW2((DX)(R12*2), Z30, Z31) \
next2:                      \
	NEXT(both)                  \
write:                      \
	BROADCAST alpha+24(FP), Z0  \
	BROADCAST beta+72(FP), Z1   \
	VXORPS X2, X2, X2           \
	COMPARE X2, X1              \
	JNE update                  \
	JPS update                  \
	SET(Z4, Z5)                 \
	AFTER(1, done)              \
	SET(Z6, Z7)                 \
	AFTER(2, done)              \
	SET(Z8, Z9)                 \
	AFTER(3, done)              \
	SET(Z10, Z11)               \
	AFTER(4, done)              \
	SET(Z12, Z13)               \
	AFTER(5, done)              \
	SET(Z14, Z15)               \
	AFTER(6, done)              \
	SET(Z16, Z17)               \
	AFTER(7, done)              \
	SET(Z18, Z19)               \
	AFTER(8, done)              \
	SET(Z20, Z21)               \
	AFTER(9, done)              \
	SET(Z22, Z23)               \
	AFTER(10, done)             \
	SET(Z24, Z25)               \
	AFTER(11, done)             \
	SET(Z26, Z27)               \
	AFTER(12, done)             \
	SET(Z28, Z29)               \
	AFTER(13, done)             \
	SET(Z30, Z31)               \
	JMP done                    \
update:                     \
	UPDATE(Z4, Z5)              \
	AFTER(1, done)              \
	UPDATE(Z6, Z7)              \
	AFTER(2, done)              \
	UPDATE(Z8, Z9)              \
	AFTER(3, done)              \
	UPDATE(Z10, Z11)            \
	AFTER(4, done)              \
	UPDATE(Z12, Z13)            \
	AFTER(5, done)              \
	UPDATE(Z14, Z15)            \
	AFTER(6, done)              \
	UPDATE(Z16, Z17)            \
	AFTER(7, done)              \
	UPDATE(Z18, Z19)            \
	AFTER(8, done)              \
	UPDATE(Z20, Z21)            \
	AFTER(9, done)              \
	UPDATE(Z22, Z23)            \
	AFTER(10, done)             \
	UPDATE(Z24, Z25)            \
	AFTER(11, done)             \
	UPDATE(Z26, Z27)            \
	AFTER(12, done)             \
	UPDATE(Z28, Z29)            \
	AFTER(13, done)             \
	UPDATE(Z30, Z31)            \
done:                       \
	VZEROUPPER                  \
	RET

#define BROADCAST VBROADCASTSS
#define FMA VFMADD231PS
#define MUL VMULPS
#define MOV VMOVUPS
#define LOADZ VMOVUPS.Z
#define COMPARE VUCOMISS
#define LANES 16
#define SHIFT 2

// func sgemmEdgeAVX512(m, n, k int, alpha float32, a *float32, rsa, csa int, b *float32, rsb int, beta float32, c *float32, ldc int)
TEXT ·sgemmEdgeAVX512(SB), NOSPLIT, $0-96
	EDGE

#undef BROADCAST
#undef FMA
#undef MUL
#undef MOV
#undef LOADZ
#undef COMPARE
#undef LANES
#undef SHIFT

#define BROADCAST VBROADCASTSD
#define FMA VFMADD231PD
#define MUL VMULPD
#define MOV VMOVUPD
#define LOADZ VMOVUPD.Z
#define COMPARE VUCOMISD
#define LANES 8
#define SHIFT 3

// func dgemmEdgeAVX512(m, n, k int, alpha float64, a *float64, rsa, csa int, b *float64, rsb int, beta float64, c *float64, ldc int)
TEXT ·dgemmEdgeAVX512(SB), NOSPLIT, $0-96
	EDGE
