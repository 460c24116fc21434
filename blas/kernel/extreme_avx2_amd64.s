//go:build !purego

// Extremes for AVX2 of float32 vectors of unit stride, at least 8 long: the largest, the smallest, the index of a value.
//
// Reference: Max, Min and ArgMax in blas/vec/max.go.
//
//	SI  x    CX  elements left    DX  address of the last whole vector, which may overlap the one before
//	Y0-Y3  extremes so far    Y4-Y7  elements    Y8  where NaN was seen    Y9-Y12  scratch
//
// MAXPS and MINPS return their second operand where both are zero: both orders, joined by AND or OR, rank +0 above -0.
// What they do to NaN does not matter, as NaN is looked for apart, in two vectors by one comparison.

#include "textflag.h"

// PICK(OP, JOIN, x, m, t): m = extreme of x and m, by way of t.
#define PICK(OP, JOIN, x, m, t) \
	OP   x, m, t \
	OP   m, x, m \
	JOIN t, m, m

#define EXTREME(OP, JOIN) \
	VMOVUPS (SI), Y0            \
	VMOVAPS Y0, Y1              \
	VMOVAPS Y0, Y2              \
	VMOVAPS Y0, Y3              \
	VXORPS  Y8, Y8, Y8          \
	LEAQ    -32(SI)(CX*4), DX   \
	SUBQ    $32, CX             \
	JLT     vectors             \
	PCALIGN $32                 \
rounds:                       \
	VMOVUPS (SI), Y4            \
	VMOVUPS 32(SI), Y5          \
	VMOVUPS 64(SI), Y6          \
	VMOVUPS 96(SI), Y7          \
	PICK(OP, JOIN, Y4, Y0, Y9)  \
	PICK(OP, JOIN, Y5, Y1, Y10) \
	PICK(OP, JOIN, Y6, Y2, Y11) \
	PICK(OP, JOIN, Y7, Y3, Y12) \
	VCMPPS  $3, Y4, Y5, Y4      \
	VCMPPS  $3, Y6, Y7, Y6      \
	VORPS   Y4, Y8, Y8          \
	VORPS   Y6, Y8, Y8          \
	ADDQ    $128, SI            \
	SUBQ    $32, CX             \
	JGE     rounds              \
vectors:                      \
	ADDQ    $24, CX             \
	JLT     last                \
vector:                       \
	VMOVUPS (SI), Y4            \
	PICK(OP, JOIN, Y4, Y0, Y9)  \
	VCMPPS  $3, Y4, Y4, Y4      \
	VORPS   Y4, Y8, Y8          \
	ADDQ    $32, SI             \
	SUBQ    $8, CX              \
	JGE     vector              \
last:                         \
	VMOVUPS (DX), Y4            \
	PICK(OP, JOIN, Y4, Y0, Y9)  \
	VCMPPS  $3, Y4, Y4, Y4      \
	VORPS   Y4, Y8, Y8          \
	PICK(OP, JOIN, Y1, Y0, Y9)  \
	PICK(OP, JOIN, Y3, Y2, Y10) \
	PICK(OP, JOIN, Y2, Y0, Y9)  \
	VEXTRACTF128 $1, Y0, X1     \
	PICK(OP, JOIN, X1, X0, X9)  \
	VPERMILPS $0xee, X0, X1     \
	PICK(OP, JOIN, X1, X0, X9)  \
	VMOVSHDUP X0, X1            \
	PICK(OP, JOIN, X1, X0, X9)  \
	VMOVMSKPS Y8, AX            \
	TESTL   AX, AX              \
	JE      done                \
	VPCMPEQD X0, X0, X0         \
	VPSRLD  $1, X0, X0          \
done:                         \
	VMOVSS  X0, ret+16(FP)      \
	VZEROUPPER                  \
	RET

// func maxAVX2(n int, x *float32) float32
TEXT ·maxAVX2(SB), NOSPLIT, $0-20
	MOVQ n+0(FP), CX
	MOVQ x+8(FP), SI
	EXTREME(VMAXPS, VANDPS)

// func minAVX2(n int, x *float32) float32
TEXT ·minAVX2(SB), NOSPLIT, $0-20
	MOVQ n+0(FP), CX
	MOVQ x+8(FP), SI
	EXTREME(VMINPS, VORPS)

// func largestAVX2(n int, x *float32) float32
TEXT ·largestAVX2(SB), NOSPLIT, $0-20
	MOVQ    n+0(FP), CX
	MOVQ    x+8(FP), SI
	VMOVUPS (SI), Y0
	VMOVAPS Y0, Y1
	VMOVAPS Y0, Y2
	VMOVAPS Y0, Y3
	LEAQ    -32(SI)(CX*4), DX
	SUBQ    $32, CX
	JLT     vectors

	PCALIGN $32
rounds:
	VMAXPS (SI), Y0, Y0
	VMAXPS 32(SI), Y1, Y1
	VMAXPS 64(SI), Y2, Y2
	VMAXPS 96(SI), Y3, Y3
	ADDQ   $128, SI
	SUBQ   $32, CX
	JGE    rounds

vectors:
	ADDQ $24, CX
	JLT  last

vector:
	VMAXPS (SI), Y0, Y0
	ADDQ   $32, SI
	SUBQ   $8, CX
	JGE    vector

last:
	VMAXPS       (DX), Y1, Y1
	VMAXPS       Y1, Y0, Y0
	VMAXPS       Y3, Y2, Y2
	VMAXPS       Y2, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VMAXPS       X1, X0, X0
	VPERMILPS    $0xee, X0, X1
	VMAXPS       X1, X0, X0
	VMOVSHDUP    X0, X1
	VMAXSS       X1, X0, X0
	VMOVSS       X0, ret+16(FP)
	VZEROUPPER
	RET

// func indexAVX2(n int, x *float32, v float32) int
TEXT ·indexAVX2(SB), NOSPLIT, $0-32
	MOVQ         n+0(FP), CX
	MOVQ         x+8(FP), SI
	VBROADCASTSS v+16(FP), Y0
	XORL         AX, AX
	SUBQ         $8, CX

vector:
	VCMPPS    $0, (SI)(AX*4), Y0, Y1
	VMOVMSKPS Y1, DX
	TESTL     DX, DX
	JNE       found
	CMPQ      AX, CX
	JGE       none
	ADDQ      $8, AX
	CMPQ      AX, CX
	JLE       vector
	MOVQ      CX, AX // the last vector, which overlaps the one before
	JMP       vector

none:
	MOVQ $-1, AX
	JMP  done

found:
	BSFL DX, DX
	ADDQ DX, AX

done:
	MOVQ AX, ret+24(FP)
	VZEROUPPER
	RET
