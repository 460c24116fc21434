// Products on their side. Where C has few columns, most of a tile would be empty; where it has few rows and B is transposed,
// packing B costs a tenth of the work and more. The transpose of such a product, Cᵀ = op(B)ᵀ·op(A)ᵀ, fills its tiles, and reads
// A or B as it stands.

package blas

import (
	"github.com/tutti-ml/tutti/blas/kernel"
)

// Bounds of what is narrow: below leastNarrow columns a tile on its side would be too low; above mostNarrow elements of A it does
// not stay in the second-level cache, and reading it once, as skinny does, is better. mostTurned elements of C, no more, are
// computed on their side before they are turned.
const (
	leastNarrow = 4
	mostNarrow  = 1 << 17
	mostTurned  = 1 << 17
)

// tryNarrow computes Aᵀ·op(B) with fewer columns than a tile has, if it is that; the arguments are valid, and k > 0.
func (l *level3[T]) tryNarrow(tB bool, m, n, k int, alpha T, a *T, lda int, b *T, ldb int, beta T, c *T, ldc int) bool {
	if n < leastNarrow || n > max(12, l.kernel.NR*3/4) || m < 4*l.kernel.NR || m*k > mostNarrow || m*n > mostNarrow {
		return false
	}
	l.onItsSide(true, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	return true
}

// tryLow computes A·Bᵀ with at most as many rows as four tiles have columns, if it is that; the arguments are valid, and k > 0.
// On its side, A is packed, which is little, and B is read where it lies. C, which has to be turned, must be small beside B.
func (l *level3[T]) tryLow(m, n, k int, alpha T, a *T, lda int, b *T, ldb int, beta T, c *T, ldc int) bool {
	if m > 4*l.kernel.NR || n < 2*m || k < 4*m || l.kernel.Edge == nil {
		return false
	}
	step := even(n, mostTurned/m, l.kernel.MR)
	for j := 0; j < n; j += step {
		l.onItsSide(false, true, m, min(step, n-j), k, alpha, a, lda, at(b, j*ldb), ldb, beta, at(c, j), ldc)
	}
	return true
}

// onItsSide computes C = alpha·op(A)·op(B) + beta·C by way of its transpose.
func (l *level3[T]) onItsSide(tA, tB bool, m, n, k int, alpha T, a *T, lda int, b *T, ldb int, beta T, c *T, ldc int) {
	buf := l.scratch.Get().(*[]T)
	size := n * m
	if beta != 0 {
		size *= 2
	}
	*buf = grow(*buf, size)
	side, turned := (*buf)[:n*m], (*buf)[n*m:] // [n, m] and [m, n], the latter to be added
	multiply(l.products, l.kernel, !tB, n, m, k, alpha, b, ldb, source[T]{matrix: a, ld: lda, trans: !tA}, 0, &side[0], m, nil)
	if beta == 0 {
		kernel.Transpose(l.use.isa, c, ldc, &side[0], m, n, m)
	} else {
		kernel.Transpose(l.use.isa, &turned[0], n, &side[0], m, n, m)
		for i := range m {
			row := slice(at(c, i*ldc), n)
			if beta != 1 {
				kernel.Scal(l.use.isa, beta, row)
			}
			kernel.Axpy(l.use.isa, 1, turned[i*n:(i+1)*n], row)
		}
	}
	l.scratch.Put(buf)
}
