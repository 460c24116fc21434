//go:build !purego

// Transposing packs for AVX2: 8, 6, 4 or 2 lanes of a panel at a time, each contiguous along k, 8 (float32) or 4 (float64)
// steps of k a round.
//
// Reference: packColumns in pack.go.
//
//	SI  lane 0 at k     R8  bytes from a lane to the next      DX  3*R8
//	DI  dst at k        R9  bytes from a step of k to the next R10 3*R9    R11  dst at the second half of a round
//	CX  rounds left
//
//	for each round: load lanes; interleave pairs; interleave pairs of pairs; store a row of lanes for each step of k

#include "textflag.h"

#define HEAD(SHIFT) \
	MOVQ rounds+0(FP), CX \
	MOVQ src+8(FP), SI    \
	MOVQ ls+16(FP), R8    \
	MOVQ dst+24(FP), DI   \
	MOVQ w+32(FP), R9     \
	SHLQ $SHIFT, R8       \
	SHLQ $SHIFT, R9       \
	LEAQ (R8)(R8*2), DX   \
	LEAQ (R9)(R9*2), R10

// HALF transposes 4 steps of k of lanes 0 to 3 in the low halves of Y0 to Y3 and 4 to 7 in the high halves:
// Y8 to Y11 are a step of all lanes each. On the way, Y4 and Y5 are lanes 0 1 0 1 | 4 5 4 5 of steps 0 0 1 1 and 2 2 3 3, and
// Y6 and Y7 lanes 2 3 2 3 | 6 7 6 7.
#define HALF \
	VUNPCKLPS Y1, Y0, Y4  \
	VUNPCKHPS Y1, Y0, Y5  \
	VUNPCKLPS Y3, Y2, Y6  \
	VUNPCKHPS Y3, Y2, Y7  \
	VUNPCKLPD Y6, Y4, Y8  \
	VUNPCKHPD Y6, Y4, Y9  \
	VUNPCKLPD Y7, Y5, Y10 \
	VUNPCKHPD Y7, Y5, Y11

#define LOAD8(OFF) \
	VMOVUPS     OFF(SI), X0                    \
	VMOVUPS     OFF(SI)(R8*1), X1              \
	VMOVUPS     OFF(SI)(R8*2), X2              \
	VMOVUPS     OFF(SI)(DX*1), X3              \
	VINSERTF128 $1, OFF(BX), Y0, Y0            \
	VINSERTF128 $1, OFF(BX)(R8*1), Y1, Y1      \
	VINSERTF128 $1, OFF(BX)(R8*2), Y2, Y2      \
	VINSERTF128 $1, OFF(BX)(DX*1), Y3, Y3

// func spack8AVX2(rounds int, src *float32, ls int, dst *float32, w int)
TEXT ·spack8AVX2(SB), NOSPLIT, $0-40
	HEAD(2)
	LEAQ (SI)(R8*4), BX

loop:
	LOAD8(0)
	HALF
	VMOVUPS Y8, (DI)
	VMOVUPS Y9, (DI)(R9*1)
	VMOVUPS Y10, (DI)(R9*2)
	VMOVUPS Y11, (DI)(R10*1)
	LEAQ    (DI)(R9*4), R11
	LOAD8(16)
	HALF
	VMOVUPS Y8, (R11)
	VMOVUPS Y9, (R11)(R9*1)
	VMOVUPS Y10, (R11)(R9*2)
	VMOVUPS Y11, (R11)(R10*1)
	LEAQ    (R11)(R9*4), DI
	ADDQ    $32, SI
	ADDQ    $32, BX
	DECQ    CX
	JNE     loop
	VZEROUPPER
	RET

#define LOAD6(OFF) \
	VMOVUPS     OFF(SI), X0                \
	VMOVUPS     OFF(SI)(R8*1), X1          \
	VMOVUPS     OFF(SI)(R8*2), X2          \
	VMOVUPS     OFF(SI)(DX*1), X3          \
	VINSERTF128 $1, OFF(BX), Y0, Y0        \
	VINSERTF128 $1, OFF(BX)(R8*1), Y1, Y1

// func spack6AVX2(rounds int, src *float32, ls int, dst *float32, w int)
// A panel of 6 lanes, w = 6. All steps of a round but the last are stored with two lanes too many, which the next step overwrites.
TEXT ·spack6AVX2(SB), NOSPLIT, $0-40
	HEAD(2)
	LEAQ (SI)(R8*4), BX

loop:
	LOAD6(0)
	HALF
	VMOVUPS Y8, (DI)
	VMOVUPS Y9, 24(DI)
	VMOVUPS Y10, 48(DI)
	VMOVUPS Y11, 72(DI)
	LOAD6(16)
	HALF
	VMOVUPS      Y8, 96(DI)
	VMOVUPS      Y9, 120(DI)
	VMOVUPS      Y10, 144(DI)
	VMOVUPS      X11, 168(DI)
	VEXTRACTF128 $1, Y11, X11
	VMOVSD       X11, 184(DI)
	ADDQ         $192, DI
	ADDQ         $32, SI
	ADDQ         $32, BX
	DECQ         CX
	JNE          loop
	VZEROUPPER
	RET

// func spack4AVX2(rounds int, src *float32, ls int, dst *float32, w int)
TEXT ·spack4AVX2(SB), NOSPLIT, $0-40
	HEAD(2)

