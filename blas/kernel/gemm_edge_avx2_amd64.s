//go:build !purego

// GEMM micro-kernels for the edges of C, AVX2 and FMA: m×n of a tile of 6×16 float32 or 6×8 float64, m and n from 1; and a
// tall tile of half as many columns, as high as two of those, for columns that are left over: 12×8 float32 or 12×4 float64.
//
// Reference: edge in gemm_generic.go.
// An element is the same sequence of operations as in a whole tile (gemm_avx2_amd64.s), so it has the same bits.
//
// There is a loop for every m, with one vector a row (n fills at most one) or two; the last vector is loaded under a mask,
// and reads nothing beyond column n. All loops leave row i of the tile in Y4+2i and Y5+2i, and end in one common write, by
// way of the frame. The tall tile has row i in Y3+i: one vector a row is too few for 6 rows, whose additions would wait for
// each other.
//
//	AX, DX  rows 0 and 3 of A at k      R8  bytes from a row of A to the next    R9  bytes from a column of A to the next
//	BX      row k of B                  R10 bytes from a row of B to the next
//	DI      row of C                    R11 bytes from a row of C to the next    CX  steps of k left
//	R13, R14  rows 6 and 9 of A at k, in the tall tile
//	R12     address of the mask         R15 bytes in the last vector of a row    SI  rows
//	Y0, Y1  row k of B     Y2  A[i,k] in all lanes     Y15 the mask, but with 6 rows of 2 vectors
//
//	tile = 0
//	for p in k: for i in m: tile[i] += A[i,p] * B[p]      // fused, k ascending
//	for i in m: C[i] = alpha*tile[i]                      // beta = 0: C is not read
//	            C[i] = fma(beta, C[i], alpha*tile[i])     // otherwise

#include "textflag.h"

// A mask of any number of bytes starts that many bytes before the middle.
DATA lanes<>+0(SB)/8, $-1
DATA lanes<>+8(SB)/8, $-1
DATA lanes<>+16(SB)/8, $-1
DATA lanes<>+24(SB)/8, $-1
DATA lanes<>+32(SB)/8, $0
DATA lanes<>+40(SB)/8, $0
DATA lanes<>+48(SB)/8, $0
DATA lanes<>+56(SB)/8, $0
GLOBL lanes<>(SB), RODATA|NOPTR, $64

#define LOAD1 VMASKMOVPS (BX), Y15, Y0

#define LOAD2 \
	VMOVUPS    (BX), Y0        \
	VMASKMOVPS 32(BX), Y15, Y1

#define LOAD2MEM \
	VMOVUPS    (R12), Y1       \
	VMOVUPS    (BX), Y0        \
	VMASKMOVPS 32(BX), Y1, Y1

#define ROW1(A, LO) \
	BROADCAST A, Y2      \
	FMA       Y0, Y2, LO

#define ROW2(A, LO, HI) \
	BROADCAST A, Y2      \
	FMA       Y0, Y2, LO \
	FMA       Y1, Y2, HI

#define NEXT(LOOP) \
	ADDQ       R9, AX      \
	ADDQ       R9, DX      \
	ADDQ       R10, BX     \
	DECQ       CX          \
	JNE        LOOP        \
	JMP        write

// ROWS writes the SI rows of the tile, which lie in the frame STRIDE bytes apart, to C. Y0 is alpha, Y15 the mask.
#define ROWS(STRIDE) \
	LEAQ      tile-384(SP), AX \
	BROADCAST beta+72(FP), Y1  \
	XORL    CX, CX             \ // CX: is beta to be used?
	VXORPS  X2, X2, X2         \
	COMPARE X2, X1             \
	SETNE   CX                 \
	SETPS   DX                 \
	ORL     DX, CX             \
row:                           \
	MOVQ    DI, BX             \
	MUL     (AX), Y0, Y2       \
	CMPQ    R15, $32           \
	JLE     last               \
	TESTB   CX, CX             \
	JE      full               \
	FMA     (BX), Y1, Y2       \
full:                          \
	VMOVUPS Y2, (BX)           \
	ADDQ    $32, BX            \
	MUL     32(AX), Y0, Y2     \
