//go:build !purego

// Vector kernels for AVX-512F: dot product, y += alpha·x, x *= alpha, for float32 and float64.
//
// Reference: dot, axpy and scal in level1.go.
// All read and write unaligned vectors of unit stride, four 512-bit vectors a round, then one, then the rest under a mask:
// elements outside of it are neither read nor written.
//
//	SI  x    DI  y    CX  elements left    K1  the mask of the rest
//	dot:  Z0-Z3  four vectors of partial sums
//	axpy, scal:  Z15  alpha in all lanes

#include "textflag.h"

// MASK sets the CX lowest bits of K1; CX is less than 16.
#define MASK \
	MOVL  $1, AX  \
	SHLL  CX, AX  \
	DECL  AX      \
	KMOVW AX, K1

#define DOT4(MOV, FMA) \
	MOV  (SI), Z4        \
	MOV  64(SI), Z5      \
	MOV  128(SI), Z6     \
	MOV  192(SI), Z7     \
	FMA  (DI), Z4, Z0    \
	FMA  64(DI), Z5, Z1  \
	FMA  128(DI), Z6, Z2 \
	FMA  192(DI), Z7, Z3 \
	ADDQ $256, SI        \
	ADDQ $256, DI

#define AXPY4(MOV, FMA) \
	MOV  (DI), Z0          \
	MOV  64(DI), Z1        \
	MOV  128(DI), Z2       \
	MOV  192(DI), Z3       \
	FMA  (SI), Z15, Z0     \
	FMA  64(SI), Z15, Z1   \
	FMA  128(SI), Z15, Z2  \
	FMA  192(SI), Z15, Z3  \
	MOV  Z0, (DI)          \
	MOV  Z1, 64(DI)        \
	MOV  Z2, 128(DI)       \
	MOV  Z3, 192(DI)       \
	ADDQ $256, SI          \
	ADDQ $256, DI

#define SCAL4(MOV, MUL) \
	MUL  (DI), Z15, Z0     \
	MUL  64(DI), Z15, Z1   \
	MUL  128(DI), Z15, Z2  \
	MUL  192(DI), Z15, Z3  \
	MOV  Z0, (DI)          \
	MOV  Z1, 64(DI)        \
	MOV  Z2, 128(DI)       \
	MOV  Z3, 192(DI)       \
	ADDQ $256, DI

// Partial sums are added as (Z0+Z1)+(Z2+Z3), then upper half to lower, twice, then pairs.
// func sdotAVX512(n int, x, y *float32) float32
TEXT ·sdotAVX512(SB), NOSPLIT, $0-28
	MOVQ   n+0(FP), CX
	MOVQ   x+8(FP), SI
	MOVQ   y+16(FP), DI
	VPXORD Z0, Z0, Z0
	VPXORD Z1, Z1, Z1
	VPXORD Z2, Z2, Z2
	VPXORD Z3, Z3, Z3
	SUBQ   $64, CX
	JLT    vectors

	PCALIGN $32
rounds:
	DOT4(VMOVUPS, VFMADD231PS)
	SUBQ $64, CX
	JGE  rounds

vectors:
	ADDQ $48, CX
	JLT  rest

vector:
	VMOVUPS     (SI), Z4
	VFMADD231PS (DI), Z4, Z0
	ADDQ        $64, SI
	ADDQ        $64, DI
	SUBQ        $16, CX
	JGE         vector

rest:
	ADDQ        $16, CX
	MASK
	VMOVUPS.Z   (SI), K1, Z4
	VFMADD231PS (DI), Z4, K1, Z1

	VADDPS       Z1, Z0, Z0
	VADDPS       Z3, Z2, Z2
	VADDPS       Z2, Z0, Z0
	VEXTRACTF64X4 $1, Z0, Y1
	VADDPS       Y1, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VADDPS       X1, X0, X0
	VHADDPS       X0, X0, X0
	VHADDPS       X0, X0, X0
	VMOVSS       X0, ret+24(FP)
	VZEROUPPER
	RET

// func ddotAVX512(n int, x, y *float64) float64
TEXT ·ddotAVX512(SB), NOSPLIT, $0-32
	MOVQ   n+0(FP), CX
	MOVQ   x+8(FP), SI
	MOVQ   y+16(FP), DI
	VPXORD Z0, Z0, Z0
	VPXORD Z1, Z1, Z1
	VPXORD Z2, Z2, Z2
	VPXORD Z3, Z3, Z3
	SUBQ   $32, CX
	JLT    vectors

	PCALIGN $32
rounds:
	DOT4(VMOVUPD, VFMADD231PD)
	SUBQ $32, CX
	JGE  rounds

vectors:
	ADDQ $24, CX
	JLT  rest

