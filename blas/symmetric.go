// Products with a symmetric operand or result: SYMM, SYRK, SYR2K, blocked over the matrix product.
//
// Only the triangle named by Uplo is read, or written. Blocks away from the diagonal go straight to gemm; a block on the
// diagonal goes through a square buffer, where the other triangle may be filled in or thrown away.

package blas

import (
	"sync"

	gblas "gonum.org/v1/gonum/blas"

	"github.com/tutti-ml/tutti/blas/kernel"
)

// square is the side of a diagonal block: large enough for gemm to run well, small enough that the half of it computed in
// vain by SYRK stays cheap.
const square = 96

// A level3 is what the blocked routines need of an implementation, in one element type.
type level3[T kernel.Float] struct {
	use      *kernels
	kernel   *kernel.Gemm[T]
	edge     *kernel.Gemm[T]
	vectors  *sync.Pool
	products *sync.Pool
	skinnies *sync.Pool
	scratch  *sync.Pool
	squares  *sync.Pool // of *[]T, square×square
}

var (
	sSquares = sync.Pool{New: func() any { s := grow[float32](nil, square*square); return &s }}
	dSquares = sync.Pool{New: func() any { s := grow[float64](nil, square*square); return &s }}
)

func (im Implementation) single() *level3[float32] { return &im.use().single }
func (im Implementation) double() *level3[float64] { return &im.use().double }

// gemm is the product without checks: sizes and alpha are not zero. It chooses the path by the shape alone.
func (l *level3[T]) gemm(tA, tB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) {
	l.gemmThen(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, nil)
}

// gemmThen is gemm, and then e.
func (l *level3[T]) gemmThen(tA, tB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int, e *Epilogue[T]) {
	switch {
	case tA && l.tryNarrow(tB, m, n, k, alpha, &a[0], lda, &b[0], ldb, beta, &c[0], ldc):
	case isSmall(l.edge, m, n, k):
		small(l.scratch, l.edge, tA, tB, m, n, k, alpha, &a[0], lda, &b[0], ldb, beta, &c[0], ldc)
	case trySkinny(l.skinnies, l.use.isa, tA, tB, m, n, k, alpha, &a[0], lda, &b[0], ldb, beta, &c[0], ldc):
	case !tA && tB && l.tryLow(m, n, k, alpha, &a[0], lda, &b[0], ldb, beta, &c[0], ldc):
	default:
		multiply(l.products, l.kernel, tA, m, n, k, alpha, &a[0], lda, source[T]{matrix: &b[0], ld: ldb, trans: tB}, beta, &c[0], ldc, e)
		return
	}
	e.apply(&c[0], ldc, 0, m, 0, n)
}

func checkUplo(ul gblas.Uplo) {
	if ul != gblas.Upper && ul != gblas.Lower {
		panic(badUplo)
	}
}

func checkSide(s gblas.Side) {
	if s != gblas.Left && s != gblas.Right {
		panic(badSide)
	}
}

// symm computes C = alpha·A·B + beta·C (left) or C = alpha·B·A + beta·C (right), A symmetric, C [m, n].
func (l *level3[T]) symm(s gblas.Side, ul gblas.Uplo, m, n int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) {
	checkSide(s)
	checkUplo(ul)
	checkSize(m, mLT0)
	checkSize(n, nLT0)
	order := n
	if s == gblas.Left {
		order = m
	}
	checkStride(lda, order, badLdA)
	checkStride(ldb, n, badLdB)
	checkStride(ldc, n, badLdC)
	if m == 0 || n == 0 {
		return
	}
	checkLen(len(a), order, order, lda, shortA)
	checkLen(len(b), m, n, ldb, shortB)
	checkLen(len(c), m, n, ldc, shortC)
	if alpha == 0 {
		if beta != 1 {
			scale(m, n, beta, c, ldc)
		}
		return
	}

	buf := l.squares.Get().(*[]T)
	defer l.squares.Put(buf)
	for i := 0; i < order; i += square {
		for p := 0; p < order; p += square {
			mi, kp := min(square, order-i), min(square, order-p)
			block, ld, trans := symmetricBlock(ul, a, lda, i, p, mi, kp, *buf)
			be := beta
			if p > 0 {
				be = 1
			}
			if s == gblas.Left {
				l.gemm(trans, false, mi, n, kp, alpha, block, ld, b[p*ldb:], ldb, be, c[i*ldc:], ldc)
			} else { // A is symmetric: block p,i is the transpose of block i,p
				l.gemm(false, !trans, m, mi, kp, alpha, b[p:], ldb, block, ld, be, c[i:], ldc)
			}
		}
	}
}

