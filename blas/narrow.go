// Narrow products Aᵀ·B: few columns of B, fewer than a tile has, so that most of a tile would be empty. The same product on its
// side, (Aᵀ·B)ᵀ = Bᵀ·A, has few rows instead, which tiles of fewer rows fill, and reads A, which lies by rows, as it stands.

package blas

import (
	"github.com/tutti-ml/tutti/blas/kernel"
)

// Bounds of what is narrow: below leastNarrow columns a tile on its side would be too low; above mostNarrow elements of A it does
// not stay in the second-level cache, and reading it once, as skinny does, is better.
const (
	leastNarrow = 4
	mostNarrow  = 1 << 17
)

// tryNarrow multiplies if the shape is narrow; the arguments are valid, and k > 0. A is transposed.
func (l *level3[T]) tryNarrow(tB bool, m, n, k int, alpha T, a *T, lda int, b *T, ldb int, beta T, c *T, ldc int) bool {
	if n < leastNarrow || n > max(12, l.kernel.NR*3/4) || m < 4*l.kernel.NR || m*k > mostNarrow || m*n > mostNarrow {
		return false
	}
	buf := l.scratch.Get().(*[]T)
	*buf = grow(*buf, n*m)
	side := *buf // [n, m]
	multiply(l.products, l.kernel, !tB, n, m, k, alpha, b, ldb, source[T]{matrix: a, ld: lda}, 0, &side[0], m, nil)
	if beta == 0 {
		kernel.Transpose(l.use.isa, c, ldc, &side[0], m, n, m)
	} else {
		for i := range m {
			row := slice(at(c, i*ldc), n)
			for j := range row {
				row[j] = T(beta*row[j]) + side[j*m+i]
			}
		}
	}
	l.scratch.Put(buf)
	return true
}
