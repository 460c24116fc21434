// The loops of the product of bytes. They are those of gemm.go, in 32-bit words of two or four steps of k instead of floats.

package blas

import (
	"sync"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/parallel"
)

// blocks8 calls fn for each block of B: columns from j, steps of k from p.
func blocks8(kr *kernel.GemmInt8, n, k int, fn func(j, cols, p, steps int)) {
	nc, kc := even(n, kr.NC, kr.NR), even(k, kr.KC*kr.Step, kr.Step)
	for j := 0; j < n; j += nc {
		for p := 0; p < k; p += kc {
			fn(j, min(nc, n-j), p, min(kc, k-p))
		}
	}
}

// gemmInt8 checks what concerns A and C, and multiplies. B is packed, or is [k, n] in b.
func gemmInt8(kr *kernel.GemmInt8, m, n, k int, a []uint8, lda int, b []int8, ldb int, packed []uint32, c []int32, ldc int) {
	checkSize(m, mLT0)
	checkStride(lda, k, badLdA)
	checkStride(ldc, n, badLdC)
	if m == 0 || n == 0 {
		return
	}
	checkLen(len(c), m, n, ldc, shortC)
	if k == 0 {
		for i := range m {
			clear(c[i*ldc : i*ldc+n])
		}
		return
	}
	checkLen(len(a), m, k, lda, shortA)

	g := newInt8(kr, a, lda, b, ldb, c, ldc)
	at, mc := 0, even(m, rowBlocks*kr.MC, kr.MR)
	blocks8(kr, n, k, func(j, cols, p, steps int) {
		if packed != nil {
			at += g.blockB(j, cols, p, steps, packed[at:])
		} else {
			g.blockB(j, cols, p, steps, nil)
			run(g.panelsB, g.grain(g.panelsB, steps*cols), g.packB)
		}
		for i := 0; i < m; i += mc {
			g.blockA(i, min(mc, m-i))
			run(g.panelsA, g.grain(g.panelsA, g.rows*g.steps), g.packA)
			g.cut()
			run(g.shares(), g.grain(g.shares(), g.rows*g.cols*g.steps), g.tiles)
		}
	})
	g.done()
}

// An int8Product is one call, and the buffers it packs into, which outlive it in a pool.
type int8Product struct {
	kernel        *kernel.GemmInt8
	a             []uint8
	b             []int8
	c             []int32
	lda, ldb, ldc int

	// The block at hand: rows from i and columns from j of C, steps of k from p.
	i, rows, j, cols, p, steps, words int
	panelsA, panelsB                  int
	wordsA, wordsB                    []uint32 // the packed panels
	high, wide                        int      // panels of A and of B in a share of the work
	bufA, bufB                        []uint32

	packA, packB, tiles func(lo, hi int)
}

var (
	int8Products = sync.Pool{New: func() any {
		g := new(int8Product) // the loop bodies are made once, for a closure made in a call would be allocated in that call
		g.packA, g.packB, g.tiles = g.doPackA, g.doPackB, g.doTiles
		return g
	}}
	int8Edges = sync.Pool{New: func() any { return new([]int32) }} // tiles at the edges of C
)

func newInt8(kr *kernel.GemmInt8, a []uint8, lda int, b []int8, ldb int, c []int32, ldc int) *int8Product {
	g := int8Products.Get().(*int8Product)
	g.kernel, g.a, g.lda, g.b, g.ldb, g.c, g.ldc = kr, a, lda, b, ldb, c, ldc
	return g
}

// done keeps the buffers, and nothing of the caller's.
func (g *int8Product) done() {
	g.a, g.b, g.c, g.wordsA, g.wordsB = nil, nil, nil, nil, nil
	int8Products.Put(g)
}

