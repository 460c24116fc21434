// The loops of the outer products of a few rows: eight rows of B, or fewer at the end, meet every group of four rows of C, a cache line
// at a time. STEP(BROADCAST, FMA, SIZE, P, LINE, HALF) adds factors P times the line of a row of B, whose second half is HALF; LOADC
// and STOREC move the tile of C.
//
//	R8, R9, R12  rows 0, 3 and 6 of B at the line    R10  bytes from a row of B to the next
//	DI, R13      rows 0 and 3 of C in the group      R11  bytes from a row of C to the next    R14  row 0 of C at the line
//	SI           factors: 8 steps of k × 4 rows for each group      AX  those of these rows of B, from the first group on
//	CX  lines left     DX  groups left     BX  rows of B left
//
//	for each 8 rows of B, fewer at the end: for each line: for each group:
//	    C[4 rows, line] += F[4 rows, those] * B[those, line]      // fused, k ascending

#define OUTER(BROADCAST, FMA, SHIFT, SIZE) \
	MOVQ k+0(FP), BX          \
	MOVQ f+24(FP), AX         \
	MOVQ b+32(FP), R8         \
	MOVQ ldb+40(FP), R10      \
	MOVQ ldc+56(FP), R11      \
	SHLQ $SHIFT, R10          \
	SHLQ $SHIFT, R11          \
block:                        \
	MOVQ c+48(FP), R14        \
	MOVQ n+16(FP), CX         \
	SHRQ $(6-SHIFT), CX       \
	CMPQ BX, $8               \
	JLT  few                  \
	LEAQ (R10)(R10*2), R9     \
	LEAQ (R8)(R9*2), R12      \
	ADDQ R8, R9               \
line:                         \
	MOVQ AX, SI               \
	MOVQ R14, DI              \
	MOVQ groups+8(FP), DX     \
group:                        \
	LEAQ (R11)(R11*2), R13    \
	ADDQ DI, R13              \
	LOADC                     \
	STEP(BROADCAST, FMA, SIZE, 0, (R8), 32(R8))                \
	STEP(BROADCAST, FMA, SIZE, 1, (R8)(R10*1), 32(R8)(R10*1))  \
	STEP(BROADCAST, FMA, SIZE, 2, (R8)(R10*2), 32(R8)(R10*2))  \
	STEP(BROADCAST, FMA, SIZE, 3, (R9), 32(R9))                \
	STEP(BROADCAST, FMA, SIZE, 4, (R9)(R10*1), 32(R9)(R10*1))  \
	STEP(BROADCAST, FMA, SIZE, 5, (R9)(R10*2), 32(R9)(R10*2))  \
	STEP(BROADCAST, FMA, SIZE, 6, (R12), 32(R12))              \
	STEP(BROADCAST, FMA, SIZE, 7, (R12)(R10*1), 32(R12)(R10*1)) \
	STOREC                    \
	ADDQ $(32*SIZE), SI       \
	LEAQ (R13)(R11*1), DI     \
	DECQ DX                   \
	JNE  group                \
	ADDQ $64, R8              \
	ADDQ $64, R9              \
	ADDQ $64, R12             \
	ADDQ $64, R14             \
	DECQ CX                   \
	JNE  line                 \
	MOVQ SI, AX               \
	LEAQ (R12)(R10*2), R8     \
	MOVQ n+16(FP), CX         \
	SHLQ $SHIFT, CX           \
	SUBQ CX, R8               \
	SUBQ $8, BX               \
	JNE  block                \
	VZEROUPPER                \
	RET                       \
few:                          \
	MOVQ AX, SI               \
	MOVQ R14, DI              \
	MOVQ groups+8(FP), DX     \
fewgroup:                     \
	LEAQ (R11)(R11*2), R13    \
	ADDQ DI, R13              \
	LOADC                     \
	MOVQ R8, R9               \
	MOVQ BX, R12              \
	MOVQ SI, R15              \
row:                          \
	STEP(BROADCAST, FMA, SIZE, 0, (R9), 32(R9)) \
	ADDQ R10, R9              \
	ADDQ $(4*SIZE), SI        \
	DECQ R12                  \
	JNE  row                  \
	STOREC                    \
	LEAQ (32*SIZE)(R15), SI   \
	LEAQ (R13)(R11*1), DI     \
	DECQ DX                   \
	JNE  fewgroup             \
	ADDQ $64, R8              \
	ADDQ $64, R14             \
	DECQ CX                   \
	JNE  few                  \
	VZEROUPPER                \
	RET
