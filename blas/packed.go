// Products whose B is not an ordinary matrix: packed once and used often, or written straight into panels by the caller.

package blas

import (
	"unsafe"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/parallel"
)

// A PackedB is op(B) [k, n] in the order in which the kernels of this machine read it: weights that are multiplied with often
// are packed once. It does not refer to the matrix it was made of. Any number of goroutines may use it at once.
type PackedB[T Float] struct {
	k, n   int
	kernel *kernel.Gemm[T]
	data   []T // for each block of NC columns, for each block of KC steps: panels of NR columns
}

// PackB returns op(B) [k, n], packed. It panics with gonum's messages if a size is negative, ldb too small, or b too short.
// Cost: a copy of B, rounded up to whole panels.
func PackB[T Float](tB Transpose, k, n int, b []T, ldb int) *PackedB[T] {
	if unsafe.Sizeof(*new(T)) == 4 {
		return (*PackedB[T])(unsafe.Pointer(packB(best.sgemm, tB, k, n, cast[float32](b), ldb)))
	}
	return (*PackedB[T])(unsafe.Pointer(packB(best.dgemm, tB, k, n, cast[float64](b), ldb)))
}

func packB[T kernel.Float](kr *kernel.Gemm[T], tB Transpose, k, n int, b []T, ldb int) *PackedB[T] {
	checkTranspose(tB)
	checkSize(k, kLT0)
	checkSize(n, nLT0)
	rows, cols := k, n
	if tB != NoTrans {
		rows, cols = n, k
	}
	checkStride(ldb, cols, badLdB)
	p := &PackedB[T]{k: k, n: n, kernel: kr}
	if k == 0 || n == 0 {
		return p
	}
	checkLen(len(b), rows, cols, ldb, shortB)
	p.data = grow[T](nil, ceil(n, kr.NR)*kr.NR*k)
	var o operand[T]
	o.set(kr.ISA, &b[0], ldb, tB != NoTrans, kr.NR)
	nc, kc := even(n, kr.NC, kr.NR), even(k, kr.KC, 4)
	for j := 0; j < n; j += nc {
		for s := 0; s < k; s += kc {
			o.own = p.block(j, s)
			o.block(j, min(nc, n-j), s, min(kc, k-s))
			parallel.For(o.groups(), 4, func(lo, hi int) {
				for i := lo; i < hi; i++ {
					o.pack(i)
				}
			})
		}
	}
	return p
}

// Dims returns the sizes of op(B) [k, n].
func (p *PackedB[T]) Dims() (k, n int) { return p.k, p.n }

// block returns the packed block that starts at column j, step s of k. Blocks before it are whole.
func (p *PackedB[T]) block(j, s int) []T {
	nr := p.kernel.NR
	columns := min(even(p.n, p.kernel.NC, nr), p.n-j)
	return p.data[j*p.k+ceil(columns, nr)*nr*s:]
}

// GemmPacked computes C = alpha·op(A)·B + beta·C and then does e to C, for a packed B [k, n]; e may be nil.
//
//	op(A) [m, k]   C [m, n]
//
// The bits may differ from those of [Gemm], which may choose another way for a shape; they do not depend on the number of
// threads. It panics as Gemm does, and if a bias of e has the wrong length.
func GemmPacked[T Float](tA Transpose, m int, alpha T, a []T, lda int, b *PackedB[T], beta T, c []T, ldc int, e *Epilogue[T]) {
	if unsafe.Sizeof(alpha) == 4 {
		p := (*PackedB[float32])(unsafe.Pointer(b))
		best.single.gemmFrom(p.kernel, tA, m, p.n, p.k, float32(alpha), cast[float32](a), lda, source[float32]{packed: p}, float32(beta), cast[float32](c), ldc, (*Epilogue[float32])(unsafe.Pointer(e)))
		return
	}
	p := (*PackedB[float64])(unsafe.Pointer(b))
	best.double.gemmFrom(p.kernel, tA, m, p.n, p.k, float64(alpha), cast[float64](a), lda, source[float64]{packed: p}, float64(beta), cast[float64](c), ldc, (*Epilogue[float64])(unsafe.Pointer(e)))
}

// A PackFunc writes a panel of op(B): rows [k0, k1) of columns [j0, j1), which are nr or, at the right edge, fewer. Element p, j
// goes to dst[(p-k0)*nr+(j-j0)]; what belongs to no column is zero already and must stay so.
//
// It is called from several goroutines at once, once for each panel and block of rows, or once for each of those and some
// thousand rows of A. It must not panic.
type PackFunc[T Float] func(dst []T, nr, k0, k1, j0, j1 int)

// GemmFrom computes C = alpha·op(A)·B + beta·C and then does e to C, for a B [k, n] that need not exist: fill writes its panels
// as they are needed, into the cache. So a convolution gathers its patches without a matrix of patches. e may be nil.
//
//	op(A) [m, k]   C [m, n]
//
// It panics as [Gemm] does, and if a bias of e has the wrong length.
func GemmFrom[T Float](tA Transpose, m, n, k int, alpha T, a []T, lda int, fill PackFunc[T], beta T, c []T, ldc int, e *Epilogue[T]) {
	if unsafe.Sizeof(alpha) == 4 {
		f := *(*PackFunc[float32])(unsafe.Pointer(&fill))
		best.single.gemmFrom(best.sgemm, tA, m, n, k, float32(alpha), cast[float32](a), lda, source[float32]{fill: f}, float32(beta), cast[float32](c), ldc, (*Epilogue[float32])(unsafe.Pointer(e)))
		return
	}
	f := *(*PackFunc[float64])(unsafe.Pointer(&fill))
	best.double.gemmFrom(best.dgemm, tA, m, n, k, float64(alpha), cast[float64](a), lda, source[float64]{fill: f}, float64(beta), cast[float64](c), ldc, (*Epilogue[float64])(unsafe.Pointer(e)))
}

// gemmFrom checks the arguments and multiplies with a B that is not a matrix.
func (l *level3[T]) gemmFrom(kr *kernel.Gemm[T], tA Transpose, m, n, k int, alpha T, a []T, lda int, b source[T], beta T, c []T, ldc int, e *Epilogue[T]) {
	checkTranspose(tA)
	checkSize(m, mLT0)
	checkSize(n, nLT0)
	checkSize(k, kLT0)
	rows, cols := m, k
	if tA != NoTrans {
		rows, cols = k, m
	}
	checkStride(lda, cols, badLdA)
	checkStride(ldc, n, badLdC)
	e.check(m, n)
	if m == 0 || n == 0 {
		return
	}
	if k > 0 {
		checkLen(len(a), rows, cols, lda, shortA)
	}
	checkLen(len(c), m, n, ldc, shortC)
	if alpha == 0 || k == 0 {
		if beta != 1 {
			scale(m, n, beta, c, ldc)
		}
		e.apply(&c[0], ldc, 0, m, 0, n)
		return
	}
	multiply(l.products, kr, tA != NoTrans, m, n, k, alpha, &a[0], lda, b, beta, &c[0], ldc, e)
}