last:                          \
	TESTB   CX, CX             \
	JE      store              \
	VMASKMOVPS (BX), Y15, Y3   \
	FMA     Y3, Y1, Y2         \
store:                         \
	TESTQ   $31, R15           \
	JE      whole              \
	TESTQ   $16, R15           \
	JE      eight              \
	VMOVUPS X2, (BX)           \
	ADDQ    $16, BX            \
	VEXTRACTF128 $1, Y2, X2    \
eight:                         \
	TESTQ   $8, R15            \
	JE      four               \
	VMOVLPS X2, (BX)           \
	ADDQ    $8, BX             \
	VPSRLDQ $8, X2, X2         \
four:                          \
	TESTQ   $4, R15            \
	JE      stored             \
	VMOVSS  X2, (BX)           \
	JMP     stored             \
whole:                         \
	VMOVUPS Y2, (BX)           \
stored:                        \
	ADDQ    R11, DI            \
	ADDQ    $STRIDE, AX        \
	DECQ    SI                 \
	JNE     row                \
	VZEROUPPER                 \
	RET

// EDGE is the body of both functions, once BROADCAST, FMA, MUL, COMPARE and SHIFT, the logarithm of an element's bytes,
// are defined.
#define EDGE \
	MOVQ m+0(FP), SI       \
	MOVQ n+8(FP), R15      \
	MOVQ k+16(FP), CX      \
	MOVQ a+32(FP), AX      \
	MOVQ rsa+40(FP), R8    \
	MOVQ csa+48(FP), R9    \
	MOVQ b+56(FP), BX      \
	MOVQ rsb+64(FP), R10   \
	MOVQ c+80(FP), DI      \
	MOVQ ldc+88(FP), R11   \
	SHLQ $SHIFT, R15       \
	SHLQ $SHIFT, R8        \
	SHLQ $SHIFT, R9        \
	SHLQ $SHIFT, R10       \
	SHLQ $SHIFT, R11       \
	LEAQ (R8)(R8*2), DX    \
	ADDQ AX, DX            \
	VXORPS Y4, Y4, Y4      \
	VXORPS Y5, Y5, Y5      \
	VXORPS Y6, Y6, Y6      \
	VXORPS Y7, Y7, Y7      \
	VXORPS Y8, Y8, Y8      \
	VXORPS Y9, Y9, Y9      \
	VXORPS Y10, Y10, Y10   \
	VXORPS Y11, Y11, Y11   \
	VXORPS Y12, Y12, Y12   \
	VXORPS Y13, Y13, Y13   \
	VXORPS Y14, Y14, Y14   \
	LEAQ lanes<>+32(SB), R12 \
	CMPQ R15, $32          \
	JGT  two               \
	SUBQ R15, R12          \
	VMOVUPS (R12), Y15     \
	TESTQ CX, CX           \
	JE   write             \
	CMPQ SI, $2            \
	JLT  one1              \
	JE   one2              \
	CMPQ SI, $4            \
	JLT  one3              \
	JE   one4              \
	CMPQ SI, $6            \
	JLT  one5              \
one6:                      \
	LOAD1                  \
	ROW1((AX), Y4)         \
	ROW1((AX)(R8*1), Y6)   \
	ROW1((AX)(R8*2), Y8)   \
	ROW1((DX), Y10)        \
	ROW1((DX)(R8*1), Y12)  \
	ROW1((DX)(R8*2), Y14)  \
	NEXT(one6)             \
one5:                      \
	LOAD1                  \
	ROW1((AX), Y4)         \
	ROW1((AX)(R8*1), Y6)   \
	ROW1((AX)(R8*2), Y8)   \
	ROW1((DX), Y10)        \
	ROW1((DX)(R8*1), Y12)  \
	NEXT(one5)             \
one4:                      \
	LOAD1                  \
	ROW1((AX), Y4)         \
	ROW1((AX)(R8*1), Y6)   \
	ROW1((AX)(R8*2), Y8)   \
	ROW1((DX), Y10)        \
	NEXT(one4)             \
one3:                      \
	LOAD1                  \
	ROW1((AX), Y4)         \
	ROW1((AX)(R8*1), Y6)   \
	ROW1((AX)(R8*2), Y8)   \
	NEXT(one3)             \
