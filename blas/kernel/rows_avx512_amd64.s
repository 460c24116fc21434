//go:build !purego

// Kernels on several rows of a matrix at a time, AVX-512F: dot products of 4 rows with others, and
// y += a combination of 8 rows.
//
// Reference: dots and axpys in rows.go. The loops are those of rows_avx2_amd64.s, with vectors twice as long.

#include "textflag.h"

// MASK sets K1 to the elements of 1 << SHIFT bytes that make up so many bytes, less than 64; it spoils CX and TMP. Elements outside of
// the mask are neither read nor written.
#define MASK(BYTES, SHIFT, TMP) \
	MOVL  BYTES, CX  \
	SHRL  $SHIFT, CX \
	MOVL  $1, TMP    \
	SHLL  CX, TMP    \
	DECL  TMP        \
	KMOVW TMP, K1

// Dot products, with three rows of r at a time, but never with one if there are more: four are two and two. A vector of partial
// sums for each pair of rows, and with a single row r two of them by turns; the rest of a vector at the end of the rows is read
// under the mask.
//
//	SI  rows of s at k: (SI), (SI)(R8), (SI)(R8*2), (SI)(R9)      R8  bytes from a row to the next    R9  3*R8
//	DI  rows of r at k: (DI), (DI)(R10), (DI)(R10*2)              CX  bytes left     AX  out
//	R11 row of r that is next      BX  rows of r left             K1  the mask
//	Z[4j+i]  partial sums of row j of r and row i of s            Z12-Z14  r at k    Z15  s at k

// STEPj is a vector of all rows with j rows of r, LASTj the same under the mask.
#define STEP1(FMA) \
	VMOVUPS (DI), Z12       \
	VMOVUPS (SI), Z15       \
	FMA     Z15, Z12, Z0    \
	VMOVUPS (SI)(R8*1), Z15 \
	FMA     Z15, Z12, Z1    \
	VMOVUPS (SI)(R8*2), Z15 \
	FMA     Z15, Z12, Z2    \
	VMOVUPS (SI)(R9*1), Z15 \
	FMA     Z15, Z12, Z3

#define STEP2(FMA) \
	VMOVUPS (DI), Z12        \
	VMOVUPS (DI)(R10*1), Z13 \
	VMOVUPS (SI), Z15        \
	FMA     Z15, Z12, Z0     \
	FMA     Z15, Z13, Z4     \
	VMOVUPS (SI)(R8*1), Z15  \
	FMA     Z15, Z12, Z1     \
	FMA     Z15, Z13, Z5     \
	VMOVUPS (SI)(R8*2), Z15  \
	FMA     Z15, Z12, Z2     \
	FMA     Z15, Z13, Z6     \
	VMOVUPS (SI)(R9*1), Z15  \
	FMA     Z15, Z12, Z3     \
	FMA     Z15, Z13, Z7

#define STEP3(FMA) \
	VMOVUPS (DI), Z12        \
	VMOVUPS (DI)(R10*1), Z13 \
	VMOVUPS (DI)(R10*2), Z14 \
	VMOVUPS (SI), Z15        \
	FMA     Z15, Z12, Z0     \
	FMA     Z15, Z13, Z4     \
	FMA     Z15, Z14, Z8     \
	VMOVUPS (SI)(R8*1), Z15  \
	FMA     Z15, Z12, Z1     \
	FMA     Z15, Z13, Z5     \
	FMA     Z15, Z14, Z9     \
	VMOVUPS (SI)(R8*2), Z15  \
	FMA     Z15, Z12, Z2     \
	FMA     Z15, Z13, Z6     \
	FMA     Z15, Z14, Z10    \
	VMOVUPS (SI)(R9*1), Z15  \
	FMA     Z15, Z12, Z3     \
	FMA     Z15, Z13, Z7     \
	FMA     Z15, Z14, Z11

#define LAST1(FMA, MOVZ) \
	MOVZ (DI), K1, Z12       \
	MOVZ (SI), K1, Z15       \
	FMA     Z15, Z12, Z0     \
	MOVZ (SI)(R8*1), K1, Z15 \
	FMA     Z15, Z12, Z1     \
	MOVZ (SI)(R8*2), K1, Z15 \
	FMA     Z15, Z12, Z2     \
	MOVZ (SI)(R9*1), K1, Z15 \
	FMA     Z15, Z12, Z3

