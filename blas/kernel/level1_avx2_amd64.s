//go:build !purego

// Vector kernels for AVX2 and FMA: dot product, y += alpha·x, x *= alpha, for float32 and float64.
//
// Reference: dot, axpy and scal in level1.go.
// All read and write unaligned vectors of unit stride, four 256-bit vectors a round, then one, then single elements.
//
//	SI  x    DI  y    CX  elements left
//	dot:  Y0-Y3  four vectors of partial sums    X8  sum of the single elements at the end
//	axpy, scal:  Y15  alpha in all lanes

#include "textflag.h"

// Partial sums are added as (Y0+Y1)+(Y2+Y3), then upper half to lower, then pairs.
#define DOTHEAD \
	VXORPS Y0, Y0, Y0    \
	VXORPS Y1, Y1, Y1    \
	VXORPS Y2, Y2, Y2    \
	VXORPS Y3, Y3, Y3    \
	VXORPS X8, X8, X8

#define DOT4(MOV, FMA) \
	MOV  (SI), Y4        \
	MOV  32(SI), Y5      \
	MOV  64(SI), Y6      \
	MOV  96(SI), Y7      \
	FMA  (DI), Y4, Y0    \
	FMA  32(DI), Y5, Y1  \
	FMA  64(DI), Y6, Y2  \
	FMA  96(DI), Y7, Y3  \
	ADDQ $128, SI        \
	ADDQ $128, DI

// func sdotAVX2(n int, x, y *float32) float32
TEXT ·sdotAVX2(SB), NOSPLIT, $0-28
	MOVQ n+0(FP), CX
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DI
	DOTHEAD
	SUBQ $32, CX
	JLT  vectors

	PCALIGN $32
rounds:
	DOT4(VMOVUPS, VFMADD231PS)
	SUBQ $32, CX
	JGE  rounds

vectors:
	ADDQ $24, CX
	JLT  singles

vector:
	VMOVUPS     (SI), Y4
	VFMADD231PS (DI), Y4, Y0
	ADDQ        $32, SI
	ADDQ        $32, DI
	SUBQ        $8, CX
	JGE         vector

singles:
	ADDQ $8, CX
	JE   sum

single:
	VMOVSS      (SI), X4
	VFMADD231SS (DI), X4, X8
	ADDQ        $4, SI
	ADDQ        $4, DI
	DECQ        CX
	JNE         single

sum:
	VADDPS       Y1, Y0, Y0
	VADDPS       Y3, Y2, Y2
	VADDPS       Y2, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VADDPS       X1, X0, X0
	VHADDPS      X0, X0, X0
	VHADDPS      X0, X0, X0
	VADDSS       X8, X0, X0
	VMOVSS       X0, ret+24(FP)
	VZEROUPPER
	RET

// func ddotAVX2(n int, x, y *float64) float64
TEXT ·ddotAVX2(SB), NOSPLIT, $0-32
	MOVQ n+0(FP), CX
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DI
	DOTHEAD
	SUBQ $16, CX
	JLT  vectors

	PCALIGN $32
rounds:
	DOT4(VMOVUPD, VFMADD231PD)
	SUBQ $16, CX
	JGE  rounds

vectors:
	ADDQ $12, CX
	JLT  singles

vector:
	VMOVUPD     (SI), Y4
	VFMADD231PD (DI), Y4, Y0
	ADDQ        $32, SI
	ADDQ        $32, DI
	SUBQ        $4, CX
	JGE         vector

singles:
	ADDQ $4, CX
	JE   sum

single:
	VMOVSD      (SI), X4
	VFMADD231SD (DI), X4, X8
	ADDQ        $8, SI
	ADDQ        $8, DI
	DECQ        CX
	JNE         single

sum:
	VADDPD       Y1, Y0, Y0
	VADDPD       Y3, Y2, Y2
	VADDPD       Y2, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VADDPD       X1, X0, X0
	VHADDPD      X0, X0, X0
	VADDSD       X8, X0, X0
	VMOVSD       X0, ret+24(FP)
	VZEROUPPER
	RET

#define AXPY4(MOV, FMA) \
	MOV  (DI), Y0         \
	MOV  32(DI), Y1       \
	MOV  64(DI), Y2       \
	MOV  96(DI), Y3       \
	FMA  (SI), Y15, Y0    \
	FMA  32(SI), Y15, Y1  \
	FMA  64(SI), Y15, Y2  \
	FMA  96(SI), Y15, Y3  \
	MOV  Y0, (DI)         \
	MOV  Y1, 32(DI)       \
	MOV  Y2, 64(DI)       \
	MOV  Y3, 96(DI)       \
	ADDQ $128, SI         \
	ADDQ $128, DI

