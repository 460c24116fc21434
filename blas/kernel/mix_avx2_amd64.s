//go:build !purego

// Port probes for AVX2: what the inner loops of Σ x², exp, tanh and softmax issue for 32 elements, 4 vectors, on registers and the
// first-level cache, where nothing waits for a result. How fast such a loop runs is a limit for the kernel: it counts every
// port, the decoder, divisions and stores.
//
// Reference: the loops in norm_avx2_amd64.s and exp_avx2_amd64.s.
//
//	Y0, Y1  operands, never written    Y2  every other result    Y4-Y15  sums of the fused operations, by turns
//	R8  64 bytes to read, R9  128 bytes to write; CX  elements left

#include "textflag.h"

DATA mixed<>+0(SB)/8, $0x3f9d70a43f9d70a4
DATA mixed<>+8(SB)/8, $0x3f9d70a43f9d70a4
DATA mixed<>+16(SB)/8, $0x3f9d70a43f9d70a4
DATA mixed<>+24(SB)/8, $0x3f9d70a43f9d70a4
DATA mixed<>+32(SB)/8, $0x3f5d70a43f8d70a4
DATA mixed<>+40(SB)/8, $0x3fcd70a43fbd70a4
DATA mixed<>+48(SB)/8, $0x3fad70a43f7d70a4
DATA mixed<>+56(SB)/8, $0x3fdd70a43f4d70a4
GLOBL mixed<>(SB), RODATA|NOPTR, $64

#define X4(OP) \
	OP \
	OP \
	OP \
	OP

#define LOAD VMOVUPS (R8), Y2
#define CONSTANT VMOVUPS 32(R8), Y2
#define COPY VMOVAPS Y1, Y2
#define OR VORPS Y1, Y0, Y2
#define AND VPAND Y1, Y0, Y2
#define LARGER VPMAXSD Y1, Y0, Y2
#define MAX VMAXPS Y1, Y0, Y2
#define ADD VADDPS Y1, Y0, Y2
#define MUL VMULPS Y1, Y0, Y2
#define SHIFT VPSLLD $23, Y0, Y2
#define INTEGERS VPADDD Y1, Y0, Y2
#define COMPARE VCMPPS $1, Y1, Y0, Y2
#define BLEND VBLENDVPS Y1, Y1, Y0, Y2
#define DIVIDE VDIVPS Y1, Y0, Y2
#define WRITE \
	VMOVUPS Y0, (R9)   \
	VMOVUPS Y0, 32(R9) \
	VMOVUPS Y0, 64(R9) \
	VMOVUPS Y0, 96(R9)
#define FUSEDA \
	VFMADD231PS Y1, Y0, Y4 \
	VFMADD231PS Y1, Y0, Y5 \
	VFMADD231PS Y1, Y0, Y6 \
	VFMADD231PS Y1, Y0, Y7
#define FUSEDB \
	VFMADD231PS Y1, Y0, Y8 \
	VFMADD231PS Y1, Y0, Y9 \
	VFMADD231PS Y1, Y0, Y10 \
	VFMADD231PS Y1, Y0, Y11
#define FUSEDC \
	VFMADD231PS Y1, Y0, Y12 \
	VFMADD231PS Y1, Y0, Y13 \
	VFMADD231PS Y1, Y0, Y14 \
	VFMADD231PS Y1, Y0, Y15
#define ANY(OP) \
	OP Y1, Y0, Y2    \
	OP Y1, Y0, Y2    \
	OP Y1, Y0, Y2    \
	VMOVMSKPS Y0, DX \
	TESTL DX, DX     \
	JNE  odd

// REDUCE4 and EXPM14 of exp_avx2_amd64.h, with their scratch.
#define EXPONENTIAL \
	CONSTANT     \
	X4(COPY)     \
	CONSTANT     \
	FUSEDA       \
	X4(ADD)      \
	CONSTANT     \
	FUSEDB       \
	CONSTANT     \
	FUSEDC       \
	CONSTANT     \
	X4(COPY)     \
	CONSTANT     \
	FUSEDA       \
	CONSTANT     \
	FUSEDB       \
	CONSTANT     \
	FUSEDC       \
	CONSTANT     \
	FUSEDA       \
	X4(MUL)      \
	FUSEDB       \
	X4(SHIFT)    \
	CONSTANT

#define HEAD \
	MOVQ n+0(FP), CX           \
	LEAQ mixed<>(SB), R8       \
	LEAQ 0(SP), R9             \
	VMOVUPS (R8), Y0           \
	VMOVUPS 32(R8), Y1         \
	PCALIGN $32                \
loop:

#define FOOT \
	ADDQ $128, AX \
	SUBQ $32, CX  \
	JGT  loop     \
odd:            \
	VZEROUPPER    \
	RET

// func mixSquaresAVX2(n int)
TEXT ·mixSquaresAVX2(SB), NOSPLIT, $0-8
	HEAD
	VCVTPS2PD   (R8), Y2
	VCVTPS2PD   16(R8), Y2
	VCVTPS2PD   32(R8), Y2
	VCVTPS2PD   48(R8), Y2
	VFMADD231PD Y1, Y0, Y4
	VFMADD231PD Y1, Y0, Y5
	VFMADD231PD Y1, Y0, Y6
	VFMADD231PD Y1, Y0, Y7
	VCVTPS2PD   (R8), Y2
	VCVTPS2PD   16(R8), Y2
	VCVTPS2PD   32(R8), Y2
	VCVTPS2PD   48(R8), Y2
	VFMADD231PD Y1, Y0, Y8
	VFMADD231PD Y1, Y0, Y9
	VFMADD231PD Y1, Y0, Y10
	VFMADD231PD Y1, Y0, Y11
	FOOT

// func mixExpAVX2(n int)
TEXT ·mixExpAVX2(SB), NOSPLIT, $128-8
	HEAD
	X4(LOAD)
	CONSTANT
	X4(AND)
	ANY(VPMAXSD)
	COMPARE
	EXPONENTIAL
	X4(ADD)
	X4(INTEGERS)
	WRITE
	FOOT

// func mixTanhAVX2(n int)
TEXT ·mixTanhAVX2(SB), NOSPLIT, $128-8
	HEAD
	X4(LOAD)
	CONSTANT
	X4(OR)
	X4(ADD)
	CONSTANT
	X4(MAX)
	EXPONENTIAL
	X4(INTEGERS)
	X4(ADD)
	X4(ADD)
	FUSEDA
	FUSEDB
	FUSEDC
	X4(ADD)
	X4(COMPARE)
	X4(BLEND)
	X4(DIVIDE)
	X4(AND)
	X4(ADD)
	X4(LOAD)
	X4(OR)
	X4(AND)
	X4(OR)
	WRITE
	FOOT

// The passes of softmax over a row: the largest, exponentials and their sum, the product.
// func mixSoftmaxAVX2(n int)
TEXT ·mixSoftmaxAVX2(SB), NOSPLIT, $128-8
	HEAD
	X4(LOAD)
	X4(MAX)
	X4(LOAD)
	X4(ADD)
	CONSTANT
	X4(COMPARE)
	ANY(VORPS)
	EXPONENTIAL
	X4(ADD)
	X4(INTEGERS)
	WRITE
	X4(ADD)
	X4(LOAD)
	X4(MUL)
	WRITE
	FOOT
