//go:build !purego

// FMA peak probes for AVX2: nothing but fused multiply-adds on registers, to measure what the machine can do.
//
// Reference: peak in peak.go.
//
//	CX  rounds left    Y0, Y1  zero    Y4-Y15  twelve independent sums
//
//	for n: for 4: for i in 12: sum[i] += 0 * 0

#include "textflag.h"

#define ROUND(FMA) \
	FMA Y0, Y1, Y4  \
	FMA Y0, Y1, Y5  \
	FMA Y0, Y1, Y6  \
	FMA Y0, Y1, Y7  \
	FMA Y0, Y1, Y8  \
	FMA Y0, Y1, Y9  \
	FMA Y0, Y1, Y10 \
	FMA Y0, Y1, Y11 \
	FMA Y0, Y1, Y12 \
	FMA Y0, Y1, Y13 \
	FMA Y0, Y1, Y14 \
	FMA Y0, Y1, Y15

// func speakAVX2(n int)
TEXT ·speakAVX2(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), CX
	VZEROALL
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

// func dpeakAVX2(n int)
TEXT ·dpeakAVX2(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), CX
	VZEROALL
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
