//go:build !purego

// Sums and maxima of one vector, AVX-512F and DQ: Σ x² of float32 in float64, Σ |x|, max |x|.
//
// Reference: sumSquares, sumAbs and maxAbs in norm.go.
// All read unaligned vectors of unit stride, four 512-bit vectors a round or eight, then one, then the rest under a mask: elements
// outside of it are not read, and count as zeros.
//
//	SI  x    CX  elements left    K1  the mask of the rest    Z0-Z3, and Z8-Z11 of squares  partial results
//	Z15  all bits but the sign, in every lane

#include "textflag.h"

#define HEAD \
	MOVQ   n+0(FP), CX \
	MOVQ   x+8(FP), SI \
	VPXORD Z0, Z0, Z0  \
	VPXORD Z1, Z1, Z1  \
	VPXORD Z2, Z2, Z2  \
	VPXORD Z3, Z3, Z3

// MASK sets the CX lowest bits of K1; CX is less than 16.
#define MASK \
	MOVL  $1, AX  \
	SHLL  CX, AX  \
	DECL  AX      \
	KMOVW AX, K1

#define SIGNOFF(SHIFT) \
	VPTERNLOGD $0xff, Z15, Z15, Z15 \
	SHIFT      $1, Z15, Z15

// The four vectors to one, then upper half to lower, twice.
#define FOLD(OP) \
	OP            Y1, Y0, Y0 \
	VEXTRACTF128  $1, Y0, X1 \
	OP            X1, X0, X0

// In Go's order of operands OP(acc, x, acc): where x is NaN, a maximum keeps acc.
#define ABSOLUTE(OP, AND, LOADZ, SHIFT, ROUND, LANES) \
	HEAD                    \
	SIGNOFF(SHIFT)          \
	SUBQ $ROUND, CX         \
	JLT  vectors            \
	PCALIGN $32             \
rounds:                   \
	AND  (SI), Z15, Z4      \
	AND  64(SI), Z15, Z5    \
	AND  128(SI), Z15, Z6   \
	AND  192(SI), Z15, Z7   \
	OP   Z0, Z4, Z0         \
	OP   Z1, Z5, Z1         \
	OP   Z2, Z6, Z2         \
	OP   Z3, Z7, Z3         \
	ADDQ $256, SI           \
	SUBQ $ROUND, CX         \
	JGE  rounds             \
vectors:                  \
	ADDQ $(ROUND-LANES), CX \
	JLT  rest               \
vector:                   \
	AND  (SI), Z15, Z4      \
	OP   Z0, Z4, Z0         \
	ADDQ $64, SI            \
	SUBQ $LANES, CX         \
	JGE  vector             \
rest:                     \
	ADDQ  $LANES, CX        \
	MASK                    \
	LOADZ (SI), K1, Z4      \
	AND   Z4, Z15, Z4       \
	OP    Z1, Z4, Z1        \
	OP    Z1, Z0, Z0        \
	OP    Z3, Z2, Z2        \
	OP    Z2, Z0, Z0        \
	VEXTRACTF64X4 $1, Z0, Y1 \
	FOLD(OP)

#define FOLDS(OP, ONE) \
	VMOVHLPS  X0, X0, X1 \
	OP        X1, X0, X0 \
	VMOVSHDUP X0, X1     \
	ONE       X1, X0, X0

#define FOLDD(ONE) \
	VMOVHLPS X0, X0, X1 \
	ONE      X1, X0, X0

// func ssumAbsAVX512(n int, x *float32) float32
TEXT ·ssumAbsAVX512(SB), NOSPLIT, $0-20
	ABSOLUTE(VADDPS, VANDPS, VMOVUPS.Z, VPSRLD, 64, 16)
	FOLDS(VADDPS, VADDSS)
	VMOVSS X0, ret+16(FP)
	VZEROUPPER
	RET

// func dsumAbsAVX512(n int, x *float64) float64
TEXT ·dsumAbsAVX512(SB), NOSPLIT, $0-24
	ABSOLUTE(VADDPD, VANDPD, VMOVUPD.Z, VPSRLQ, 32, 8)
	FOLDD(VADDSD)
	VMOVSD X0, ret+16(FP)
	VZEROUPPER
	RET

// func smaxAbsAVX512(n int, x *float32) float32
TEXT ·smaxAbsAVX512(SB), NOSPLIT, $0-20
	ABSOLUTE(VMAXPS, VANDPS, VMOVUPS.Z, VPSRLD, 64, 16)
	FOLDS(VMAXPS, VMAXSS)
	VMOVSS X0, ret+16(FP)
	VZEROUPPER
	RET

// func dmaxAbsAVX512(n int, x *float64) float64
TEXT ·dmaxAbsAVX512(SB), NOSPLIT, $0-24
	ABSOLUTE(VMAXPD, VANDPD, VMOVUPD.Z, VPSRLQ, 32, 8)
	FOLDD(VMAXSD)
	VMOVSD X0, ret+16(FP)
	VZEROUPPER
	RET

// func ssumSquaresAVX512(n int, x *float32) float64
TEXT ·ssumSquaresAVX512(SB), NOSPLIT, $0-24
	HEAD
	VPXORD Z8, Z8, Z8
	VPXORD Z9, Z9, Z9
	VPXORD Z10, Z10, Z10
	VPXORD Z11, Z11, Z11
	SUBQ   $64, CX
	JLT    vectors

	PCALIGN $32
rounds:
	VCVTPS2PD   (SI), Z4
	VCVTPS2PD   32(SI), Z5
	VCVTPS2PD   64(SI), Z6
	VCVTPS2PD   96(SI), Z7
	VFMADD231PD Z4, Z4, Z0
	VFMADD231PD Z5, Z5, Z1
	VFMADD231PD Z6, Z6, Z2
	VFMADD231PD Z7, Z7, Z3
	VCVTPS2PD   128(SI), Z4
	VCVTPS2PD   160(SI), Z5
	VCVTPS2PD   192(SI), Z6
	VCVTPS2PD   224(SI), Z7
	VFMADD231PD Z4, Z4, Z8
	VFMADD231PD Z5, Z5, Z9
	VFMADD231PD Z6, Z6, Z10
	VFMADD231PD Z7, Z7, Z11
	ADDQ        $256, SI
	SUBQ        $64, CX
	JGE         rounds

vectors:
	ADDQ $56, CX
	JLT  rest

vector:
	VCVTPS2PD   (SI), Z4
	VFMADD231PD Z4, Z4, Z0
	ADDQ        $32, SI
	SUBQ        $8, CX
	JGE         vector

rest:
	ADDQ        $8, CX
	MASK
	VMOVUPS.Z   (SI), K1, Y4
	VCVTPS2PD   Y4, Z4
	VFMADD231PD Z4, Z4, Z1
	VADDPD      Z8, Z0, Z0
	VADDPD      Z9, Z1, Z1
	VADDPD      Z10, Z2, Z2
	VADDPD      Z11, Z3, Z3
	VADDPD      Z1, Z0, Z0
	VADDPD      Z3, Z2, Z2
	VADDPD      Z2, Z0, Z0
	VEXTRACTF64X4 $1, Z0, Y1
	FOLD(VADDPD)
	FOLDD(VADDSD)
	VMOVSD      X0, ret+16(FP)
	VZEROUPPER
	RET
