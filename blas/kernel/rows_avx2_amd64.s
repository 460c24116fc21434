//go:build !purego

// Kernels on several rows of a matrix at a time, AVX2 and FMA: dot products of 4 rows with others, and
// y += a combination of 8 rows.
//
// Reference: dots and axpys in rows.go.

#include "textflag.h"

// A mask of any number of bytes starts that many bytes before the middle.
DATA mask<>+0(SB)/8, $-1
DATA mask<>+8(SB)/8, $-1
DATA mask<>+16(SB)/8, $-1
DATA mask<>+24(SB)/8, $-1
DATA mask<>+32(SB)/8, $0
DATA mask<>+40(SB)/8, $0
DATA mask<>+48(SB)/8, $0
DATA mask<>+56(SB)/8, $0
GLOBL mask<>(SB), RODATA|NOPTR, $64

// Dot products, with three rows of r at a time, but never with one if there are more: four are two and two. A vector of partial
// sums for each pair of rows, and with a single row r two of them by turns; the rest of a vector at the end of the rows is read
// under a mask.
//
//	SI  rows of s at k: (SI), (SI)(R8), (SI)(R8*2), (SI)(R9)      R8  bytes from a row to the next    R9  3*R8
//	DI  rows of r at k: (DI), (DI)(R10), (DI)(R10*2)              CX  bytes left     R12  the mask    AX  out
//	R11 row of r that is next      BX  rows of r left             DX  bytes in the last vector, if it is not whole
//	Y[4j+i]  partial sums of row j of r and row i of s            Y12-Y14  r at k    Y15  s at k

#define ROWOF1(FMA, S, A0) FMA S, Y12, A0

#define ROWOF2(FMA, S, A0, A1) \
	VMOVUPS S, Y15       \
	FMA     Y15, Y12, A0 \
	FMA     Y15, Y13, A1

#define ROWOF3(FMA, S, A0, A1, A2) \
	VMOVUPS S, Y15       \
	FMA     Y15, Y12, A0 \
	FMA     Y15, Y13, A1 \
	FMA     Y15, Y14, A2

// The same under the mask, which is loaded to where the row goes.
#define MASKED(S, TO) \
	VMOVUPS    (R12), TO  \
	VMASKMOVPS S, TO, TO

#define LAST1(FMA, S, A0) \
	MASKED(S, Y15)       \
	FMA     Y15, Y12, A0

#define LAST2(FMA, S, A0, A1) \
	MASKED(S, Y15)       \
	FMA     Y15, Y12, A0 \
	FMA     Y15, Y13, A1

#define LAST3(FMA, S, A0, A1, A2) \
	MASKED(S, Y15)       \
	FMA     Y15, Y12, A0 \
	FMA     Y15, Y13, A1 \
	FMA     Y15, Y14, A2

#define NEXT32 \
	ADDQ $32, SI \
	ADDQ $32, DI

// SUMS adds the sums of the 4 vectors A to D to 4 elements at TO.
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

#define DOTS(FMA, ADD, SUMS, SHIFT, STEP) \
	MOVQ nr+0(FP), BX       \
	MOVQ k+8(FP), DX        \
	MOVQ lds+24(FP), R8     \
	MOVQ r+32(FP), R11      \
	MOVQ ldr+40(FP), R10    \
	MOVQ out+48(FP), AX     \
	SHLQ $SHIFT, DX         \
	SHLQ $SHIFT, R8         \
	SHLQ $SHIFT, R10        \
	LEAQ (R8)(R8*2), R9     \
	ANDQ $31, DX            \
	LEAQ mask<>+32(SB), R12 \
	SUBQ DX, R12            \
next:                       \
	MOVQ k+8(FP), CX        \
	SHLQ $SHIFT, CX         \
	MOVQ s+16(FP), SI       \
	MOVQ R11, DI            \
	VXORPS Y0, Y0, Y0       \
	VXORPS Y1, Y1, Y1       \
	VXORPS Y2, Y2, Y2       \
	VXORPS Y3, Y3, Y3       \
	VXORPS Y4, Y4, Y4       \
	VXORPS Y5, Y5, Y5       \
	VXORPS Y6, Y6, Y6       \
	VXORPS Y7, Y7, Y7       \
	CMPQ BX, $2             \
	JE   begin2             \
	CMPQ BX, $4             \
	JE   begin2             \
	JGT  begin3             \
	CMPQ BX, $3             \
	JE   begin3             \
	SUBQ $64, CX            \
	JLT  single1            \
