//go:build !purego

// Sums for AVX2 on float32 vectors of unit stride, in 64 lanes and without FMA, so that every ISA gives the same bits.
//
// Reference: sumBlock and dotBlock in blas/vec/sum.go.
//
//	SI  x    DI  y    CX  elements left    R8  address of the tail's mask
//	Y0-Y7  64 partial sums: element i of a round of 64 goes to lane i    Y8  a product or a tail    Y9  mask
//
//	for rounds of 64: for j in 8: Y[j] += x[8j:] (* y[8j:])
//	for the rest: whole vectors to Y0, Y1, …, and the last n mod 8, masked, to the next
//	Y0-Y3 += Y4-Y7;  Y0, Y1 += Y2, Y3;  Y0 += Y1;  then halves, quarters and eighths of Y0

#include "textflag.h"

#define ZERO \
	VXORPS Y0, Y0, Y0 \
	VXORPS Y1, Y1, Y1 \
	VXORPS Y2, Y2, Y2 \
	VXORPS Y3, Y3, Y3 \
	VXORPS Y4, Y4, Y4 \
	VXORPS Y5, Y5, Y5 \
	VXORPS Y6, Y6, Y6 \
	VXORPS Y7, Y7, Y7

#define FOLD \
	VADDPS       Y4, Y0, Y0    \
	VADDPS       Y5, Y1, Y1    \
	VADDPS       Y6, Y2, Y2    \
	VADDPS       Y7, Y3, Y3    \
	VADDPS       Y2, Y0, Y0    \
	VADDPS       Y3, Y1, Y1    \
	VADDPS       Y1, Y0, Y0    \
	VEXTRACTF128 $1, Y0, X1    \
	VADDPS       X1, X0, X0    \
	VPERMILPS    $0xee, X0, X1 \
	VADDPS       X1, X0, X0    \
	VMOVSHDUP    X0, X1        \
	VADDSS       X1, X0, X0

#define TAILMASK \
	ADDQ    $8, CX               \
	JE      fold                 \
	LEAQ    ·tailMask+32(SB), R8 \
	SHLQ    $2, CX               \
	SUBQ    CX, R8               \
	VMOVUPS (R8), Y9

// Whole vectors of the rest, one lane after the other. ADD(off, Y) adds a vector to Y; LAST(off, Y) the masked one.
#define REST(ADD, LAST) \
	ADDQ $56, CX    \
	JLT  last0      \
	ADD(0, Y0)      \
	SUBQ $8, CX     \
	JLT  last1      \
	ADD(32, Y1)     \
	SUBQ $8, CX     \
	JLT  last2      \
	ADD(64, Y2)     \
	SUBQ $8, CX     \
	JLT  last3      \
	ADD(96, Y3)     \
	SUBQ $8, CX     \
	JLT  last4      \
	ADD(128, Y4)    \
	SUBQ $8, CX     \
	JLT  last5      \
	ADD(160, Y5)    \
	SUBQ $8, CX     \
	JLT  last6      \
	ADD(192, Y6)    \
	SUBQ $8, CX     \
	TAILMASK        \
	LAST(224, Y7)   \
	JMP  fold       \
last0:            \
	TAILMASK        \
	LAST(0, Y0)     \
	JMP  fold       \
last1:            \
	TAILMASK        \
	LAST(32, Y1)    \
	JMP  fold       \
last2:            \
	TAILMASK        \
	LAST(64, Y2)    \
	JMP  fold       \
last3:            \
	TAILMASK        \
	LAST(96, Y3)    \
	JMP  fold       \
last4:            \
	TAILMASK        \
	LAST(128, Y4)   \
	JMP  fold       \
last5:            \
	TAILMASK        \
	LAST(160, Y5)   \
	JMP  fold       \
last6:            \
	TAILMASK        \
	LAST(192, Y6)   \
fold:             \
	FOLD

#define SUMADD(off, Y) VADDPS off(SI), Y, Y

#define SUMLAST(off, Y) \
	VMASKMOVPS off(SI), Y9, Y8 \
	VADDPS     Y8, Y, Y

// func sumLanesAVX2(n int, x *float32) float32
TEXT ·sumLanesAVX2(SB), NOSPLIT, $0-20
	MOVQ n+0(FP), CX
	MOVQ x+8(FP), SI
	ZERO
	SUBQ $64, CX
	JLT  rest

	PCALIGN $32
rounds:
	SUMADD(0, Y0)
	SUMADD(32, Y1)
	SUMADD(64, Y2)
	SUMADD(96, Y3)
	SUMADD(128, Y4)
	SUMADD(160, Y5)
	SUMADD(192, Y6)
	SUMADD(224, Y7)
	ADDQ $256, SI
	SUBQ $64, CX
	JGE  rounds

rest:
	REST(SUMADD, SUMLAST)
	VMOVSS X0, ret+16(FP)
	VZEROUPPER
	RET

// The product is rounded first: no FMA. Loads, two for each product, are the limit anyway.
#define DOTADD(off, Y) \
	VMOVUPS off(SI), Y8     \
	VMULPS  off(DI), Y8, Y8 \
	VADDPS  Y8, Y, Y

#define DOTLAST(off, Y) \
	VMASKMOVPS off(SI), Y9, Y8  \
	VMASKMOVPS off(DI), Y9, Y10 \
	VMULPS     Y10, Y8, Y8      \
	VADDPS     Y8, Y, Y

// func dotLanesAVX2(n int, x, y *float32) float32
TEXT ·dotLanesAVX2(SB), NOSPLIT, $0-28
	MOVQ n+0(FP), CX
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DI
	ZERO
	SUBQ $64, CX
	JLT  rest

	PCALIGN $32
rounds:
	DOTADD(0, Y0)
	DOTADD(32, Y1)
	DOTADD(64, Y2)
	DOTADD(96, Y3)
	DOTADD(128, Y4)
	DOTADD(160, Y5)
	DOTADD(192, Y6)
	DOTADD(224, Y7)
	ADDQ $256, SI
	ADDQ $256, DI
	SUBQ $64, CX
	JGE  rounds

rest:
	REST(DOTADD, DOTLAST)
	VMOVSS X0, ret+24(FP)
	VZEROUPPER
	RET