// symmetricBlock returns block i,p of the symmetric matrix whose triangle ul is in a: a view, to be transposed if it
// lies in the other triangle, or for a block on the diagonal a filled-in copy in buf.
func symmetricBlock[T kernel.Float](ul gblas.Uplo, a []T, lda, i, p, rows, cols int, buf []T) (block []T, ld int, trans bool) {
	if i != p {
		if (i < p) == (ul == gblas.Upper) {
			return a[i*lda+p:], lda, false
		}
		return a[p*lda+i:], lda, true
	}
	a = a[i*lda+i:]
	for r := range rows {
		for q := range cols {
			if (r <= q) == (ul == gblas.Upper) || r == q {
				buf[r*square+q] = a[r*lda+q]
			} else {
				buf[r*square+q] = a[q*lda+r]
			}
		}
	}
	return buf, square, false
}

// syrk computes the triangle ul of C = alpha·op(A)·op(A)ᵀ + beta·C, op(A) [n, k].
func (l *level3[T]) syrk(ul gblas.Uplo, tA Transpose, n, k int, alpha T, a []T, lda int, beta T, c []T, ldc int) {
	if l.checkRank(ul, tA, n, k, len(a), lda, len(a), lda, alpha, beta, c, ldc) {
		return
	}
	l.rank(ul, tA, n, k, alpha, a, lda, a, lda, beta, c, ldc)
}

// syr2k computes the triangle ul of C = alpha·(op(A)·op(B)ᵀ + op(B)·op(A)ᵀ) + beta·C, op(A) and op(B) [n, k].
func (l *level3[T]) syr2k(ul gblas.Uplo, tA Transpose, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) {
	if l.checkRank(ul, tA, n, k, len(a), lda, len(b), ldb, alpha, beta, c, ldc) {
		return
	}
	l.rank(ul, tA, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	l.rank(ul, tA, n, k, alpha, b, ldb, a, lda, 1, c, ldc)
}

// checkRank checks the arguments of syrk and syr2k, and does all there is to do if alpha or k is zero.
func (l *level3[T]) checkRank(ul gblas.Uplo, tA Transpose, n, k int, la, lda, lb, ldb int, alpha, beta T, c []T, ldc int) (done bool) {
	checkUplo(ul)
	checkTranspose(tA)
	checkSize(n, nLT0)
	checkSize(k, kLT0)
	rows, cols := n, k
	if tA != NoTrans {
		rows, cols = k, n
	}
	checkStride(lda, cols, badLdA)
	checkStride(ldb, cols, badLdB)
	checkStride(ldc, n, badLdC)
	if n == 0 {
		return true
	}
	checkLen(la, rows, cols, lda, shortA)
	checkLen(lb, rows, cols, ldb, shortB)
	checkLen(len(c), n, n, ldc, shortC)
	if alpha != 0 && k != 0 {
		return false
	}
	if beta != 1 {
		for i := range n {
			lo, hi := triangleRow(ul, i, n)
			scale(1, hi-lo, beta, c[i*ldc+lo:], ldc)
		}
	}
	return true
}

// triangleRow returns the columns [lo, hi) of row i that belong to triangle ul.
func triangleRow(ul gblas.Uplo, i, n int) (lo, hi int) {
	if ul == gblas.Upper {
		return i, n
	}
	return 0, i + 1
}

// rank computes the triangle ul of C = alpha·op(A)·op(B)ᵀ + beta·C, one row of blocks after another.
func (l *level3[T]) rank(ul gblas.Uplo, tA Transpose, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) {
	trans := tA != NoTrans
	from := func(x []T, ld, i int) []T { // row i of op(X)
		if trans {
			return x[i:]
		}
		return x[i*ld:]
	}
	buf := l.squares.Get().(*[]T)
	defer l.squares.Put(buf)
	for i := 0; i < n; i += square {
		rows := min(square, n-i)
		l.gemm(trans, !trans, rows, rows, k, alpha, from(a, lda, i), lda, from(b, ldb, i), ldb, 0, *buf, square)
		for r := range rows {
			lo, hi := triangleRow(ul, r, rows)
			dst, src := c[(i+r)*ldc+i+lo:(i+r)*ldc+i+hi], (*buf)[r*square+lo:r*square+hi]
			if beta == 0 {
				copy(dst, src)
				continue
			}
			for j, v := range src {
				dst[j] = beta*dst[j] + v
			}
		}
		if j := i + rows; ul == gblas.Upper && j < n {
			l.gemm(trans, !trans, rows, n-j, k, alpha, from(a, lda, i), lda, from(b, ldb, j), ldb, beta, c[i*ldc+j:], ldc)
		} else if ul == gblas.Lower && i > 0 {
			l.gemm(trans, !trans, rows, i, k, alpha, from(a, lda, i), lda, b, ldb, beta, c[i*ldc:], ldc)
		}
	}
}
