// Products and solutions with a triangular operand: TRMM and TRSM, by halving down to small triangles, so that nearly all
// of the work is done by gemm.
//
// Source: Elmroth, Gustavson, Jonsson and Kågström, "Recursive blocked algorithms and hybrid data structures for dense
// matrix library software", SIAM Review 46(1), 2004.

package blas

import (
	gblas "gonum.org/v1/gonum/blas"

	"github.com/tutti-ml/tutti/blas/kernel"
)

// smallTriangle is the order below which a triangle is not halved.
const smallTriangle = 32

// A triangle is op(A): element i,j is a[i*rs+j*cs]. Only the triangle upper or lower is read, and the diagonal unless unit.
type triangle[T kernel.Float] struct {
	a           []T
	lda, rs, cs int
	n           int
	trans       bool // op transposes
	upper, unit bool // op(A) is upper triangular; its diagonal is 1
}

// halves cuts t into [t1 x; 0 t2] or [t1 0; x t2]: x is the block that is not zero, as gemm takes it.
func (t triangle[T]) halves() (t1, t2 triangle[T], x []T) {
	h := t.n / 2
	t1, t2 = t, t
	t1.n, t2.n = h, t.n-h
	t2.a = t.a[h*(t.lda+1):]
	if t.upper {
		return t1, t2, t.a[h*t.cs:]
	}
	return t1, t2, t.a[h*t.rs:]
}

// trmm computes B = alpha·op(A)·B (left) or B = alpha·B·op(A) (right), B [m, n].
func (l *level3[T]) trmm(s gblas.Side, ul gblas.Uplo, tA Transpose, d gblas.Diag, m, n int, alpha T, a []T, lda int, b []T, ldb int) {
	t, done := checkTriangle(s, ul, tA, d, m, n, alpha, a, lda, b, ldb)
	switch {
	case done:
	case s == gblas.Left:
		l.multiplyLeft(t, n, alpha, b, ldb)
	default:
		l.multiplyRight(t, m, alpha, b, ldb)
	}
}

// trsm solves op(A)·X = alpha·B (left) or X·op(A) = alpha·B (right) for X, which replaces B [m, n].
func (l *level3[T]) trsm(s gblas.Side, ul gblas.Uplo, tA Transpose, d gblas.Diag, m, n int, alpha T, a []T, lda int, b []T, ldb int) {
	t, done := checkTriangle(s, ul, tA, d, m, n, alpha, a, lda, b, ldb)
	switch {
	case done:
	case s == gblas.Left:
		l.solveLeft(t, n, alpha, b, ldb)
	default:
		l.solveRight(t, m, alpha, b, ldb)
	}
}

// checkTriangle checks the arguments of trmm and trsm; done means that there was nothing to do or B was cleared.
func checkTriangle[T kernel.Float](s gblas.Side, ul gblas.Uplo, tA Transpose, d gblas.Diag, m, n int, alpha T, a []T, lda int, b []T, ldb int) (t triangle[T], done bool) {
	checkSide(s)
	checkUplo(ul)
	checkTranspose(tA)
	if d != gblas.NonUnit && d != gblas.Unit {
		panic(badDiag)
	}
	checkSize(m, mLT0)
	checkSize(n, nLT0)
	order := n
	if s == gblas.Left {
		order = m
	}
	checkStride(lda, order, badLdA)
	checkStride(ldb, n, badLdB)
	if m == 0 || n == 0 {
		return t, true
	}
	checkLen(len(a), order, order, lda, shortA)
	checkLen(len(b), m, n, ldb, shortB)
	if alpha == 0 {
		scale(m, n, 0, b, ldb)
		return t, true
	}
	t = triangle[T]{a: a, lda: lda, rs: lda, cs: 1, n: order, upper: ul == gblas.Upper, unit: d == gblas.Unit}
	if tA != NoTrans {
		t.rs, t.cs, t.trans, t.upper = 1, lda, true, !t.upper
	}
	return t, false
}

