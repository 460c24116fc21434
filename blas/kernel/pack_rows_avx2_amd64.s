//go:build !purego

// Packs for AVX2 of lanes that are contiguous in memory: four rows of the source, cut into panels.
//
// Reference: packRows in pack.go.
//
//	SI  row 0 of the source, at a panel    R8  bytes from a row to the next      DX  3*R8    AX  SI + 4*R8
//	DI  row 0 of the panel                 R9  bytes from a panel to the next    CX  panels left
//
//	for each panel: copy 4 rows of it; prefetch the next 4

#include "textflag.h"

#define HEAD \
	MOVQ panels+0(FP), CX   \
	MOVQ dst+8(FP), DI      \
	MOVQ next+16(FP), R9    \
	MOVQ src+24(FP), SI     \
	MOVQ step+32(FP), R8    \
	LEAQ (R8)(R8*2), DX     \
	LEAQ (SI)(R8*4), AX

#define PREFETCH \
	PREFETCHT0 (AX)         \
	PREFETCHT0 (AX)(R8*1)   \
	PREFETCHT0 (AX)(R8*2)   \
	PREFETCHT0 (AX)(DX*1)

#define NEXT(WIDTH, LOOP) \
	ADDQ $WIDTH, SI \
	ADDQ $WIDTH, AX \
	ADDQ R9, DI     \
	DECQ CX         \
	JNE  LOOP       \
	VZEROUPPER      \
	RET

// func packRows64AVX2(panels int, dst unsafe.Pointer, next int, src unsafe.Pointer, step int)
// Panels of 64 bytes a row: 16 float32 or 8 float64.
TEXT ·packRows64AVX2(SB), NOSPLIT, $0-40
	HEAD

loop:
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VMOVUPS (SI)(R8*1), Y2
	VMOVUPS 32(SI)(R8*1), Y3
	VMOVUPS (SI)(R8*2), Y4
	VMOVUPS 32(SI)(R8*2), Y5
	VMOVUPS (SI)(DX*1), Y6
	VMOVUPS 32(SI)(DX*1), Y7
	PREFETCH
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	VMOVUPS Y2, 64(DI)
	VMOVUPS Y3, 96(DI)
	VMOVUPS Y4, 128(DI)
	VMOVUPS Y5, 160(DI)
	VMOVUPS Y6, 192(DI)
	VMOVUPS Y7, 224(DI)
	NEXT(64, loop)

// func packRows48AVX2(panels int, dst unsafe.Pointer, next int, src unsafe.Pointer, step int)
// Panels of 48 bytes a row: 6 float64.
TEXT ·packRows48AVX2(SB), NOSPLIT, $0-40
	HEAD

loop:
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), X1
	VMOVUPS (SI)(R8*1), Y2
	VMOVUPS 32(SI)(R8*1), X3
	VMOVUPS (SI)(R8*2), Y4
	VMOVUPS 32(SI)(R8*2), X5
	VMOVUPS (SI)(DX*1), Y6
	VMOVUPS 32(SI)(DX*1), X7
	PREFETCH
	VMOVUPS Y0, (DI)
	VMOVUPS X1, 32(DI)
	VMOVUPS Y2, 48(DI)
	VMOVUPS X3, 80(DI)
	VMOVUPS Y4, 96(DI)
	VMOVUPS X5, 128(DI)
	VMOVUPS Y6, 144(DI)
	VMOVUPS X7, 176(DI)
	NEXT(48, loop)

// func packRows24AVX2(panels int, dst unsafe.Pointer, next int, src unsafe.Pointer, step int)
// Panels of 24 bytes a row: 6 float32.
TEXT ·packRows24AVX2(SB), NOSPLIT, $0-40
	HEAD

loop:
	VMOVUPS     (SI), X0             // lanes 0 to 3 of row 0
	VMOVSD      16(SI), X1           // lanes 4 and 5
	VMOVSD      (SI)(R8*1), X2
	VMOVUPS     8(SI)(R8*1), X3      // lanes 2 to 5 of row 1
	VMOVUPS     (SI)(R8*2), X4
	VMOVSD      16(SI)(R8*2), X5
	VMOVSD      (SI)(DX*1), X6
	VMOVUPS     8(SI)(DX*1), X7
	PREFETCH
	VMOVLHPS    X2, X1, X1           // the end of row 0, the start of row 1
	VMOVLHPS    X6, X5, X5
	VMOVUPS     X0, (DI)
	VMOVUPS     X1, 16(DI)
	VMOVUPS     X3, 32(DI)
	VMOVUPS     X4, 48(DI)
	VMOVUPS     X5, 64(DI)
	VMOVUPS     X7, 80(DI)
	NEXT(24, loop)
