//go:build !purego

// Memory probes for AVX-512F: loads of one array or of two, loads and stores, and nothing else.
//
// Reference: the streams of portable Go in probe.go.

#include "textflag.h"
#include "stream_amd64.h"

#define LOADS(P, A, B, C, D) LOAD4(P, 64, A, B, C, D)
#define LOAD LOADS(SI, Z0, Z1, Z2, Z3)
#define PAIR \
	LOADS(SI, Z0, Z1, Z2, Z3) \
	LOADS(DI, Z4, Z5, Z6, Z7)
#define COPY \
	LOADS(SI, Z0, Z1, Z2, Z3)  \
	STORE4(64, Z0, Z1, Z2, Z3)
#define UPDATE \
	PAIR                       \
	STORE4(64, Z4, Z5, Z6, Z7)

// func loadAVX512(n int, x, y *float32)
TEXT ·loadAVX512(SB), NOSPLIT, $0-24
	STREAM(64, LOAD, LOAD1)

// func pairAVX512(n int, x, y *float32)
TEXT ·pairAVX512(SB), NOSPLIT, $0-24
	STREAM(64, PAIR, PAIR1)

// func copyAVX512(n int, x, y *float32)
TEXT ·copyAVX512(SB), NOSPLIT, $0-24
	STREAM(64, COPY, COPY1)

// func updateAVX512(n int, x, y *float32)
TEXT ·updateAVX512(SB), NOSPLIT, $0-24
	STREAM(64, UPDATE, UPDATE1)
