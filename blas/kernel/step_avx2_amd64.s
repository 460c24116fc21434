//go:build !purego

// Optimizer steps for AVX2 on float32 vectors of unit stride: SGD, with momentum, with Nesterov's, and Adam. No product is fused
// with a sum, so the bits are the same on every machine.
//
// Reference: sgd, sgdMomentum and adam in blas/vec (sgd.go, adam.go), which give the formulas and their sources.
//
//	DI  w    SI  g    DX  b or m    BX  v    CX  elements left    AX  bytes done    R8  address of the tail's mask
//	Y0  w    Y1  g    Y2  b or m    Y3  v    Y4, Y5  scratch      Y6  mask of the tail    Y7-Y15  coefficients
//
//	for vectors: load; STEP; store          for the last n mod 8: the same, through masked moves
//
// Adam divides and takes roots: 8 elements in some 10 cycles, which is as fast as 28 bytes an element come from L2. There is
// nothing to unroll, as vectors are independent.

#include "textflag.h"

#define LOAD(P, Y) VMOVUPS (P)(AX*1), Y
#define STORE(P, Y) VMOVUPS Y, (P)(AX*1)
#define LOADT(P, Y) VMASKMOVPS (P)(AX*1), Y6, Y
#define STORET(P, Y) VMASKMOVPS Y, Y6, (P)(AX*1)
#define NONE(P, Y)

// L2 and S2 move b or m, L3 and S3 move v; the last T is for the tail's.
#define STEPS(STEP, L2, S2, L2T, S2T, L3, S3, L3T, S3T) \
	XORL    AX, AX               \
	SUBQ    $8, CX               \
	JLT     tail                 \
	PCALIGN $32                  \
vector:                        \
	LOAD(DI, Y0)                 \
	LOAD(SI, Y1)                 \
	L2(DX, Y2)                   \
	L3(BX, Y3)                   \
	STEP                         \
	STORE(DI, Y0)                \
	S2(DX, Y2)                   \
	S3(BX, Y3)                   \
	ADDQ    $32, AX              \
	SUBQ    $8, CX               \
	JGE     vector               \
tail:                          \
	ADDQ    $8, CX               \
	JE      done                 \
	LEAQ    ·tailMask+32(SB), R8 \
	SHLQ    $2, CX               \
	SUBQ    CX, R8               \
	VMOVUPS (R8), Y6             \
	LOADT(DI, Y0)                \
	LOADT(SI, Y1)                \
	L2T(DX, Y2)                  \
	L3T(BX, Y3)                  \
	STEP                         \
	STORET(DI, Y0)               \
	S2T(DX, Y2)                  \
	S3T(BX, Y3)                  \
done:                          \
	VZEROUPPER                   \
	RET

#define DECAY Y7
#define RATE Y8
#define MOMENTUM Y9
#define FRESH Y10

// PULL adds the decay to the gradient: Y1 = g + decay·w.
#define PULL \
	VMULPS DECAY, Y0, Y4 \
	VADDPS Y4, Y1, Y1

// DOWN takes a step along Y1: w -= rate·Y1.
#define DOWN \
	VMULPS RATE, Y1, Y1 \
	VSUBPS Y1, Y0, Y0

#define SGDSTEP \
	PULL \
	DOWN

// func sgdAVX2(n int, w, grad *float32, decay, rate float32)
TEXT ·sgdAVX2(SB), NOSPLIT, $0-32
	MOVQ         n+0(FP), CX
	MOVQ         w+8(FP), DI
	MOVQ         grad+16(FP), SI
	VBROADCASTSS decay+24(FP), DECAY
	VBROADCASTSS rate+28(FP), RATE
	STEPS(SGDSTEP, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE)

// BUFFER updates the buffer: Y2 = momentum·b + fresh·Y1.
#define BUFFER \
	VMULPS MOMENTUM, Y2, Y2 \
	VMULPS FRESH, Y1, Y4    \
	VADDPS Y4, Y2, Y2

#define MOMENTUMSTEP \
	PULL           \
	BUFFER         \
	VMOVAPS Y2, Y1 \
	DOWN

// func momentumAVX2(n int, w, grad, b *float32, decay, momentum, fresh, rate float32)
TEXT ·momentumAVX2(SB), NOSPLIT, $0-48
	MOVQ         n+0(FP), CX
	MOVQ         w+8(FP), DI
	MOVQ         grad+16(FP), SI
	MOVQ         b+24(FP), DX
	VBROADCASTSS decay+32(FP), DECAY
	VBROADCASTSS momentum+36(FP), MOMENTUM
	VBROADCASTSS fresh+40(FP), FRESH
	VBROADCASTSS rate+44(FP), RATE
	STEPS(MOMENTUMSTEP, LOAD, STORE, LOADT, STORET, NONE, NONE, NONE, NONE)

#define NESTEROVSTEP \
	PULL                    \
	BUFFER                  \
	VMULPS MOMENTUM, Y2, Y4 \
	VADDPS Y4, Y1, Y1       \
	DOWN

// func nesterovAVX2(n int, w, grad, b *float32, decay, momentum, fresh, rate float32)
TEXT ·nesterovAVX2(SB), NOSPLIT, $0-48
	MOVQ         n+0(FP), CX
	MOVQ         w+8(FP), DI
	MOVQ         grad+16(FP), SI
	MOVQ         b+24(FP), DX
	VBROADCASTSS decay+32(FP), DECAY
	VBROADCASTSS momentum+36(FP), MOMENTUM
	VBROADCASTSS fresh+40(FP), FRESH
	VBROADCASTSS rate+44(FP), RATE
	STEPS(NESTEROVSTEP, LOAD, STORE, LOADT, STORET, NONE, NONE, NONE, NONE)

// Y9-Y15 are beta1, new1, beta2, new2, root, eps and keep here.
#define ADAMSTEP \
	VMULPS  Y15, Y0, Y0  \
	PULL                 \
	VMULPS  Y9, Y2, Y2   \
	VMULPS  Y10, Y1, Y4  \
	VADDPS  Y4, Y2, Y2   \
	VMULPS  Y11, Y3, Y3  \
	VMULPS  Y1, Y1, Y1   \
	VMULPS  Y12, Y1, Y1  \
	VADDPS  Y1, Y3, Y3   \
	VSQRTPS Y3, Y4       \
	VMULPS  Y13, Y4, Y4  \
	VADDPS  Y14, Y4, Y4  \
	VMULPS  RATE, Y2, Y5 \
	VDIVPS  Y4, Y5, Y5   \
	VSUBPS  Y5, Y0, Y0

// func adamAVX2(n int, w, grad, m, v, c *float32)
TEXT ·adamAVX2(SB), NOSPLIT, $0-48
	MOVQ         n+0(FP), CX
	MOVQ         w+8(FP), DI
	MOVQ         grad+16(FP), SI
	MOVQ         m+24(FP), DX
	MOVQ         v+32(FP), BX
	MOVQ         c+40(FP), AX
	VBROADCASTSS (AX), Y15
	VBROADCASTSS 4(AX), DECAY
	VBROADCASTSS 8(AX), Y9
	VBROADCASTSS 12(AX), Y11
	VBROADCASTSS 16(AX), Y10
	VBROADCASTSS 20(AX), Y12
	VBROADCASTSS 24(AX), RATE
	VBROADCASTSS 28(AX), Y13
	VBROADCASTSS 32(AX), Y14
	STEPS(ADAMSTEP, LOAD, STORE, LOADT, STORET, LOAD, STORE, LOADT, STORET)