#define LAST2(FMA, MOVZ) \
	MOVZ (DI), K1, Z12        \
	MOVZ (DI)(R10*1), K1, Z13 \
	MOVZ (SI), K1, Z15        \
	FMA     Z15, Z12, Z0      \
	FMA     Z15, Z13, Z4      \
	MOVZ (SI)(R8*1), K1, Z15  \
	FMA     Z15, Z12, Z1      \
	FMA     Z15, Z13, Z5      \
	MOVZ (SI)(R8*2), K1, Z15  \
	FMA     Z15, Z12, Z2      \
	FMA     Z15, Z13, Z6      \
	MOVZ (SI)(R9*1), K1, Z15  \
	FMA     Z15, Z12, Z3      \
	FMA     Z15, Z13, Z7

#define LAST3(FMA, MOVZ) \
	MOVZ (DI), K1, Z12        \
	MOVZ (DI)(R10*1), K1, Z13 \
	MOVZ (DI)(R10*2), K1, Z14 \
	MOVZ (SI), K1, Z15        \
	FMA     Z15, Z12, Z0      \
	FMA     Z15, Z13, Z4      \
	FMA     Z15, Z14, Z8      \
	MOVZ (SI)(R8*1), K1, Z15  \
	FMA     Z15, Z12, Z1      \
	FMA     Z15, Z13, Z5      \
	FMA     Z15, Z14, Z9      \
	MOVZ (SI)(R8*2), K1, Z15  \
	FMA     Z15, Z12, Z2      \
	FMA     Z15, Z13, Z6      \
	FMA     Z15, Z14, Z10     \
	MOVZ (SI)(R9*1), K1, Z15  \
	FMA     Z15, Z12, Z3      \
	FMA     Z15, Z13, Z7      \
	FMA     Z15, Z14, Z11

// The second vector of a pair, with a single row of r.
#define STEPODD(FMA) \
	VMOVUPS 64(DI), Z12            \
	FMA     64(SI), Z12, Z4        \
	FMA     64(SI)(R8*1), Z12, Z5  \
	FMA     64(SI)(R8*2), Z12, Z6  \
	FMA     64(SI)(R9*1), Z12, Z7

#define NEXT(BYTES) \
	ADDQ $BYTES, SI \
	ADDQ $BYTES, DI

// HALVE adds the upper half of a vector to the lower. SUMS adds the sums of four, halved, to 4 elements at TO.
#define HALVE(ADD, Z, Y) \
	VEXTRACTF64X4 $1, Z, Y15 \
	ADD           Y15, Y, Y

#define SSUMS(TO, A, B, C, D, XA, XB) \
	VHADDPS      B, A, A    \
	VHADDPS      D, C, C    \
	VHADDPS      C, A, A    \
	VEXTRACTF128 $1, A, XB  \
	VADDPS       XB, XA, XA \
	VADDPS       TO, XA, XA \
	VMOVUPS      XA, TO

#define DSUMS(TO, A, B, C, D, XA, XB) \
	VHADDPD    B, A, A        \
	VHADDPD    D, C, C        \
	VPERM2F128 $0x20, C, A, B \
	VPERM2F128 $0x31, C, A, D \
	VADDPD     D, B, A        \
	VADDPD     TO, A, A       \
	VMOVUPS    A, TO

#define SUM0(ADD, SUMS) \
	HALVE(ADD, Z0, Y0) \
	HALVE(ADD, Z1, Y1) \
	HALVE(ADD, Z2, Y2) \
	HALVE(ADD, Z3, Y3) \
	SUMS((AX), Y0, Y1, Y2, Y3, X0, X1)

#define SUM1(ADD, SUMS, STEP) \
	HALVE(ADD, Z4, Y4) \
	HALVE(ADD, Z5, Y5) \
	HALVE(ADD, Z6, Y6) \
	HALVE(ADD, Z7, Y7) \
	SUMS(STEP(AX), Y4, Y5, Y6, Y7, X4, X5)

#define SUM2(ADD, SUMS, STEP) \
	HALVE(ADD, Z8, Y8)   \
	HALVE(ADD, Z9, Y9)   \
	HALVE(ADD, Z10, Y10) \
	HALVE(ADD, Z11, Y11) \
	SUMS(2*STEP(AX), Y8, Y9, Y10, Y11, X8, X9)