// blockB moves to a block of B, whose panels are or will be in words, or else in a buffer, and returns their length.
func (g *int8Product) blockB(j, cols, p, steps int, words []uint32) int {
	g.j, g.cols, g.p, g.steps, g.words = j, cols, p, steps, g.kernel.Words(steps)
	g.panelsB = ceil(cols, g.kernel.NR)
	size := g.panelsB * g.kernel.NR * g.words
	if words == nil {
		g.bufB = grow(g.bufB, size)
		words = g.bufB
	}
	g.wordsB = words[:size]
	return size
}

// blockA moves to a block of rows.
func (g *int8Product) blockA(i, rows int) {
	g.i, g.rows = i, rows
	g.panelsA = ceil(rows, g.kernel.MR)
	g.bufA = grow(g.bufA, g.panelsA*g.kernel.MR*g.words)
	g.wordsA = g.bufA
}

// grain is how many of units, which take work steps together, are worth a worker.
func (g *int8Product) grain(units, work int) int {
	return int(max(1, int64(units)*minShare/int64(work)))
}

// cut decides on shares: as in gemm.go, MC rows by all columns, halved until there are enough for the workers.
func (g *int8Product) cut() {
	g.high, g.wide = min(g.panelsA, g.kernel.MC/g.kernel.MR), g.panelsB
	workers := parallel.Workers()
	for workers > 1 && g.shares() < sharesPerWorker*workers {
		switch {
		case g.wide > minPanels && (g.wide*g.kernel.NR >= g.high*g.kernel.MR || g.high <= minPanels):
			g.wide = (g.wide + 1) / 2
		case g.high > minPanels:
			g.high = (g.high + 1) / 2
		default:
			return
		}
	}
}

func (g *int8Product) shares() int { return ceil(g.panelsA, g.high) * ceil(g.panelsB, g.wide) }

func (g *int8Product) doPackA(lo, hi int) {
	mr := g.kernel.MR
	for u := lo; u < hi; u++ {
		size, i := mr*g.words, g.i+u*mr
		g.kernel.PackA(g.wordsA[u*size:(u+1)*size], &g.a[i*g.lda+g.p], g.lda, min(mr, g.rows-u*mr), g.steps)
	}
}

func (g *int8Product) doPackB(lo, hi int) {
	nr := g.kernel.NR
	for u := lo; u < hi; u++ {
		size, j := nr*g.words, g.j+u*nr
		g.kernel.PackB(g.wordsB[u*size:(u+1)*size], &g.b[g.p*g.ldb+j], g.ldb, min(nr, g.cols-u*nr), g.steps)
	}
}

// doTiles computes shares lo to hi of the block of C.
func (g *int8Product) doTiles(lo, hi int) {
	mr, nr := g.kernel.MR, g.kernel.NR
	edge := int8Edges.Get().(*[]int32)
	*edge = grow(*edge, mr*nr)
	add := min(g.p, 1) // the first block of k sets C, the others add
	across := ceil(g.panelsB, g.wide)
	for s := lo; s < hi; s++ {
		u0, v0 := s/across*g.high, s%across*g.wide
		for v := v0; v < min(v0+g.wide, g.panelsB); v++ {
			b := &g.wordsB[v*nr*g.words]
			n := min(nr, g.cols-v*nr)
			for u := u0; u < min(u0+g.high, g.panelsA); u++ {
				a := &g.wordsA[u*mr*g.words]
				m := min(mr, g.rows-u*mr)
				c := g.c[(g.i+u*mr)*g.ldc+g.j+v*nr:]
				if m == mr && n == nr {
					g.kernel.Tile(g.words, a, b, add, &c[0], g.ldc)
					continue
				}
				g.kernel.Tile(g.words, a, b, 0, &(*edge)[0], nr)
				for i := range m {
					to, from := c[i*g.ldc:i*g.ldc+n], (*edge)[i*nr:]
					for j := range to {
						to[j] = from[j] + to[j]*int32(add)
					}
				}
			}
		}
	}
	int8Edges.Put(edge)
}
