//go:build !purego

// Sums and maxima of one vector, AVX2 and FMA: Σ x² of float32 in float64, Σ |x|, max |x|.
//
// Reference: sumSquares, sumAbs and maxAbs in norm.go.
// All read unaligned vectors of unit stride, four 256-bit vectors a round or eight, then single elements.
//
//	SI  x    CX  elements left    Y0-Y3  four vectors of partial results    X8  of the single elements at the end
//	Y15  all bits but the sign, in every lane

#include "textflag.h"

#define HEAD \
	MOVQ   n+0(FP), CX \
	MOVQ   x+8(FP), SI \
	VXORPS Y0, Y0, Y0  \
	VXORPS Y1, Y1, Y1  \
	VXORPS Y2, Y2, Y2  \
	VXORPS Y3, Y3, Y3  \
	VXORPS Y8, Y8, Y8

#define SIGNOFF(SHIFT) \
	VPCMPEQD Y15, Y15, Y15  \
	SHIFT    $1, Y15, Y15

#define ABS4 \
	VANDPS (SI), Y15, Y4   \
	VANDPS 32(SI), Y15, Y5 \
	VANDPS 64(SI), Y15, Y6 \
	VANDPS 96(SI), Y15, Y7 \
	ADDQ   $128, SI

// In Go's order of operands OP(acc, x, acc): where x is NaN, a maximum keeps acc.
#define REDUCE4(OP) \
	OP Y0, Y4, Y0 \
	OP Y1, Y5, Y1 \
	OP Y2, Y6, Y2 \
	OP Y3, Y7, Y3

// The four vectors to one, then upper half to lower.
#define FOLD(OP) \
	OP           Y1, Y0, Y0 \
	OP           Y3, Y2, Y2 \
	OP           Y2, Y0, Y0 \
	VEXTRACTF128 $1, Y0, X1 \
	OP           X1, X0, X0

#define ABSOLUTE(OP, ONE, LOAD, SHIFT, ROUND, SIZE) \
	HEAD               \
	SIGNOFF(SHIFT)     \
	SUBQ $ROUND, CX    \
	JLT  tail          \
rounds:                \
	ABS4               \
	REDUCE4(OP)        \
	SUBQ $ROUND, CX    \
	JGE  rounds        \
tail:                  \
	ADDQ $ROUND, CX    \
	JE   fold          \
single:                \
	LOAD   (SI), X4    \
	VANDPS X15, X4, X4 \
	ONE    X8, X4, X8  \
	ADDQ   $SIZE, SI   \
	DECQ   CX          \
	JNE    single      \
fold:                  \
	FOLD(OP)

#define FOLDS(OP, ONE) \
	VMOVHLPS  X0, X0, X1 \
	OP        X1, X0, X0 \
	VMOVSHDUP X0, X1     \
	ONE       X1, X0, X0 \
	ONE       X8, X0, X0

#define FOLDD(ONE) \
	VMOVHLPS X0, X0, X1 \
	ONE      X1, X0, X0 \
	ONE      X8, X0, X0

// func ssumAbsAVX2(n int, x *float32) float32
TEXT ·ssumAbsAVX2(SB), NOSPLIT, $0-20
	ABSOLUTE(VADDPS, VADDSS, VMOVSS, VPSRLD, 32, 4)
	FOLDS(VADDPS, VADDSS)
	VMOVSS X0, ret+16(FP)
	VZEROUPPER
	RET

// func dsumAbsAVX2(n int, x *float64) float64
TEXT ·dsumAbsAVX2(SB), NOSPLIT, $0-24
	ABSOLUTE(VADDPD, VADDSD, VMOVSD, VPSRLQ, 16, 8)
	FOLDD(VADDSD)
	VMOVSD X0, ret+16(FP)
	VZEROUPPER
	RET

// func smaxAbsAVX2(n int, x *float32) float32
TEXT ·smaxAbsAVX2(SB), NOSPLIT, $0-20
	ABSOLUTE(VMAXPS, VMAXSS, VMOVSS, VPSRLD, 32, 4)
	FOLDS(VMAXPS, VMAXSS)
	VMOVSS X0, ret+16(FP)
	VZEROUPPER
	RET

// func dmaxAbsAVX2(n int, x *float64) float64
TEXT ·dmaxAbsAVX2(SB), NOSPLIT, $0-24
	ABSOLUTE(VMAXPD, VMAXSD, VMOVSD, VPSRLQ, 16, 8)
	FOLDD(VMAXSD)
	VMOVSD X0, ret+16(FP)
	VZEROUPPER
	RET

// Conversions, one a cycle, set the pace: eight sums, so that the additions' latency does not.
// func ssumSquaresAVX2(n int, x *float32) float64
TEXT ·ssumSquaresAVX2(SB), NOSPLIT, $0-24
	HEAD
	VXORPS Y9, Y9, Y9
	VXORPS Y10, Y10, Y10
	VXORPS Y11, Y11, Y11
	VXORPS Y12, Y12, Y12
	SUBQ   $32, CX
	JLT    quads

	PCALIGN $32
rounds:
	VCVTPS2PD   (SI), Y4
	VCVTPS2PD   16(SI), Y5
	VCVTPS2PD   32(SI), Y6
	VCVTPS2PD   48(SI), Y7
	VFMADD231PD Y4, Y4, Y0
	VFMADD231PD Y5, Y5, Y1
	VFMADD231PD Y6, Y6, Y2
	VFMADD231PD Y7, Y7, Y3
	VCVTPS2PD   64(SI), Y4
	VCVTPS2PD   80(SI), Y5
	VCVTPS2PD   96(SI), Y6
	VCVTPS2PD   112(SI), Y7
	VFMADD231PD Y4, Y4, Y9
	VFMADD231PD Y5, Y5, Y10
	VFMADD231PD Y6, Y6, Y11
	VFMADD231PD Y7, Y7, Y12
	ADDQ        $128, SI
	SUBQ        $32, CX
	JGE         rounds

quads:
	ADDQ $28, CX
	JLT  tail

quad:
	VCVTPS2PD   (SI), Y4
	VFMADD231PD Y4, Y4, Y0
	ADDQ        $16, SI
	SUBQ        $4, CX
	JGE         quad

tail:
	ADDQ $4, CX
	JE   fold

single:
	VXORPS      X4, X4, X4
	VCVTSS2SD   (SI), X4, X4
	VFMADD231SD X4, X4, X8
	ADDQ        $4, SI
	DECQ        CX
	JNE         single

fold:
	VADDPD Y9, Y0, Y0
	VADDPD Y10, Y1, Y1
	VADDPD Y11, Y2, Y2
	VADDPD Y12, Y3, Y3
	FOLD(VADDPD)
	FOLDD(VADDSD)
	VMOVSD X0, ret+16(FP)
	VZEROUPPER
	RET
