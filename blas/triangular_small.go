// Small triangles, element by element: where the halving of triangular.go ends.
//
// An element of the triangle on the left meets whole rows of B.

package blas

import "github.com/tutti-ml/tutti/blas/kernel"

// order returns the k-th row of t to treat, k = 0 … n-1: downwards, or upwards if up.
func order(k, n int, up bool) int {
	if up {
		return n - 1 - k
	}
	return k
}

// off returns the columns [lo, hi) of row i of t off the diagonal that may not be zero.
func (t *triangle[T]) off(i int) (lo, hi int) {
	if t.upper {
		return i + 1, t.n
	}
	return 0, i
}

func (t *triangle[T]) at(i, j int) T { return t.a[i*t.rs+j*t.cs] }

// smallMultiplyLeft computes B = alpha·t·B. Row i of the result needs rows off(i) as they were.
func (l *level3[T]) smallMultiplyLeft(t triangle[T], n int, alpha T, b []T, ldb int) {
	isa := l.use.isa
	for k := range t.n {
		i := order(k, t.n, !t.upper)
		row := b[i*ldb : i*ldb+n]
		scalar := alpha
		if !t.unit {
			scalar *= t.at(i, i)
		}
		kernel.Scal(isa, scalar, row)
		for j, hi := t.off(i); j < hi; j++ {
			kernel.Axpy(isa, alpha*t.at(i, j), b[j*ldb:j*ldb+n], row)
		}
	}
}

// smallSolveLeft solves t·X = alpha·B. Row i of the solution needs rows off(i) of it.
func (l *level3[T]) smallSolveLeft(t triangle[T], n int, alpha T, b []T, ldb int) {
	isa := l.use.isa
	for k := range t.n {
		i := order(k, t.n, t.upper)
		row := b[i*ldb : i*ldb+n]
		if alpha != 1 {
			kernel.Scal(isa, alpha, row)
		}
		for j, hi := t.off(i); j < hi; j++ {
			kernel.Axpy(isa, -t.at(i, j), b[j*ldb:j*ldb+n], row)
		}
		if !t.unit {
			d := t.at(i, i)
			for j := range row {
				row[j] /= d
			}
		}
	}
}

// On the right, B·t = (tᵀ·Bᵀ)ᵀ: rows of B go by strips through a transposed copy, where they are columns side by side.

// stripRows is how many rows of B are treated together.
const stripRows = 64

// transposed returns tᵀ.
func (t triangle[T]) transposed() triangle[T] {
	t.rs, t.cs, t.upper = t.cs, t.rs, !t.upper
	return t
}

// smallMultiplyRight computes B = alpha·B·t.
func (l *level3[T]) smallMultiplyRight(t triangle[T], m int, alpha T, b []T, ldb int) {
	l.byStrips(t.n, m, b, ldb, func(n int, strip []T) { l.smallMultiplyLeft(t.transposed(), n, alpha, strip, stripRows) })
}

// smallSolveRight solves X·t = alpha·B.
func (l *level3[T]) smallSolveRight(t triangle[T], m int, alpha T, b []T, ldb int) {
	l.byStrips(t.n, m, b, ldb, func(n int, strip []T) { l.smallSolveLeft(t.transposed(), n, alpha, strip, stripRows) })
}

// byStrips calls do on the transpose of every strip of B [m, n], which has as many columns as do is told, and puts it back.
func (l *level3[T]) byStrips(n, m int, b []T, ldb int, do func(columns int, strip []T)) {
	buf := l.scratch.Get().(*[]T)
	defer l.scratch.Put(buf)
	*buf = grow(*buf, n*stripRows)
	for i := 0; i < m; i += stripRows {
		rows := min(stripRows, m-i)
		kernel.Transpose(l.use.isa, &(*buf)[0], stripRows, &b[i*ldb], ldb, rows, n)
		do(rows, *buf)
		kernel.Transpose(l.use.isa, &b[i*ldb], ldb, &(*buf)[0], stripRows, n, rows)
	}
}
