// Small products: one block of everything, on the caller, with as little as possible around the tiles.

package blas

import (
	"sync"

	"github.com/tutti-ml/tutti/blas/kernel"
)

// smallWork is the most multiplications and additions of a small product: about what is worth sharing out.
const smallWork = 80 * 80 * 80

// isSmall says whether a product is small, by its shape alone.
func isSmall[T kernel.Float](kr *kernel.Gemm[T], m, n, k int) bool {
	return k <= kr.KC && m <= smallWork && n <= smallWork && m*n <= smallWork && m*n*k <= smallWork
}

// small multiplies matrices for which isSmall holds. A is read where it lies, and so is B unless its columns run along k or
// collide in the cache.
// Tiles are as even in height as can be, for a tile of a few rows takes nearly the time of a high one.
func small[T kernel.Float](scratch *sync.Pool, kr *kernel.Gemm[T], aT, bT bool, m, n, k int, alpha T, a *T, lda int, b *T, ldb int, beta T, c *T, ldc int) {
	mr, nr := kr.MR, kr.NR
	rsa, csa := lda, 1
	if aT {
		rsa, csa = 1, lda
	}
	step, rsb := nr, ldb // from a panel of B to the next, from a row of it to the next
	var buf *[]T
	pack := bT || collides[T](ldb, k)
	if pack {
		ls, ks := 1, ldb
		if bT {
			ls, ks = ldb, 1
		}
		buf = scratch.Get().(*[]T)
		*buf = grow(*buf, ceil(n, nr)*nr*k)
		kernel.Pack(kr.ISA, &(*buf)[0], nr, b, n, ls, k, ks)
		b, step, rsb = &(*buf)[0], nr*k, nr
	}
	tiles := ceil(m, mr)
	low, high := m/tiles, m%tiles // the first high of the tiles have a row more than low
	for j := 0; j < n; j += nr {
		width := min(nr, n-j)
		ai, ci := a, at(c, j)
		for i := range tiles {
			height := low
			if i < high {
				height++
			}
			if height == mr && width == nr {
				kr.Tile(1, k, alpha, ai, rsa, csa, 0, b, rsb, beta, ci, ldc) // several at a time are slower with a short k
			} else {
				kr.Edge(height, width, k, alpha, ai, rsa, csa, b, rsb, beta, ci, ldc)
			}
			if i+1 < tiles {
				ai, ci = at(ai, height*rsa), at(ci, height*ldc)
			}
		}
		if j+nr < n {
			b = at(b, step)
		}
	}
	if pack {
		scratch.Put(buf)
	}
}