pair1:                      \
	VMOVUPS (DI), Y12                 \
	ROWOF1(FMA, (SI), Y0)             \
	ROWOF1(FMA, (SI)(R8*1), Y1)       \
	ROWOF1(FMA, (SI)(R8*2), Y2)       \
	ROWOF1(FMA, (SI)(R9*1), Y3)       \
	VMOVUPS 32(DI), Y12               \
	ROWOF1(FMA, 32(SI), Y4)           \
	ROWOF1(FMA, 32(SI)(R8*1), Y5)     \
	ROWOF1(FMA, 32(SI)(R8*2), Y6)     \
	ROWOF1(FMA, 32(SI)(R9*1), Y7)     \
	ADDQ $64, SI            \
	ADDQ $64, DI            \
	SUBQ $64, CX            \
	JGE  pair1              \
single1:                    \
	ADDQ $32, CX            \
	JLT  last1              \
	VMOVUPS (DI), Y12                 \
	ROWOF1(FMA, (SI), Y0)             \
	ROWOF1(FMA, (SI)(R8*1), Y1)       \
	ROWOF1(FMA, (SI)(R8*2), Y2)       \
	ROWOF1(FMA, (SI)(R9*1), Y3)       \
	NEXT32                  \
last1:                      \
	TESTQ DX, DX            \
	JE    sum1              \
	MASKED((DI), Y12)                 \
	LAST1(FMA, (SI), Y0)              \
	LAST1(FMA, (SI)(R8*1), Y1)        \
	LAST1(FMA, (SI)(R8*2), Y2)        \
	LAST1(FMA, (SI)(R9*1), Y3)        \
sum1:                       \
	ADD  Y4, Y0, Y0         \
	ADD  Y5, Y1, Y1         \
	ADD  Y6, Y2, Y2         \
	ADD  Y7, Y3, Y3         \
	SUMS((AX), Y0, Y1, Y2, Y3, X0, X1) \
	VZEROUPPER              \
	RET                     \
begin2:                     \
	SUBQ $32, CX            \
	JLT  last2              \
loop2:                      \
	VMOVUPS (DI), Y12                 \
	VMOVUPS (DI)(R10*1), Y13          \
	ROWOF2(FMA, (SI), Y0, Y4)         \
	ROWOF2(FMA, (SI)(R8*1), Y1, Y5)   \
	ROWOF2(FMA, (SI)(R8*2), Y2, Y6)   \
	ROWOF2(FMA, (SI)(R9*1), Y3, Y7)   \
	NEXT32                  \
	SUBQ $32, CX            \
	JGE  loop2              \
last2:                      \
	TESTQ DX, DX            \
	JE    sum2              \
	MASKED((DI), Y12)                 \
	MASKED((DI)(R10*1), Y13)          \
	LAST2(FMA, (SI), Y0, Y4)          \
	LAST2(FMA, (SI)(R8*1), Y1, Y5)    \
	LAST2(FMA, (SI)(R8*2), Y2, Y6)    \
	LAST2(FMA, (SI)(R9*1), Y3, Y7)    \
sum2:                       \
	SUMS((AX), Y0, Y1, Y2, Y3, X0, X1)     \
	SUMS(STEP(AX), Y4, Y5, Y6, Y7, X4, X5) \
	ADDQ $(2*STEP), AX      \
	LEAQ (R11)(R10*2), R11  \
	SUBQ $2, BX             \
	JNE  next               \
	VZEROUPPER              \
	RET                     \
begin3:                     \
	VXORPS Y8, Y8, Y8       \
	VXORPS Y9, Y9, Y9       \
	VXORPS Y10, Y10, Y10    \
	VXORPS Y11, Y11, Y11    \
	SUBQ $32, CX            \
	JLT  last3              \
loop3:                      \
	VMOVUPS (DI), Y12                 \
	VMOVUPS (DI)(R10*1), Y13          \
	VMOVUPS (DI)(R10*2), Y14          \
	ROWOF3(FMA, (SI), Y0, Y4, Y8)        \
	ROWOF3(FMA, (SI)(R8*1), Y1, Y5, Y9)  \
	ROWOF3(FMA, (SI)(R8*2), Y2, Y6, Y10) \
	ROWOF3(FMA, (SI)(R9*1), Y3, Y7, Y11) \
	NEXT32                  \
	SUBQ $32, CX            \
	JGE  loop3              \
last3:                      \
	TESTQ DX, DX            \
	JE    sum3              \
	MASKED((DI), Y12)                 \
	MASKED((DI)(R10*1), Y13)          \
	MASKED((DI)(R10*2), Y14)          \
	LAST3(FMA, (SI), Y0, Y4, Y8)        \
	LAST3(FMA, (SI)(R8*1), Y1, Y5, Y9)  \
	LAST3(FMA, (SI)(R8*2), Y2, Y6, Y10) \
	LAST3(FMA, (SI)(R9*1), Y3, Y7, Y11) \