one2:                      \
	LOAD1                  \
	ROW1((AX), Y4)         \
	ROW1((AX)(R8*1), Y6)   \
	NEXT(one2)             \
one1:                      \
	LOAD1                  \
	ROW1((AX), Y4)         \
	NEXT(one1)             \
two:                       \
	SUBQ R15, R12          \
	ADDQ $32, R12          \
	VXORPS Y15, Y15, Y15   \
	TESTQ CX, CX           \
	JE   write             \
	VMOVUPS (R12), Y15     \
	CMPQ SI, $2            \
	JLT  two1              \
	JE   two2              \
	CMPQ SI, $4            \
	JLT  two3              \
	JE   two4              \
	CMPQ SI, $6            \
	JLT  two5              \
	VXORPS Y15, Y15, Y15   \
two6:                      \
	LOAD2MEM               \
	ROW2((AX), Y4, Y5)     \
	ROW2((AX)(R8*1), Y6, Y7)   \
	ROW2((AX)(R8*2), Y8, Y9)   \
	ROW2((DX), Y10, Y11)   \
	ROW2((DX)(R8*1), Y12, Y13) \
	ROW2((DX)(R8*2), Y14, Y15) \
	NEXT(two6)             \
two5:                      \
	LOAD2                  \
	ROW2((AX), Y4, Y5)     \
	ROW2((AX)(R8*1), Y6, Y7)   \
	ROW2((AX)(R8*2), Y8, Y9)   \
	ROW2((DX), Y10, Y11)   \
	ROW2((DX)(R8*1), Y12, Y13) \
	NEXT(two5)             \
two4:                      \
	LOAD2                  \
	ROW2((AX), Y4, Y5)     \
	ROW2((AX)(R8*1), Y6, Y7)   \
	ROW2((AX)(R8*2), Y8, Y9)   \
	ROW2((DX), Y10, Y11)   \
	NEXT(two4)             \
two3:                      \
	LOAD2                  \
	ROW2((AX), Y4, Y5)     \
	ROW2((AX)(R8*1), Y6, Y7)   \
	ROW2((AX)(R8*2), Y8, Y9)   \
	NEXT(two3)             \
two2:                      \
	LOAD2                  \
	ROW2((AX), Y4, Y5)     \
	ROW2((AX)(R8*1), Y6, Y7)   \
	NEXT(two2)             \
two1:                      \
	LOAD2                  \
	ROW2((AX), Y4, Y5)     \
	NEXT(two1)             \
write:                     \
	VMOVUPS Y4, tile-384(SP)   \
	VMOVUPS Y5, tile-352(SP)   \
	VMOVUPS Y6, tile-320(SP)   \
	VMOVUPS Y7, tile-288(SP)   \
	VMOVUPS Y8, tile-256(SP)   \
	VMOVUPS Y9, tile-224(SP)   \
	VMOVUPS Y10, tile-192(SP)  \
	VMOVUPS Y11, tile-160(SP)  \
	VMOVUPS Y12, tile-128(SP)  \
	VMOVUPS Y13, tile-96(SP)   \
	VMOVUPS Y14, tile-64(SP)   \
	VMOVUPS Y15, tile-32(SP)   \
	VMOVUPS (R12), Y15         \
	BROADCAST alpha+24(FP), Y0 \
	ROWS(64)

#define FIRST(A, TO) \
	BROADCAST A, Y1     \
	FMA       Y0, Y1, TO

#define SECOND(A, TO) \
	BROADCAST A, Y2     \
	FMA       Y0, Y2, TO

