// Triangular matrices and vectors: x = op(A)·x and x = op(A)⁻¹·x, in every form of storage.
//
// A full matrix is cut into triangles of order 64 on the diagonal, and rectangles beside them, which are nearly all of it and
// are multiplied by all threads. Bands and packed triangles go row by row on the caller.

package blas

import (
	"sync"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/cpu"

	gblas "gonum.org/v1/gonum/blas"
)

// triangular computes x = op(A)·x, or x = op(A)⁻¹·x if solve. It does not look for a singular A: a zero on the diagonal
// divides.
func triangular[T kernel.Float](pool *sync.Pool, isa cpu.ISA, solve bool, f form, ul gblas.Uplo, tA Transpose, d gblas.Diag, n, k int, a []T, lda int, x []T, incX int) {
	checkUplo(ul)
	checkTranspose(tA)
	if d != gblas.NonUnit && d != gblas.Unit {
		panic(badDiag)
	}
	checkSize(n, nLT0)
	checkForm(f, n, k, lda)
	if incX == 0 {
		panic(zeroIncX)
	}
	if n == 0 {
		return
	}
	checkStored(f, n, k, lda, len(a))
	checkVector(n, len(x), incX, shortX)

	v := pool.Get().(*matvec[T])
	v.isa = isa
	to := x
	if incX != 1 {
		to = gather(&v.xCopy, n, x, incX)
	}
	t := half[T]{form: f, lower: ul == gblas.Lower, unit: d == gblas.Unit, n: n, k: k, a: a, lda: lda}
	if trans := tA != NoTrans; solve {
		v.solve(&t, trans, to)
	} else {
		v.trmv(&t, trans, to)
	}
	if incX != 1 {
		copyVector(n, to, 1, x, incX)
	}
	v.put(pool)
}

// trmv computes x = op(A)·x. A row is used before the elements of x that it meets are overwritten.
func (v *matvec[T]) trmv(t *half[T], trans bool, x []T) {
	blocks := t.blocks()
	for q := range blocks {
		part, lo, hi, from, to, rectangle := t.block(nth(q, blocks, t.lower == trans))
		if trans && len(rectangle) > 0 {
			v.multiply(true, hi-lo, to-from, 1, rectangle, t.lda, x[lo:hi], x[from:to])
		}
		part.trmv(v.isa, trans, x[lo:hi])
		if !trans && len(rectangle) > 0 {
			v.multiply(false, hi-lo, to-from, 1, rectangle, t.lda, x[from:to], x[lo:hi])
		}
	}
}

// solve computes x = op(A)⁻¹·x. A row is used once the elements of x that it needs are found.
func (v *matvec[T]) solve(t *half[T], trans bool, x []T) {
	blocks := t.blocks()
	for q := range blocks {
		part, lo, hi, from, to, rectangle := t.block(nth(q, blocks, t.lower != trans))
		if !trans && len(rectangle) > 0 {
			v.multiply(false, hi-lo, to-from, -1, rectangle, t.lda, x[from:to], x[lo:hi])
		}
		part.solve(v.isa, trans, x[lo:hi])
		if trans && len(rectangle) > 0 {
			v.multiply(true, hi-lo, to-from, -1, rectangle, t.lda, x[lo:hi], x[from:to])
		}
	}
}

// nth returns q, or the same counted from the end.
func nth(q, n int, ascending bool) int {
	if ascending {
		return q
	}
	return n - 1 - q
}

// trmv computes x = op(A)·x, row by row.
func (t *half[T]) trmv(isa cpu.ISA, trans bool, x []T) {
	for q := range t.n {
		i := nth(q, t.n, t.lower == trans)
		d, from, rest := t.split(i)
		if trans {
			kernel.Axpy(isa, x[i], rest, x[from:])
			x[i] *= d
		} else {
			x[i] = x[i]*d + kernel.Dot(isa, rest, x[from:])
		}
	}
}

// solve computes x = op(A)⁻¹·x, row by row.
func (t *half[T]) solve(isa cpu.ISA, trans bool, x []T) {
	for q := range t.n {
		i := nth(q, t.n, t.lower != trans)
		d, from, rest := t.split(i)
		if !trans {
			x[i] -= kernel.Dot(isa, rest, x[from:])
		}
		if !t.unit {
			x[i] /= d
		}
		if trans {
			kernel.Axpy(isa, -x[i], rest, x[from:])
		}
	}
}
