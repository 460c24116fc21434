//go:build !purego

// The natural logarithm for AVX2 and FMA on float32 vectors of unit stride.
//
// Reference: log32 in blas/vec/log.go, which computes in float64.
// Source: the reduction of Cody and Waite, Software Manual for the Elementary Functions, 1980; the coefficients are minimax,
// from the program in blas/vec/exp_test.go.
//
// x = 2ᵏ·(1+f) with 1+f in [1/√2, √2); log x = k·ln 2 + (f + f²·(l0 + l1·f + … + l8·f⁸)), every sum fused with its product.
// A subnormal x is multiplied by 2²³ first. Zero, negative numbers, infinity and NaN are put right at the end.
//
//	Y0-Y3  one vector on its way    Y4  x    Y5-Y15  constants

#include "textflag.h"
#include "vector_avx2_amd64.h"

SPLAT(rootHalf, $0x3f3504f3)   // the bits of 1/√2
SPLAT(smallest, $0x00800000)   // 2⁻¹²⁶: what is below is subnormal
SPLAT(pow23, $8388608.0)
SPLAT(int23, $23)
SPLAT(largest, $0x7f7fffff)
SPLAT(minusInf, $0xff800000)
SPLAT(one, $1.0)
SPLAT(ln2, $0x3f317218)
SPLAT(l0, $0xbeffffff)
SPLAT(l1, $0x3eaaaaa8)
SPLAT(l2, $0xbe800105)
SPLAT(l3, $0x3e4cd117)
SPLAT(l4, $0xbe2a42ee)
SPLAT(l5, $0x3e115e58)
SPLAT(l6, $0xbe0649a9)
SPLAT(l7, $0x3e02d707)
SPLAT(l8, $0xbd9f4b5f)

#define LOG \
	VMOVAPS     Y0, Y4                \
	VCMPPS      $1, smallest<>(SB), Y0, Y3 \
	VMULPS      pow23<>(SB), Y0, Y1   \
	VBLENDVPS   Y3, Y1, Y0, Y0        \
	VPAND       int23<>(SB), Y3, Y3   \
	VPSUBD      Y14, Y0, Y1           \
	VPSRAD      $23, Y1, Y1           \
	VPSLLD      $23, Y1, Y2           \
	VPSUBD      Y2, Y0, Y0            \
	VPSUBD      Y3, Y1, Y1            \
	VCVTDQ2PS   Y1, Y1                \
	VSUBPS      Y15, Y0, Y0           \
	VMOVUPS     l8<>(SB), Y2          \
	VFMADD213PS Y13, Y0, Y2           \
	VFMADD213PS Y12, Y0, Y2           \
	VFMADD213PS Y11, Y0, Y2           \
	VFMADD213PS Y10, Y0, Y2           \
	VFMADD213PS Y9, Y0, Y2            \
	VFMADD213PS Y8, Y0, Y2            \
	VFMADD213PS Y7, Y0, Y2            \
	VFMADD213PS Y6, Y0, Y2            \
	VMULPS      Y0, Y0, Y3            \
	VFMADD213PS Y0, Y3, Y2            \
	VFMADD231PS Y5, Y1, Y2            \
	VPCMPGTD    largest<>(SB), Y4, Y3 \
	VBLENDVPS   Y3, Y4, Y2, Y2        \
	VXORPS      Y1, Y1, Y1            \
	VCMPPS      $0, Y1, Y4, Y3        \
	VBLENDVPS   Y3, minusInf<>(SB), Y2, Y2 \
	VCMPPS      $9, Y1, Y4, Y3        \
	VORPS       Y3, Y2, Y0

// func logAVX2(n int, dst, a, b *float32, alpha float32)
TEXT ·logAVX2(SB), NOSPLIT, $0-36
	VMOVUPS ln2<>(SB), Y5
	VMOVUPS l0<>(SB), Y6
	VMOVUPS l1<>(SB), Y7
	VMOVUPS l2<>(SB), Y8
	VMOVUPS l3<>(SB), Y9
	VMOVUPS l4<>(SB), Y10
	VMOVUPS l5<>(SB), Y11
	VMOVUPS l6<>(SB), Y12
	VMOVUPS l7<>(SB), Y13
	VMOVUPS rootHalf<>(SB), Y14
	VMOVUPS one<>(SB), Y15
	WALK(LOG, LOG)