// multiplyLeft computes B = alpha·t·B, B [t.n, n]. The half that the other still needs is overwritten last.
func (l *level3[T]) multiplyLeft(t triangle[T], n int, alpha T, b []T, ldb int) {
	if t.n <= smallTriangle {
		l.smallMultiplyLeft(t, n, alpha, b, ldb)
		return
	}
	t1, t2, x := t.halves()
	b1, b2 := b, b[t1.n*ldb:]
	if t.upper {
		l.multiplyLeft(t1, n, alpha, b1, ldb)
		l.gemm(t.trans, false, t1.n, n, t2.n, alpha, x, t.lda, b2, ldb, 1, b1, ldb)
		l.multiplyLeft(t2, n, alpha, b2, ldb)
	} else {
		l.multiplyLeft(t2, n, alpha, b2, ldb)
		l.gemm(t.trans, false, t2.n, n, t1.n, alpha, x, t.lda, b1, ldb, 1, b2, ldb)
		l.multiplyLeft(t1, n, alpha, b1, ldb)
	}
}

// multiplyRight computes B = alpha·B·t, B [m, t.n].
func (l *level3[T]) multiplyRight(t triangle[T], m int, alpha T, b []T, ldb int) {
	if t.n <= smallTriangle {
		l.smallMultiplyRight(t, m, alpha, b, ldb)
		return
	}
	t1, t2, x := t.halves()
	b1, b2 := b, b[t1.n:]
	if t.upper {
		l.multiplyRight(t2, m, alpha, b2, ldb)
		l.gemm(false, t.trans, m, t2.n, t1.n, alpha, b1, ldb, x, t.lda, 1, b2, ldb)
		l.multiplyRight(t1, m, alpha, b1, ldb)
	} else {
		l.multiplyRight(t1, m, alpha, b1, ldb)
		l.gemm(false, t.trans, m, t1.n, t2.n, alpha, b2, ldb, x, t.lda, 1, b1, ldb)
		l.multiplyRight(t2, m, alpha, b2, ldb)
	}
}

// solveLeft solves t·X = alpha·B, B [t.n, n].
func (l *level3[T]) solveLeft(t triangle[T], n int, alpha T, b []T, ldb int) {
	if t.n <= smallTriangle {
		l.smallSolveLeft(t, n, alpha, b, ldb)
		return
	}
	t1, t2, x := t.halves()
	b1, b2 := b, b[t1.n*ldb:]
	if t.upper {
		l.solveLeft(t2, n, alpha, b2, ldb)
		l.gemm(t.trans, false, t1.n, n, t2.n, -1, x, t.lda, b2, ldb, alpha, b1, ldb)
		l.solveLeft(t1, n, 1, b1, ldb)
	} else {
		l.solveLeft(t1, n, alpha, b1, ldb)
		l.gemm(t.trans, false, t2.n, n, t1.n, -1, x, t.lda, b1, ldb, alpha, b2, ldb)
		l.solveLeft(t2, n, 1, b2, ldb)
	}
}

// solveRight solves X·t = alpha·B, B [m, t.n].
func (l *level3[T]) solveRight(t triangle[T], m int, alpha T, b []T, ldb int) {
	if t.n <= smallTriangle {
		l.smallSolveRight(t, m, alpha, b, ldb)
		return
	}
	t1, t2, x := t.halves()
	b1, b2 := b, b[t1.n:]
	if t.upper {
		l.solveRight(t1, m, alpha, b1, ldb)
		l.gemm(false, t.trans, m, t2.n, t1.n, -1, b1, ldb, x, t.lda, alpha, b2, ldb)
		l.solveRight(t2, m, 1, b2, ldb)
	} else {
		l.solveRight(t2, m, alpha, b2, ldb)
		l.gemm(false, t.trans, m, t1.n, t2.n, -1, b2, ldb, x, t.lda, alpha, b1, ldb)
		l.solveRight(t1, m, 1, b1, ldb)
	}
}
