// Small triangles, element by element: where the halving of triangular.go ends.
//
// On the left, an element of the triangle meets whole rows of B. On the right, it meets columns of B; a row of B at a time
// keeps the access contiguous.

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

// offColumn returns the rows [lo, hi) of column j of t off the diagonal that may not be zero.
func (t *triangle[T]) offColumn(j int) (lo, hi int) {
	if t.upper {
		return 0, j
	}
	return j + 1, t.n
}

func (t *triangle[T]) at(i, j int) T { return t.a[i*t.rs+j*t.cs] }

// smallMultiplyLeft computes B = alpha·t·B. Row i of the result needs rows off(i) as they were.
func (l level3[T]) smallMultiplyLeft(t triangle[T], n int, alpha T, b []T, ldb int) {
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
func (l level3[T]) smallSolveLeft(t triangle[T], n int, alpha T, b []T, ldb int) {
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

// smallMultiplyRight computes B = alpha·B·t. Element j of a row of the result needs elements offColumn(j) as they were.
func (l level3[T]) smallMultiplyRight(t triangle[T], m int, alpha T, b []T, ldb int) {
	for i := range m {
		row := b[i*ldb : i*ldb+t.n]
		for k := range t.n {
			j := order(k, t.n, t.upper)
			sum := row[j]
			if !t.unit {
				sum *= t.at(j, j)
			}
			for p, hi := t.offColumn(j); p < hi; p++ {
				sum += row[p] * t.at(p, j)
			}
			row[j] = alpha * sum
		}
	}
}

// smallSolveRight solves X·t = alpha·B. Element j of a row of the solution needs elements offColumn(j) of it.
func (l level3[T]) smallSolveRight(t triangle[T], m int, alpha T, b []T, ldb int) {
	for i := range m {
		row := b[i*ldb : i*ldb+t.n]
		for k := range t.n {
			j := order(k, t.n, !t.upper)
			sum := alpha * row[j]
			for p, hi := t.offColumn(j); p < hi; p++ {
				sum -= row[p] * t.at(p, j)
			}
			if !t.unit {
				sum /= t.at(j, j)
			}
			row[j] = sum
		}
	}
}