loop:
	VMOVUPS      (SI), Y0
	VMOVUPS      (SI)(R8*1), Y1
	VMOVUPS      (SI)(R8*2), Y2
	VMOVUPS      (SI)(DX*1), Y3
	VUNPCKLPS    Y1, Y0, Y4       // lanes 0 1 0 1 of k = 0 0 1 1 | 4 4 5 5
	VUNPCKHPS    Y1, Y0, Y5       //                   2 2 3 3 | 6 6 7 7
	VUNPCKLPS    Y3, Y2, Y6       // lanes 2 3 2 3 likewise
	VUNPCKHPS    Y3, Y2, Y7
	VUNPCKLPD    Y6, Y4, Y0       // lanes 0 1 2 3 of k = 0 | 4
	VUNPCKHPD    Y6, Y4, Y1       //                    1 | 5
	VUNPCKLPD    Y7, Y5, Y2       //                    2 | 6
	VUNPCKHPD    Y7, Y5, Y3       //                    3 | 7
	LEAQ         (DI)(R9*4), R11
	VMOVUPS      X0, (DI)
	VMOVUPS      X1, (DI)(R9*1)
	VMOVUPS      X2, (DI)(R9*2)
	VMOVUPS      X3, (DI)(R10*1)
	VEXTRACTF128 $1, Y0, (R11)
	VEXTRACTF128 $1, Y1, (R11)(R9*1)
	VEXTRACTF128 $1, Y2, (R11)(R9*2)
	VEXTRACTF128 $1, Y3, (R11)(R10*1)
	LEAQ         (R11)(R9*4), DI
	ADDQ         $32, SI
	DECQ         CX
	JNE          loop
	VZEROUPPER
	RET

// func spack2AVX2(rounds int, src *float32, ls int, dst *float32, w int)
TEXT ·spack2AVX2(SB), NOSPLIT, $0-40
	HEAD(2)

loop:
	VMOVUPS      (SI), Y0
	VMOVUPS      (SI)(R8*1), Y1
	VUNPCKLPS    Y1, Y0, Y4       // lanes 0 1 0 1 of k = 0 0 1 1 | 4 4 5 5
	VUNPCKHPS    Y1, Y0, Y5       //                   2 2 3 3 | 6 6 7 7
	VEXTRACTF128 $1, Y4, X6
	VEXTRACTF128 $1, Y5, X7
	LEAQ         (DI)(R9*4), R11
	VMOVLPS      X4, (DI)
	VMOVHPS      X4, (DI)(R9*1)
	VMOVLPS      X5, (DI)(R9*2)
	VMOVHPS      X5, (DI)(R10*1)
	VMOVLPS      X6, (R11)
	VMOVHPS      X6, (R11)(R9*1)
	VMOVLPS      X7, (R11)(R9*2)
	VMOVHPS      X7, (R11)(R10*1)
	LEAQ         (R11)(R9*4), DI
	ADDQ         $32, SI
	DECQ         CX
	JNE          loop
	VZEROUPPER
	RET

// func dpack4AVX2(rounds int, src *float64, ls int, dst *float64, w int)
TEXT ·dpack4AVX2(SB), NOSPLIT, $0-40
	HEAD(3)

loop:
	VMOVUPD    (SI), Y0
	VMOVUPD    (SI)(R8*1), Y1
	VMOVUPD    (SI)(R8*2), Y2
	VMOVUPD    (SI)(DX*1), Y3
	VUNPCKLPD  Y1, Y0, Y4          // lanes 0 1 of k = 0 | 2
	VUNPCKHPD  Y1, Y0, Y5          //                  1 | 3
	VUNPCKLPD  Y3, Y2, Y6          // lanes 2 3 likewise
	VUNPCKHPD  Y3, Y2, Y7
	VPERM2F128 $0x20, Y6, Y4, Y0   // lanes 0 1 2 3 of k = 0
	VPERM2F128 $0x20, Y7, Y5, Y1   // 1
	VPERM2F128 $0x31, Y6, Y4, Y2   // 2
	VPERM2F128 $0x31, Y7, Y5, Y3   // 3
	VMOVUPD    Y0, (DI)
	VMOVUPD    Y1, (DI)(R9*1)
	VMOVUPD    Y2, (DI)(R9*2)
	VMOVUPD    Y3, (DI)(R10*1)
	LEAQ       (DI)(R9*4), DI
	ADDQ       $32, SI
	DECQ       CX
	JNE        loop
	VZEROUPPER
	RET

// func dpack2AVX2(rounds int, src *float64, ls int, dst *float64, w int)
TEXT ·dpack2AVX2(SB), NOSPLIT, $0-40
	HEAD(3)

loop:
	VMOVUPD      (SI), Y0
	VMOVUPD      (SI)(R8*1), Y1
	VUNPCKLPD    Y1, Y0, Y4        // lanes 0 1 of k = 0 | 2
	VUNPCKHPD    Y1, Y0, Y5        //                  1 | 3
	VMOVUPD      X4, (DI)
	VMOVUPD      X5, (DI)(R9*1)
	VEXTRACTF128 $1, Y4, (DI)(R9*2)
	VEXTRACTF128 $1, Y5, (DI)(R10*1)
	LEAQ         (DI)(R9*4), DI
	ADDQ         $32, SI
	DECQ         CX
	JNE          loop
	VZEROUPPER
	RET
