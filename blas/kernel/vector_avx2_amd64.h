// What the AVX2 kernels for transcendental functions share: constants in all lanes, and the walk along a slice.

#define SPLAT(name, v) \
	DATA  name<>+0(SB)/4, v  \
	DATA  name<>+4(SB)/4, v  \
	DATA  name<>+8(SB)/4, v  \
	DATA  name<>+12(SB)/4, v \
	DATA  name<>+16(SB)/4, v \
	DATA  name<>+20(SB)/4, v \
	DATA  name<>+24(SB)/4, v \
	DATA  name<>+28(SB)/4, v \
	GLOBL name<>(SB), RODATA|NOPTR, $32

// WALK sends n elements from a to dst, a vector at a time, through OP, which turns Y0 into Y0; then, by masked moves, the last
// n mod 8 through OPTAIL. Vectors are independent, and the processor overlaps some ten of them: there is nothing to unroll.
//
//	DI  dst    SI  a    CX  elements left    AX  bytes done    R8  address of the tail's mask    Y4  the mask, around OP
#define WALK(OP, OPTAIL) \
	MOVQ       n+0(FP), CX          \
	MOVQ       dst+8(FP), DI        \
	MOVQ       a+16(FP), SI         \
	XORL       AX, AX               \
	SUBQ       $8, CX               \
	JLT        tail                 \
	PCALIGN    $32                  \
vector:                           \
	VMOVUPS    (SI)(AX*1), Y0       \
	OP                              \
	VMOVUPS    Y0, (DI)(AX*1)       \
	ADDQ       $32, AX              \
	SUBQ       $8, CX               \
	JGE        vector               \
tail:                             \
	ADDQ       $8, CX               \
	JE         done                 \
	LEAQ       ·tailMask+32(SB), R8 \
	SHLQ       $2, CX               \
	SUBQ       CX, R8               \
	VMOVUPS    (R8), Y4             \
	VMASKMOVPS (SI)(AX*1), Y4, Y0   \
	OPTAIL                          \
	VMOVUPS    (R8), Y4             \
	VMASKMOVPS Y0, Y4, (DI)(AX*1)   \
done:                             \
	VZEROUPPER                      \
	RET