#define DOTS(FMA, ADD, MOVZ, SUMS, SHIFT, STEP) \
	MOVQ nr+0(FP), BX               \
	MOVQ k+8(FP), DX                \
	MOVQ lds+24(FP), R8             \
	MOVQ r+32(FP), R11              \
	MOVQ ldr+40(FP), R10            \
	MOVQ out+48(FP), AX             \
	SHLQ $SHIFT, DX                 \
	SHLQ $SHIFT, R8                 \
	SHLQ $SHIFT, R10                \
	LEAQ (R8)(R8*2), R9             \
	ANDQ $63, DX                    \
	MASK(DX, SHIFT, R12)            \
next:                               \
	MOVQ k+8(FP), CX                \
	SHLQ $SHIFT, CX                 \
	MOVQ s+16(FP), SI               \
	MOVQ R11, DI                    \
	VPXORD Z0, Z0, Z0               \
	VPXORD Z1, Z1, Z1               \
	VPXORD Z2, Z2, Z2               \
	VPXORD Z3, Z3, Z3               \
	VPXORD Z4, Z4, Z4               \
	VPXORD Z5, Z5, Z5               \
	VPXORD Z6, Z6, Z6               \
	VPXORD Z7, Z7, Z7               \
	VPXORD Z8, Z8, Z8               \
	VPXORD Z9, Z9, Z9               \
	VPXORD Z10, Z10, Z10            \
	VPXORD Z11, Z11, Z11            \
	CMPQ BX, $2                     \
	JE   begin2                     \
	CMPQ BX, $4                     \
	JE   begin2                     \
	JGT  begin3                     \
	CMPQ BX, $3                     \
	JE   begin3                     \
	SUBQ $128, CX                   \
	JLT  single1                    \
pair1:                              \
	STEP1(FMA)                      \
	STEPODD(FMA)                    \
	NEXT(128)                       \
	SUBQ $128, CX                   \
	JGE  pair1                      \
single1:                            \
	ADDQ $64, CX                    \
	JLT  last1                      \
	STEP1(FMA)                      \
	NEXT(64)                        \
last1:                              \
	LAST1(FMA, MOVZ)                \
	ADD  Z4, Z0, Z0                 \
	ADD  Z5, Z1, Z1                 \
	ADD  Z6, Z2, Z2                 \
	ADD  Z7, Z3, Z3                 \
	SUM0(ADD, SUMS)                 \
	VZEROUPPER                      \
	RET                             \
begin2:                             \
	SUBQ $64, CX                    \
	JLT  last2                      \
loop2:                              \
	STEP2(FMA)                      \
	NEXT(64)                        \
	SUBQ $64, CX                    \
	JGE  loop2                      \
last2:                              \
	LAST2(FMA, MOVZ)                \
	SUM0(ADD, SUMS)                 \
	SUM1(ADD, SUMS, STEP)           \
	ADDQ $(2*STEP), AX              \
	LEAQ (R11)(R10*2), R11          \
	SUBQ $2, BX                     \
	JNE  next                       \
	VZEROUPPER                      \
	RET                             \
begin3:                             \
	SUBQ $64, CX                    \
	JLT  last3                      \
loop3:                              \
	STEP3(FMA)                      \
	NEXT(64)                        \
	SUBQ $64, CX                    \
	JGE  loop3                      \
last3:                              \
	LAST3(FMA, MOVZ)                \
	SUM0(ADD, SUMS)                 \
	SUM1(ADD, SUMS, STEP)           \
	SUM2(ADD, SUMS, STEP)           \
	ADDQ $(3*STEP), AX              \
	LEAQ (R11)(R10*2), R11          \
	ADDQ R10, R11                   \
	SUBQ $3, BX                     \
	JNE  next                       \
	VZEROUPPER                      \
	RET

// Combinations of rows: fused, row 0 first.
//
//	SI, DX, BX  rows 0, 3 and 6 of a     R8  bytes from a row to the next    DI  y    CX  bytes left
//	Z8-Z15  the factors in all lanes     Z0, Z1  y