vector:
	VMOVUPD     (SI), Z4
	VFMADD231PD (DI), Z4, Z0
	ADDQ        $64, SI
	ADDQ        $64, DI
	SUBQ        $8, CX
	JGE         vector

rest:
	ADDQ        $8, CX
	MASK
	VMOVUPD.Z   (SI), K1, Z4
	VFMADD231PD (DI), Z4, K1, Z1

	VADDPD       Z1, Z0, Z0
	VADDPD       Z3, Z2, Z2
	VADDPD       Z2, Z0, Z0
	VEXTRACTF64X4 $1, Z0, Y1
	VADDPD       Y1, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VADDPD       X1, X0, X0
	VHADDPD       X0, X0, X0
	VMOVSD       X0, ret+24(FP)
	VZEROUPPER
	RET

// func saxpyAVX512(n int, alpha float32, x, y *float32)
TEXT ·saxpyAVX512(SB), NOSPLIT, $0-32
	MOVQ         n+0(FP), CX
	VBROADCASTSS alpha+8(FP), Z15
	MOVQ         x+16(FP), SI
	MOVQ         y+24(FP), DI
	SUBQ         $64, CX
	JLT          vectors

	PCALIGN $32
rounds:
	AXPY4(VMOVUPS, VFMADD231PS)
	SUBQ $64, CX
	JGE  rounds

vectors:
	ADDQ $48, CX
	JLT  rest

vector:
	VMOVUPS     (DI), Z0
	VFMADD231PS (SI), Z15, Z0
	VMOVUPS     Z0, (DI)
	ADDQ        $64, SI
	ADDQ        $64, DI
	SUBQ        $16, CX
	JGE         vector

rest:
	ADDQ        $16, CX
	MASK
	VMOVUPS.Z   (DI), K1, Z0
	VFMADD231PS (SI), Z15, K1, Z0
	VMOVUPS     Z0, K1, (DI)
	VZEROUPPER
	RET

// func daxpyAVX512(n int, alpha float64, x, y *float64)
TEXT ·daxpyAVX512(SB), NOSPLIT, $0-32
	MOVQ         n+0(FP), CX
	VBROADCASTSD alpha+8(FP), Z15
	MOVQ         x+16(FP), SI
	MOVQ         y+24(FP), DI
	SUBQ         $32, CX
	JLT          vectors

	PCALIGN $32
rounds:
	AXPY4(VMOVUPD, VFMADD231PD)
	SUBQ $32, CX
	JGE  rounds

vectors:
	ADDQ $24, CX
	JLT  rest

vector:
	VMOVUPD     (DI), Z0
	VFMADD231PD (SI), Z15, Z0
	VMOVUPD     Z0, (DI)
	ADDQ        $64, SI
	ADDQ        $64, DI
	SUBQ        $8, CX
	JGE         vector

rest:
	ADDQ        $8, CX
	MASK
	VMOVUPD.Z   (DI), K1, Z0
	VFMADD231PD (SI), Z15, K1, Z0
	VMOVUPD     Z0, K1, (DI)
	VZEROUPPER
	RET

// func sscalAVX512(n int, alpha float32, x *float32)
TEXT ·sscalAVX512(SB), NOSPLIT, $0-24
	MOVQ         n+0(FP), CX
	VBROADCASTSS alpha+8(FP), Z15
	MOVQ         x+16(FP), DI
	SUBQ         $64, CX
	JLT          vectors

	PCALIGN $32
rounds:
	SCAL4(VMOVUPS, VMULPS)
	SUBQ $64, CX
	JGE  rounds

vectors:
	ADDQ $48, CX
	JLT  rest

vector:
	VMULPS  (DI), Z15, Z0
	VMOVUPS Z0, (DI)
	ADDQ    $64, DI
	SUBQ    $16, CX
	JGE     vector

rest:
	ADDQ    $16, CX
	MASK
	VMULPS  (DI), Z15, K1, Z0
	VMOVUPS Z0, K1, (DI)
	VZEROUPPER
	RET

// func dscalAVX512(n int, alpha float64, x *float64)
TEXT ·dscalAVX512(SB), NOSPLIT, $0-24
	MOVQ         n+0(FP), CX
	VBROADCASTSD alpha+8(FP), Z15
	MOVQ         x+16(FP), DI
	SUBQ         $32, CX
	JLT          vectors

	PCALIGN $32
rounds:
	SCAL4(VMOVUPD, VMULPD)
	SUBQ $32, CX
	JGE  rounds

vectors:
	ADDQ $24, CX
	JLT  rest

vector:
	VMULPD  (DI), Z15, Z0
	VMOVUPD Z0, (DI)
	ADDQ    $64, DI
	SUBQ    $8, CX
	JGE     vector

rest:
	ADDQ    $8, CX
	MASK
	VMULPD  (DI), Z15, K1, Z0
	VMOVUPD Z0, K1, (DI)
	VZEROUPPER
	RET