// func saxpyAVX2(n int, alpha float32, x, y *float32)
TEXT ·saxpyAVX2(SB), NOSPLIT, $0-32
	MOVQ         n+0(FP), CX
	VBROADCASTSS alpha+8(FP), Y15
	MOVQ         x+16(FP), SI
	MOVQ         y+24(FP), DI
	SUBQ         $32, CX
	JLT          vectors

	PCALIGN $32
rounds:
	AXPY4(VMOVUPS, VFMADD231PS)
	SUBQ $32, CX
	JGE  rounds

vectors:
	ADDQ $24, CX
	JLT  singles

vector:
	VMOVUPS     (DI), Y0
	VFMADD231PS (SI), Y15, Y0
	VMOVUPS     Y0, (DI)
	ADDQ        $32, SI
	ADDQ        $32, DI
	SUBQ        $8, CX
	JGE         vector

singles:
	ADDQ $8, CX
	JE   done

single:
	VMOVSS      (DI), X0
	VFMADD231SS (SI), X15, X0
	VMOVSS      X0, (DI)
	ADDQ        $4, SI
	ADDQ        $4, DI
	DECQ        CX
	JNE         single

done:
	VZEROUPPER
	RET

// func daxpyAVX2(n int, alpha float64, x, y *float64)
TEXT ·daxpyAVX2(SB), NOSPLIT, $0-32
	MOVQ         n+0(FP), CX
	VBROADCASTSD alpha+8(FP), Y15
	MOVQ         x+16(FP), SI
	MOVQ         y+24(FP), DI
	SUBQ         $16, CX
	JLT          vectors

	PCALIGN $32
rounds:
	AXPY4(VMOVUPD, VFMADD231PD)
	SUBQ $16, CX
	JGE  rounds

vectors:
	ADDQ $12, CX
	JLT  singles

vector:
	VMOVUPD     (DI), Y0
	VFMADD231PD (SI), Y15, Y0
	VMOVUPD     Y0, (DI)
	ADDQ        $32, SI
	ADDQ        $32, DI
	SUBQ        $4, CX
	JGE         vector

singles:
	ADDQ $4, CX
	JE   done

single:
	VMOVSD      (DI), X0
	VFMADD231SD (SI), X15, X0
	VMOVSD      X0, (DI)
	ADDQ        $8, SI
	ADDQ        $8, DI
	DECQ        CX
	JNE         single

done:
	VZEROUPPER
	RET

#define SCAL4(MOV, MUL) \
	MUL  (DI), Y15, Y0    \
	MUL  32(DI), Y15, Y1  \
	MUL  64(DI), Y15, Y2  \
	MUL  96(DI), Y15, Y3  \
	MOV  Y0, (DI)         \
	MOV  Y1, 32(DI)       \
	MOV  Y2, 64(DI)       \
	MOV  Y3, 96(DI)       \
	ADDQ $128, DI

// func sscalAVX2(n int, alpha float32, x *float32)
TEXT ·sscalAVX2(SB), NOSPLIT, $0-24
	MOVQ         n+0(FP), CX
	VBROADCASTSS alpha+8(FP), Y15
	MOVQ         x+16(FP), DI
	SUBQ         $32, CX
	JLT          vectors

	PCALIGN $32
rounds:
	SCAL4(VMOVUPS, VMULPS)
	SUBQ $32, CX
	JGE  rounds

vectors:
	ADDQ $24, CX
	JLT  singles

vector:
	VMULPS  (DI), Y15, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, DI
	SUBQ    $8, CX
	JGE     vector

singles:
	ADDQ $8, CX
	JE   done

single:
	VMULSS (DI), X15, X0
	VMOVSS X0, (DI)
	ADDQ   $4, DI
	DECQ   CX
	JNE    single

done:
	VZEROUPPER
	RET

// func dscalAVX2(n int, alpha float64, x *float64)
TEXT ·dscalAVX2(SB), NOSPLIT, $0-24
	MOVQ         n+0(FP), CX
	VBROADCASTSD alpha+8(FP), Y15
	MOVQ         x+16(FP), DI
	SUBQ         $16, CX
	JLT          vectors

	PCALIGN $32
rounds:
	SCAL4(VMOVUPD, VMULPD)
	SUBQ $16, CX
	JGE  rounds

vectors:
	ADDQ $12, CX
	JLT  singles

vector:
	VMULPD  (DI), Y15, Y0
	VMOVUPD Y0, (DI)
	ADDQ    $32, DI
	SUBQ    $4, CX
	JGE     vector

singles:
	ADDQ $4, CX
	JE   done

single:
	VMULSD (DI), X15, X0
	VMOVSD X0, (DI)
	ADDQ   $8, DI
	DECQ   CX
	JNE    single

done:
	VZEROUPPER
	RET
