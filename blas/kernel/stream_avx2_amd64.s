//go:build !purego

// Memory probes for AVX2: loads of one array or of two, loads and stores, and nothing else; the same with the lines 512 bytes
// ahead fetched into the cache, which may be faster or slower.
//
// Reference: the streams of portable Go in probe.go.

#include "textflag.h"
#include "stream_amd64.h"

#define AHEAD(P) \
	PREFETCHT0 512(P) \
	PREFETCHT0 576(P)

#define LOADS(P, A, B, C, D) LOAD4(P, 32, A, B, C, D)
#define LOAD LOADS(SI, Y0, Y1, Y2, Y3)
#define LOADAHEAD \
	AHEAD(SI) \
	LOAD
#define PAIR \
	LOADS(SI, Y0, Y1, Y2, Y3) \
	LOADS(DI, Y4, Y5, Y6, Y7)
#define PAIRAHEAD \
	AHEAD(SI) \
	AHEAD(DI) \
	PAIR
#define COPY \
	LOADS(SI, Y0, Y1, Y2, Y3)  \
	STORE4(32, Y0, Y1, Y2, Y3)
#define COPYAHEAD \
	AHEAD(SI) \
	AHEAD(DI) \
	COPY
#define UPDATE \
	PAIR                       \
	STORE4(32, Y4, Y5, Y6, Y7)
#define UPDATEAHEAD \
	AHEAD(SI) \
	AHEAD(DI) \
	UPDATE

// func loadAVX2(n int, x, y *float32)
TEXT ·loadAVX2(SB), NOSPLIT, $0-24
	STREAM(32, LOAD, LOAD1)

// func loadAheadAVX2(n int, x, y *float32)
TEXT ·loadAheadAVX2(SB), NOSPLIT, $0-24
	STREAM(32, LOADAHEAD, LOAD1)

// func pairAVX2(n int, x, y *float32)
TEXT ·pairAVX2(SB), NOSPLIT, $0-24
	STREAM(32, PAIR, PAIR1)

// func pairAheadAVX2(n int, x, y *float32)
TEXT ·pairAheadAVX2(SB), NOSPLIT, $0-24
	STREAM(32, PAIRAHEAD, PAIR1)

// func copyAVX2(n int, x, y *float32)
TEXT ·copyAVX2(SB), NOSPLIT, $0-24
	STREAM(32, COPY, COPY1)

// func copyAheadAVX2(n int, x, y *float32)
TEXT ·copyAheadAVX2(SB), NOSPLIT, $0-24
	STREAM(32, COPYAHEAD, COPY1)

// func updateAVX2(n int, x, y *float32)
TEXT ·updateAVX2(SB), NOSPLIT, $0-24
	STREAM(32, UPDATE, UPDATE1)

// func updateAheadAVX2(n int, x, y *float32)
TEXT ·updateAheadAVX2(SB), NOSPLIT, $0-24
	STREAM(32, UPDATEAHEAD, UPDATE1)

// func loadFourAVX2(n int, x, y *float32)
TEXT ·loadFourAVX2(SB), NOSPLIT, $0-24
	MOVQ n+0(FP), CX
	MOVQ x+8(FP), SI
	MOVQ CX, R8
	LEAQ (CX)(CX*2), R9
	SUBQ $64, CX
	JLT  done

	PCALIGN $32
rounds:
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VMOVUPS (SI)(R8*1), Y2
	VMOVUPS 32(SI)(R8*1), Y3
	VMOVUPS (SI)(R8*2), Y4
	VMOVUPS 32(SI)(R8*2), Y5
	VMOVUPS (SI)(R9*1), Y6
	VMOVUPS 32(SI)(R9*1), Y7
	ADDQ    $64, SI
	SUBQ    $64, CX
	JGE     rounds

done:
	VZEROUPPER
	RET
