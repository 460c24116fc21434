// The pieces of the AVX2 GEMM kernels: registers are those of gemm_avx2_amd64.s.

// STEP is one step of k.
#define STEP(BROADCAST, FMA, MOV) \
	MOV       (BX), Y0           \
	MOV       32(BX), Y1         \
	BROADCAST (AX), Y2           \
	BROADCAST (AX)(R8*1), Y3     \
	FMA       Y0, Y2, Y4         \
	FMA       Y1, Y2, Y5         \
	FMA       Y0, Y3, Y6         \
	FMA       Y1, Y3, Y7         \
	BROADCAST (AX)(R8*2), Y2     \
	BROADCAST (DX), Y3           \
	FMA       Y0, Y2, Y8         \
	FMA       Y1, Y2, Y9         \
	FMA       Y0, Y3, Y10        \
	FMA       Y1, Y3, Y11        \
	BROADCAST (DX)(R8*1), Y2     \
	BROADCAST (DX)(R8*2), Y3     \
	ADDQ      R9, AX             \
	ADDQ      R9, DX             \
	ADDQ      R10, BX            \
	FMA       Y0, Y2, Y12        \
	FMA       Y1, Y2, Y13        \
	FMA       Y0, Y3, Y14        \
	FMA       Y1, Y3, Y15

#define SET(MUL, MOV, LO, HI) \
	MUL  Y0, LO, LO      \
	MUL  Y0, HI, HI      \
	MOV  LO, (DI)        \
	MOV  HI, 32(DI)      \
	ADDQ R11, DI

#define UPDATE(MUL, FMA, MOV, LO, HI) \
	MUL  Y0, LO, LO      \
	MUL  Y0, HI, HI      \
	FMA  (DI), Y1, LO    \
	FMA  32(DI), Y1, HI  \
	MOV  LO, (DI)        \
	MOV  HI, 32(DI)      \
	ADDQ R11, DI

#define CLEAR \
	VXORPS Y4, Y4, Y4    \
	VXORPS Y5, Y5, Y5    \
	VXORPS Y6, Y6, Y6    \
	VXORPS Y7, Y7, Y7    \
	VXORPS Y8, Y8, Y8    \
	VXORPS Y9, Y9, Y9    \
	VXORPS Y10, Y10, Y10 \
	VXORPS Y11, Y11, Y11 \
	VXORPS Y12, Y12, Y12 \
	VXORPS Y13, Y13, Y13 \
	VXORPS Y14, Y14, Y14 \
	VXORPS Y15, Y15, Y15

// The tile of C comes from memory while the loop runs: each row is one cache line or two.
#define PREFETCH \
	MOVQ       DI, SI    \
	PREFETCHT0 (SI)      \
	PREFETCHT0 63(SI)    \
	ADDQ       R11, SI   \
	PREFETCHT0 (SI)      \
	PREFETCHT0 63(SI)    \
	ADDQ       R11, SI   \
	PREFETCHT0 (SI)      \
	PREFETCHT0 63(SI)    \
	ADDQ       R11, SI   \
	PREFETCHT0 (SI)      \
	PREFETCHT0 63(SI)    \
	ADDQ       R11, SI   \
	PREFETCHT0 (SI)      \
	PREFETCHT0 63(SI)    \
	ADDQ       R11, SI   \
	PREFETCHT0 (SI)      \
	PREFETCHT0 63(SI)
