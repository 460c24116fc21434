// The loop of the stream probes: FOUR moves four vectors of SIZE bytes, then ONE one of 32 bytes at a time.
//
//	SI  x    DI  y    CX  bytes left    A to D, Y0-Y3  vectors

#define STREAM(SIZE, FOUR, ONE) \
	MOVQ n+0(FP), CX      \
	MOVQ x+8(FP), SI      \
	MOVQ y+16(FP), DI     \
	SHLQ $2, CX           \
	SUBQ $(4*SIZE), CX    \
	JLT  rest             \
	PCALIGN $32           \
rounds:                 \
	FOUR                  \
	ADDQ $(4*SIZE), SI    \
	ADDQ $(4*SIZE), DI    \
	SUBQ $(4*SIZE), CX    \
	JGE  rounds           \
rest:                   \
	ADDQ $(4*SIZE-32), CX \
	JLT  done             \
one:                    \
	ONE                   \
	ADDQ $32, SI          \
	ADDQ $32, DI          \
	SUBQ $32, CX          \
	JGE  one              \
done:                   \
	VZEROUPPER            \
	RET

#define LOAD4(P, SIZE, A, B, C, D) \
	VMOVUPS (P), A          \
	VMOVUPS SIZE(P), B      \
	VMOVUPS (2*SIZE)(P), C  \
	VMOVUPS (3*SIZE)(P), D

#define STORE4(SIZE, A, B, C, D) \
	VMOVUPS A, (DI)          \
	VMOVUPS B, SIZE(DI)      \
	VMOVUPS C, (2*SIZE)(DI)  \
	VMOVUPS D, (3*SIZE)(DI)

#define LOAD1 VMOVUPS (SI), Y0
#define PAIR1 \
	VMOVUPS (SI), Y0 \
	VMOVUPS (DI), Y1
#define COPY1 \
	VMOVUPS (SI), Y0 \
	VMOVUPS Y0, (DI)
#define UPDATE1 \
	VMOVUPS (SI), Y0 \
	VMOVUPS (DI), Y1 \
	VMOVUPS Y1, (DI)
