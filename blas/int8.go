// The product of bytes: uint8 by int8 into int32, exactly. What B is packed into may be kept, for weights that do not change.

package blas

import (
	"fmt"

	"github.com/tutti-ml/tutti/blas/kernel"
)

// Gemmu8s8 computes C = A·B, the product of unsigned by signed bytes.
//
//	A [m, k]   B [k, n]   C [m, n]   row-major; lda, ldb, ldc elements from a row to the next
//
// The result is exact for k ≤ 65793, the longest sum of products, at most 255·128 each, that int32 always holds; a longer sum
// may wrap around, as Go's int32 does. Nothing saturates on the way, and every ISA gives the same integers.
//
// Zero points are the caller's: with quantised values a-za and b-zb,
//
//	Σ (a-za)·(b-zb) = C[i,j] - zb·Σ A[i,:] - za·Σ B[:,j] + k·za·zb
//
// C may not overlap A or B. It panics, as [Gemm] does, if a size is negative, a leading dimension too small, or a slice too
// short. Cost: m·n·k multiplications and additions, and no allocation once warm. To multiply by the same B again and again,
// see [PackInt8].
func Gemmu8s8(m, n, k int, a []uint8, lda int, b []int8, ldb int, c []int32, ldc int) {
	Implementation{}.Gemmu8s8(m, n, k, a, lda, b, ldb, c, ldc)
}

// Gemmu8s8 computes C = A·B. See [Gemmu8s8].
func (im Implementation) Gemmu8s8(m, n, k int, a []uint8, lda int, b []int8, ldb int, c []int32, ldc int) {
	checkB8(n, k, b, ldb)
	gemmInt8(kernel.PickInt8(im.ISA()), m, n, k, a, lda, b, ldb, nil, c, ldc)
}

// A PackedInt8 is a matrix of int8 in the order in which the kernels read it: the weights of a quantised layer, say. It may be
// used by any number of goroutines at once.
type PackedInt8 struct {
	kernel *kernel.GemmInt8
	k, n   int
	words  []uint32
}

// PackInt8 packs B [k, n], which it does not keep. It panics as [Gemmu8s8] does. The result takes up to twice the memory of B,
// and k and n rounded up to a few dozen.
func PackInt8(k, n int, b []int8, ldb int) *PackedInt8 {
	return Implementation{}.PackInt8(k, n, b, ldb)
}

// PackInt8 packs B [k, n]. See [PackInt8].
func (im Implementation) PackInt8(k, n int, b []int8, ldb int) *PackedInt8 {
	checkB8(n, k, b, ldb)
	kr := kernel.PickInt8(im.ISA())
	p := &PackedInt8{kernel: kr, k: k, n: n}
	if k == 0 || n == 0 {
		return p
	}
	size := 0
	blocks8(kr, n, k, func(_, cols, _, steps int) { size += ceil(cols, kr.NR) * kr.NR * kr.Words(steps) })
	p.words = grow[uint32](nil, size)
	g := newInt8(kr, nil, 0, b, ldb, nil, 0)
	at := 0
	blocks8(kr, n, k, func(j, cols, step, steps int) {
		at += g.blockB(j, cols, step, steps, p.words[at:])
		run(g.panelsB, g.grain(g.panelsB, cols*steps), g.packB)
	})
	g.done()
	return p
}

// Dims returns the rows and columns of B.
func (p *PackedInt8) Dims() (k, n int) { return p.k, p.n }

// Gemm computes C = A·B for A [m, k] and C [m, n]. See [Gemmu8s8].
func (p *PackedInt8) Gemm(m int, a []uint8, lda int, c []int32, ldc int) {
	gemmInt8(p.kernel, m, p.n, p.k, a, lda, nil, 0, p.words, c, ldc)
}

// String says what B is and which kernel it is packed for.
func (p *PackedInt8) String() string {
	return fmt.Sprintf("int8 [%d %d] packed for %s, %d bytes", p.k, p.n, p.kernel.Name, 4*len(p.words))
}

// checkB8 panics unless b holds B [k, n].
func checkB8(n, k int, b []int8, ldb int) {
	checkSize(n, nLT0)
	checkSize(k, kLT0)
	checkStride(ldb, n, badLdB)
	if n > 0 && k > 0 {
		checkLen(len(b), k, n, ldb, shortB)
	}
}