sum3:                       \
	SUMS((AX), Y0, Y1, Y2, Y3, X0, X1)        \
	SUMS(STEP(AX), Y4, Y5, Y6, Y7, X4, X5)    \
	SUMS(2*STEP(AX), Y8, Y9, Y10, Y11, X8, X9) \
	ADDQ $(3*STEP), AX      \
	LEAQ (R11)(R10*2), R11  \
	ADDQ R10, R11           \
	SUBQ $3, BX             \
	JNE  next               \
	VZEROUPPER              \
	RET

// Combinations of rows: fused, row 0 first.
//
//	SI, DX, BX  rows 0, 3 and 6 of a     R8  bytes from a row to the next    DI  y    CX  bytes left    R12  the mask
//	Y8-Y15  the factors in all lanes     Y0, Y1  y

#define COMBINE(FMA, AT) \
	VMOVUPS AT(DI), Y0           \
	FMA     AT(SI), Y8, Y0       \
	FMA     AT(SI)(R8*1), Y9, Y0 \
	FMA     AT(SI)(R8*2), Y10, Y0 \
	FMA     AT(DX), Y11, Y0      \
	FMA     AT(DX)(R8*1), Y12, Y0 \
	FMA     AT(DX)(R8*2), Y13, Y0 \
	FMA     AT(BX), Y14, Y0      \
	FMA     AT(BX)(R8*1), Y15, Y0 \
	VMOVUPS Y0, AT(DI)

#define REST(FMA, A, F) \
	VMASKMOVPS A, Y1, Y2 \
	FMA        Y2, F, Y0

#define AXPYS(BROADCAST, FMA, SHIFT, SIZE) \
	MOVQ n+0(FP), CX       \
	MOVQ f+8(FP), AX       \
	MOVQ a+16(FP), SI      \
	MOVQ lda+24(FP), R8    \
	MOVQ y+32(FP), DI      \
	SHLQ $SHIFT, CX        \
	SHLQ $SHIFT, R8        \
	LEAQ (R8)(R8*2), DX    \
	LEAQ (SI)(DX*2), BX    \
	ADDQ SI, DX            \
	BROADCAST (AX), Y8     \
	BROADCAST SIZE(AX), Y9    \
	BROADCAST 2*SIZE(AX), Y10 \
	BROADCAST 3*SIZE(AX), Y11 \
	BROADCAST 4*SIZE(AX), Y12 \
	BROADCAST 5*SIZE(AX), Y13 \
	BROADCAST 6*SIZE(AX), Y14 \
	BROADCAST 7*SIZE(AX), Y15 \
	SUBQ $64, CX           \
	JLT  vector            \
pair:                      \
	COMBINE(FMA, 0)        \
	COMBINE(FMA, 32)       \
	ADDQ $64, SI           \
	ADDQ $64, DX           \
	ADDQ $64, BX           \
	ADDQ $64, DI           \
	SUBQ $64, CX           \
	JGE  pair              \
vector:                    \
	ADDQ $32, CX           \
	JLT  rest              \
	COMBINE(FMA, 0)        \
	ADDQ $32, SI           \
	ADDQ $32, DX           \
	ADDQ $32, BX           \
	ADDQ $32, DI           \
	SUBQ $32, CX           \
rest:                      \
	ADDQ $32, CX           \
	JE   done              \
	LEAQ mask<>+32(SB), R12 \
	SUBQ CX, R12           \
	VMOVUPS (R12), Y1      \
	VMASKMOVPS (DI), Y1, Y0 \
	REST(FMA, (SI), Y8)         \
	REST(FMA, (SI)(R8*1), Y9)   \
	REST(FMA, (SI)(R8*2), Y10)  \
	REST(FMA, (DX), Y11)        \
	REST(FMA, (DX)(R8*1), Y12)  \
	REST(FMA, (DX)(R8*2), Y13)  \
	REST(FMA, (BX), Y14)        \
	REST(FMA, (BX)(R8*1), Y15)  \
	VMASKMOVPS Y0, Y1, (DI) \
done:                      \
	VZEROUPPER             \
	RET

// func sdotsAVX2(nr, k int, s *float32, lds int, r *float32, ldr int, out *float32)
TEXT ·sdotsAVX2(SB), NOSPLIT, $0-56
	DOTS(VFMADD231PS, VADDPS, SSUMS, 2, 16)

// func ddotsAVX2(nr, k int, s *float64, lds int, r *float64, ldr int, out *float64)
TEXT ·ddotsAVX2(SB), NOSPLIT, $0-56
	DOTS(VFMADD231PD, VADDPD, DSUMS, 3, 32)

// func saxpysAVX2(n int, f, a *float32, lda int, y *float32)
TEXT ·saxpysAVX2(SB), NOSPLIT, $0-40
	AXPYS(VBROADCASTSS, VFMADD231PS, 2, 4)

// func daxpysAVX2(n int, f, a *float64, lda int, y *float64)
TEXT ·daxpysAVX2(SB), NOSPLIT, $0-40
	AXPYS(VBROADCASTSD, VFMADD231PD, 3, 8)