// TALL is the body of both functions for tall tiles.
#define TALL \
	MOVQ n+0(FP), R15      \
	MOVQ k+8(FP), CX       \
	MOVQ a+24(FP), AX      \
	MOVQ rsa+32(FP), R8    \
	MOVQ csa+40(FP), R9    \
	MOVQ next+48(FP), R13  \
	MOVQ b+56(FP), BX      \
	MOVQ rsb+64(FP), R10   \
	MOVQ c+80(FP), DI      \
	MOVQ ldc+88(FP), R11   \
	SHLQ $SHIFT, R15       \
	SHLQ $SHIFT, R8        \
	SHLQ $SHIFT, R9        \
	SHLQ $SHIFT, R13       \
	SHLQ $SHIFT, R10       \
	SHLQ $SHIFT, R11       \
	LEAQ (R8)(R8*2), DX    \
	ADDQ AX, R13           \
	LEAQ (R13)(DX*1), R14  \
	ADDQ AX, DX            \
	LEAQ lanes<>+32(SB), R12 \
	SUBQ R15, R12          \
	VMOVUPS (R12), Y15     \
	VXORPS Y3, Y3, Y3      \
	VXORPS Y4, Y4, Y4      \
	VXORPS Y5, Y5, Y5      \
	VXORPS Y6, Y6, Y6      \
	VXORPS Y7, Y7, Y7      \
	VXORPS Y8, Y8, Y8      \
	VXORPS Y9, Y9, Y9      \
	VXORPS Y10, Y10, Y10   \
	VXORPS Y11, Y11, Y11   \
	VXORPS Y12, Y12, Y12   \
	VXORPS Y13, Y13, Y13   \
	VXORPS Y14, Y14, Y14   \
	TESTQ CX, CX           \
	JE   write             \
step:                      \
	LOAD1                  \
	FIRST((AX), Y3)        \
	SECOND((AX)(R8*1), Y4) \
	FIRST((AX)(R8*2), Y5)  \
	SECOND((DX), Y6)       \
	FIRST((DX)(R8*1), Y7)  \
	SECOND((DX)(R8*2), Y8) \
	FIRST((R13), Y9)       \
	SECOND((R13)(R8*1), Y10) \
	FIRST((R13)(R8*2), Y11)  \
	SECOND((R14), Y12)     \
	FIRST((R14)(R8*1), Y13)  \
	SECOND((R14)(R8*2), Y14) \
	ADDQ R9, R13           \
	ADDQ R9, R14           \
	NEXT(step)             \
write:                     \
	VMOVUPS Y3, tile-384(SP)   \
	VMOVUPS Y4, tile-352(SP)   \
	VMOVUPS Y5, tile-320(SP)   \
	VMOVUPS Y6, tile-288(SP)   \
	VMOVUPS Y7, tile-256(SP)   \
	VMOVUPS Y8, tile-224(SP)   \
	VMOVUPS Y9, tile-192(SP)   \
	VMOVUPS Y10, tile-160(SP)  \
	VMOVUPS Y11, tile-128(SP)  \
	VMOVUPS Y12, tile-96(SP)   \
	VMOVUPS Y13, tile-64(SP)   \
	VMOVUPS Y14, tile-32(SP)   \
	MOVQ $12, SI               \
	BROADCAST alpha+16(FP), Y0 \
	ROWS(32)

#define BROADCAST VBROADCASTSS
#define FMA       VFMADD231PS
#define MUL       VMULPS
#define COMPARE   VUCOMISS
#define SHIFT     2

// func sgemmEdgeAVX2(m, n, k int, alpha float32, a *float32, rsa, csa int, b *float32, rsb int, beta float32, c *float32, ldc int)
TEXT ·sgemmEdgeAVX2(SB), NOSPLIT, $384-96
	EDGE

// func sgemm12x8AVX2(n, k int, alpha float32, a *float32, rsa, csa, next int, b *float32, rsb int, beta float32, c *float32, ldc int)
TEXT ·sgemm12x8AVX2(SB), NOSPLIT, $384-96
	TALL

#undef BROADCAST
#undef FMA
#undef MUL
#undef COMPARE
#undef SHIFT
#define BROADCAST VBROADCASTSD
#define FMA       VFMADD231PD
#define MUL       VMULPD
#define COMPARE   VUCOMISD
#define SHIFT     3

// func dgemmEdgeAVX2(m, n, k int, alpha float64, a *float64, rsa, csa int, b *float64, rsb int, beta float64, c *float64, ldc int)
TEXT ·dgemmEdgeAVX2(SB), NOSPLIT, $384-96
	EDGE

// func dgemm12x4AVX2(n, k int, alpha float64, a *float64, rsa, csa, next int, b *float64, rsb int, beta float64, c *float64, ldc int)
TEXT ·dgemm12x4AVX2(SB), NOSPLIT, $384-96
	TALL
