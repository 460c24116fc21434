//go:build !purego

// Extremes for AVX-512F and DQ of float32 vectors of unit stride, at least 16 long: the largest, the smallest, the index of a value.
//
// Reference: Max, Min and ArgMax in blas/vec/max.go. The method is that of extreme_avx2_amd64.s.
//
//	SI  x    CX  elements left    DX  address of the last whole vector, which may overlap the one before
//	Z0-Z3  extremes so far    Z4-Z7  elements    K1  lanes where NaN was seen    Z9-Z12  scratch

#include "textflag.h"

// PICK(OP, JOIN, x, m, t): m = extreme of x and m, by way of t.
#define PICK(OP, JOIN, x, m, t) \
	OP   x, m, t \
	OP   m, x, m \
	JOIN t, m, m

// NAN(x, y) notes lanes where x or y is NaN.
#define NAN(x, y) \
	VCMPPS $3, x, y, K2 \
	KORW   K2, K1, K1

#define EXTREME(OP, JOIN) \
	MOVQ    n+0(FP), CX         \
	MOVQ    x+8(FP), SI         \
	VMOVUPS (SI), Z0            \
	VMOVAPS Z0, Z1              \
	VMOVAPS Z0, Z2              \
	VMOVAPS Z0, Z3              \
	KXORW   K1, K1, K1          \
	LEAQ    -64(SI)(CX*4), DX   \
	SUBQ    $64, CX             \
	JLT     vectors             \
	PCALIGN $32                 \
rounds:                       \
	VMOVUPS (SI), Z4            \
	VMOVUPS 64(SI), Z5          \
	VMOVUPS 128(SI), Z6         \
	VMOVUPS 192(SI), Z7         \
	PICK(OP, JOIN, Z4, Z0, Z9)  \
	PICK(OP, JOIN, Z5, Z1, Z10) \
	PICK(OP, JOIN, Z6, Z2, Z11) \
	PICK(OP, JOIN, Z7, Z3, Z12) \
	NAN(Z4, Z5)                 \
	NAN(Z6, Z7)                 \
	ADDQ    $256, SI            \
	SUBQ    $64, CX             \
	JGE     rounds              \
vectors:                      \
	ADDQ    $48, CX             \
	JLT     last                \
vector:                       \
	VMOVUPS (SI), Z4            \
	PICK(OP, JOIN, Z4, Z0, Z9)  \
	NAN(Z4, Z4)                 \
	ADDQ    $64, SI             \
	SUBQ    $16, CX             \
	JGE     vector              \
last:                         \
	VMOVUPS (DX), Z4            \
	PICK(OP, JOIN, Z4, Z0, Z9)  \
	NAN(Z4, Z4)                 \
	PICK(OP, JOIN, Z1, Z0, Z9)  \
	PICK(OP, JOIN, Z3, Z2, Z10) \
	PICK(OP, JOIN, Z2, Z0, Z9)  \
	VEXTRACTF64X4 $1, Z0, Y1    \
	PICK(OP, JOIN, Y1, Y0, Y9)  \
	VEXTRACTF128 $1, Y0, X1     \
	PICK(OP, JOIN, X1, X0, X9)  \
	VPERMILPS $0xee, X0, X1     \
	PICK(OP, JOIN, X1, X0, X9)  \
	VMOVSHDUP X0, X1            \
	PICK(OP, JOIN, X1, X0, X9)  \
	KMOVW   K1, AX              \
	TESTL   AX, AX              \
	JE      done                \
	VPCMPEQD X0, X0, X0         \
	VPSRLD  $1, X0, X0          \
done:                         \
	VMOVSS  X0, ret+16(FP)      \
	VZEROUPPER                  \
	RET

// func maxAVX512(n int, x *float32) float32
TEXT ·maxAVX512(SB), NOSPLIT, $0-20
	EXTREME(VMAXPS, VANDPS)

// func minAVX512(n int, x *float32) float32
TEXT ·minAVX512(SB), NOSPLIT, $0-20
	EXTREME(VMINPS, VORPS)

// func indexAVX512(n int, x *float32, v float32) int
TEXT ·indexAVX512(SB), NOSPLIT, $0-32
	MOVQ         n+0(FP), CX
	MOVQ         x+8(FP), SI
	VBROADCASTSS v+16(FP), Z0
	XORL         AX, AX
	SUBQ         $16, CX

vector:
	VCMPPS $0, (SI)(AX*4), Z0, K1
	KMOVW  K1, DX
	TESTL  DX, DX
	JNE    found
	CMPQ   AX, CX
	JGE    none
	ADDQ   $16, AX
	CMPQ   AX, CX
	JLE    vector
	MOVQ   CX, AX // the last vector, which overlaps the one before
	JMP    vector

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
