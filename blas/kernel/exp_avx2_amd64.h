// The exponential of vectors of float32, for the AVX2 kernels that are made of it.
//
// eˣ = 2ⁿ·e^r with n = round(x/ln 2) and r = x - n·ln 2, |r| ≤ 0.3466, where n·ln2Hi is subtracted without error. Adding
// magic, 1.5·2²³, rounds to an integer and leaves it in the low bits of the sum. e^r - 1 = r + r²·(e0 + e1·r + … + e4·r⁴),
// relative error 2⁻²⁷. A power of two is made by moving its exponent into place; where n may leave [-126, 127], 2ⁿ is
// applied as two factors, so that large results overflow, and small ones are rounded once to a subnormal.
//
//	Y0-Y3  one vector on its way    Y5-Y13  constants

SPLAT(log2e, $0x3fb8aa3b)      // 1/ln 2
SPLAT(magic, $0x4b400000)      // 1.5·2²³
SPLAT(ln2Hi, $0x3f317218)      // ln 2, rounded
SPLAT(ln2Lo, $0xb102e308)      // ln 2 - ln2Hi
SPLAT(e0, $0x3f000000)
SPLAT(e1, $0x3e2aaa6f)
SPLAT(e2, $0x3d2aaadd)
SPLAT(e3, $0x3c0905a0)
SPLAT(e4, $0x3ab634ff)
SPLAT(one, $1.0)

#define LOG2E Y5
#define MAGIC Y6
#define LN2HI Y7
#define LN2LO Y8
#define E0 Y9
#define E1 Y10
#define E2 Y11
#define E3 Y12
#define ONE Y13

#define CONSTANTS \
	VMOVUPS log2e<>(SB), LOG2E \
	VMOVUPS magic<>(SB), MAGIC \
	VMOVUPS ln2Hi<>(SB), LN2HI \
	VMOVUPS ln2Lo<>(SB), LN2LO \
	VMOVUPS e0<>(SB), E0       \
	VMOVUPS e1<>(SB), E1       \
	VMOVUPS e2<>(SB), E2       \
	VMOVUPS e3<>(SB), E3       \
	VMOVUPS one<>(SB), ONE

// REDUCE turns x in Y0 into r, with n in the low bits of Y1.
#define REDUCE \
	VMOVAPS      MAGIC, Y1     \
	VFMADD231PS  LOG2E, Y0, Y1 \
	VSUBPS       MAGIC, Y1, Y2 \
	VFNMADD231PS LN2HI, Y2, Y0 \
	VFNMADD231PS LN2LO, Y2, Y0

// EXPM1 leaves e^r - 1 in Y3 for r in Y0.
#define EXPM1 \
	VMOVUPS     e4<>(SB), Y3 \
	VFMADD213PS E3, Y0, Y3   \
	VFMADD213PS E2, Y0, Y3   \
	VFMADD213PS E1, Y0, Y3   \
	VFMADD213PS E0, Y0, Y3   \
	VMULPS      Y0, Y0, Y2   \
	VFMADD213PS Y0, Y2, Y3

// HALVES leaves 2^(n/2) in Y2 and 2^(n - n/2) in Y1: two factors that are numbers where 2ⁿ may be none.
#define HALVES \
	VPSRAD $1, Y1, Y2  \
	VPSUBD Y2, Y1, Y1  \
	VPSLLD $23, Y2, Y2 \
	VPSLLD $23, Y1, Y1 \
	VPADDD ONE, Y2, Y2 \
	VPADDD ONE, Y1, Y1

// SCALE leaves 2ⁿ·(1 + Y3) in Y3, for any n.
#define SCALE \
	HALVES                   \
	VFMADD213PS Y2, Y2, Y3   \
	VMULPS      Y1, Y3, Y3

// The same for four vectors at a time, step by step: their chains of dependent operations wait for each other less than vectors that
// follow each other do. The four have x and r in Y0, Y3, Y6, Y9; n in Y1, Y4, Y7, Y10; the polynomial in Y2, Y5, Y8, Y11. Y12 and Y13 are
// scratch. Every element meets the same operations as above.

// ALL4(OP, c) does OP to c and all four, (c, r, n, p) each.
#define ALL4(OP, c) \
	OP(c, Y0, Y1, Y2)   \
	OP(c, Y3, Y4, Y5)   \
	OP(c, Y6, Y7, Y8)   \
	OP(c, Y9, Y10, Y11)

// WITH4 does the same to a constant.
#define WITH4(OP, c) \
	VMOVUPS c<>(SB), Y12 \
	ALL4(OP, Y12)

#define COPYN(c, r, n, p) VMOVAPS c, n
#define SCALEN(c, r, n, p) VFMADD231PS c, r, n
#define ROUNDN(c, r, n, p) VSUBPS c, n, p
#define LESSN(c, r, n, p) VFNMADD231PS c, p, r
#define COPYP(c, r, n, p) VMOVAPS c, p
#define TERM(c, r, n, p) VFMADD213PS c, r, p
#define LAST(c, r, n, p) \
	VMULPS      r, r, c \
	VFMADD213PS r, c, p
#define EXPONENT(c, r, n, p) VPSLLD $23, n, n

#define REDUCE4 \
	VMOVUPS magic<>(SB), Y13 \
	ALL4(COPYN, Y13)         \
	WITH4(SCALEN, log2e)     \
	ALL4(ROUNDN, Y13)        \
	WITH4(LESSN, ln2Hi)      \
	WITH4(LESSN, ln2Lo)

#define EXPM14 \
	WITH4(COPYP, e4) \
	WITH4(TERM, e3)  \
	WITH4(TERM, e2)  \
	WITH4(TERM, e1)  \
	WITH4(TERM, e0)  \
	ALL4(LAST, Y12)