#define COMBINE(FMA, AT, Z) \
	VMOVUPS AT(DI), Z            \
	FMA     AT(SI), Z8, Z        \
	FMA     AT(SI)(R8*1), Z9, Z  \
	FMA     AT(SI)(R8*2), Z10, Z \
	FMA     AT(DX), Z11, Z       \
	FMA     AT(DX)(R8*1), Z12, Z \
	FMA     AT(DX)(R8*2), Z13, Z \
	FMA     AT(BX), Z14, Z       \
	FMA     AT(BX)(R8*1), Z15, Z \
	VMOVUPS Z, AT(DI)

#define AXPYS(BROADCAST, FMA, MOVZ, MOV, SHIFT, SIZE) \
	MOVQ n+0(FP), CX            \
	MOVQ f+8(FP), AX            \
	MOVQ a+16(FP), SI           \
	MOVQ lda+24(FP), R8         \
	MOVQ y+32(FP), DI           \
	SHLQ $SHIFT, CX             \
	SHLQ $SHIFT, R8             \
	LEAQ (R8)(R8*2), DX         \
	LEAQ (SI)(DX*2), BX         \
	ADDQ SI, DX                 \
	BROADCAST (AX), Z8          \
	BROADCAST 1*SIZE(AX), Z9    \
	BROADCAST 2*SIZE(AX), Z10   \
	BROADCAST 3*SIZE(AX), Z11   \
	BROADCAST 4*SIZE(AX), Z12   \
	BROADCAST 5*SIZE(AX), Z13   \
	BROADCAST 6*SIZE(AX), Z14   \
	BROADCAST 7*SIZE(AX), Z15   \
	SUBQ $128, CX               \
	JLT  vector                 \
pair:                      \
	COMBINE(FMA, 0, Z0)         \
	COMBINE(FMA, 64, Z1)        \
	ADDQ $128, SI               \
	ADDQ $128, DX               \
	ADDQ $128, BX               \
	ADDQ $128, DI               \
	SUBQ $128, CX               \
	JGE  pair                   \
vector:                    \
	ADDQ $64, CX                \
	JLT  rest                   \
	COMBINE(FMA, 0, Z0)         \
	ADDQ $64, SI                \
	ADDQ $64, DX                \
	ADDQ $64, BX                \
	ADDQ $64, DI                \
	SUBQ $64, CX                \
rest:                      \
	ADDQ $64, CX                \
	JE   done                   \
	MASK(CX, SHIFT, AX)         \
	MOVZ (DI), K1, Z0           \
	FMA  (SI), Z8, K1, Z0       \
	FMA  (SI)(R8*1), Z9, K1, Z0 \
	FMA  (SI)(R8*2), Z10, K1, Z0 \
	FMA  (DX), Z11, K1, Z0      \
	FMA  (DX)(R8*1), Z12, K1, Z0 \
	FMA  (DX)(R8*2), Z13, K1, Z0 \
	FMA  (BX), Z14, K1, Z0      \
	FMA  (BX)(R8*1), Z15, K1, Z0 \
	MOV  Z0, K1, (DI)           \
done:                      \
	VZEROUPPER                  \
	RET

// func sdotsAVX512(nr, k int, s *float32, lds int, r *float32, ldr int, out *float32)
TEXT ·sdotsAVX512(SB), NOSPLIT, $0-56
	DOTS(VFMADD231PS, VADDPS, VMOVUPS.Z, SSUMS, 2, 16)

// func ddotsAVX512(nr, k int, s *float64, lds int, r *float64, ldr int, out *float64)
TEXT ·ddotsAVX512(SB), NOSPLIT, $0-56
	DOTS(VFMADD231PD, VADDPD, VMOVUPD.Z, DSUMS, 3, 32)

// func saxpysAVX512(n int, f, a *float32, lda int, y *float32)
TEXT ·saxpysAVX512(SB), NOSPLIT, $0-40
	AXPYS(VBROADCASTSS, VFMADD231PS, VMOVUPS.Z, VMOVUPS, 2, 4)

// func daxpysAVX512(n int, f, a *float64, lda int, y *float64)
TEXT ·daxpysAVX512(SB), NOSPLIT, $0-40
	AXPYS(VBROADCASTSD, VFMADD231PD, VMOVUPD.Z, VMOVUPD, 3, 8)
