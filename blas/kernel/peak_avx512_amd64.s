//go:build !purego

// FMA peak probes for AVX-512F: nothing but fused multiply-adds on registers, to measure what the machine can do.
//
// Reference: peak in peak.go.
//
//	CX  rounds left    Z0, Z1  zero    Z4-Z15  twelve independent sums
//
//	for n: for 4: for i in 12: sum[i] += 0 * 0

#include "textflag.h"

#define ROUND(FMA) \
	FMA Z0, Z1, Z4  \
	FMA Z0, Z1, Z5  \
	FMA Z0, Z1, Z6  \
	FMA Z0, Z1, Z7  \
	FMA Z0, Z1, Z8  \
	FMA Z0, Z1, Z9  \
	FMA Z0, Z1, Z10 \
	FMA Z0, Z1, Z11 \
	FMA Z0, Z1, Z12 \
	FMA Z0, Z1, Z13 \
	FMA Z0, Z1, Z14 \
	FMA Z0, Z1, Z15

// func speakAVX512(n int)
TEXT ·speakAVX512(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), CX
	VZEROALL // the upper halves too
	PCALIGN $32
loop:
	ROUND(VFMADD231PS)
	ROUND(VFMADD231PS)
	ROUND(VFMADD231PS)
	ROUND(VFMADD231PS)
	DECQ CX
	JNE  loop
	VZEROUPPER
	RET

// func dpeakAVX512(n int)
TEXT ·dpeakAVX512(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), CX
	VZEROALL // the upper halves too
	PCALIGN $32
loop:
	ROUND(VFMADD231PD)
	ROUND(VFMADD231PD)
	ROUND(VFMADD231PD)
	ROUND(VFMADD231PD)
	DECQ CX
	JNE  loop
	VZEROUPPER
	RET
