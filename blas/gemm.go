// The product of matrices: five loops around a micro-kernel.
//
// Source: Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008; Smith et al.,
// "Anatomy of high-performance many-threaded matrix multiplication", IPDPS 2014.

package blas

import (
	"sync"
	"unsafe"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/parallel"
)

// A product is one call: C = alpha·op(A)·op(B) + beta·C, and the buffers it packs into, which outlive it in a pool.
//
// The loops, from outside: columns of B by NC, steps of k by KC, rows of A by several MC; then the tiles of that block of C
// are shared out among the workers, and within a share go by columns NR, then rows MR. The sum over k is never shared out,
// and where its blocks begin depends on k alone, so the result has the same bits on any number of threads.
type product[T kernel.Float] struct {
	kernel      *kernel.Gemm[T]
	alpha, beta T
	a, b        operand[T]
	c           *T // the block of C at hand
	ldc         int
	finish      *Epilogue[T] // what is left to do with C, in its last block of k

	// The block at hand.
	k             int        // steps of k
	rows, cols    int        // panels of A and of B in a share of the work
	across        int        // shares side by side
	last          bool       // it is the last of k
	scratch       *sync.Pool // of *[]T: a tile for the edges of C, and panels of B that are packed late
	tiles, panels func(lo, hi int)
}

// newProduct makes the two loop bodies once, for a closure made in a call would be allocated in that call.
func newProduct[T kernel.Float](scratch *sync.Pool) *product[T] {
	g := &product[T]{scratch: scratch}
	g.tiles, g.panels = g.doTiles, g.doPanels
	return g
}

// Scratch is drawn by each thread for itself, for what it wrote last is still in its core's cache.
var (
	sProducts = sync.Pool{New: func() any { return newProduct[float32](&sScratch) }}
	dProducts = sync.Pool{New: func() any { return newProduct[float64](&dScratch) }}
	sScratch  = sync.Pool{New: func() any { return new([]float32) }}
	dScratch  = sync.Pool{New: func() any { return new([]float64) }}
)

// multiply multiplies; the arguments are valid, no size is zero, and alpha is not zero. B is a matrix, or what fill writes, or
// packed.
func multiply[T kernel.Float](pool *sync.Pool, kr *kernel.Gemm[T], aT bool, m, n, k int, alpha T, a *T, lda int, b source[T], beta T, c *T, ldc int, e *Epilogue[T]) {
	g := pool.Get().(*product[T])
	g.kernel, g.alpha, g.ldc, g.finish = kr, alpha, ldc, e
	g.a.set(kr.ISA, a, lda, !aT, kr.MR)
	g.a.direct = directA(kr, aT, m, n, k, lda)
	g.a.even = g.a.direct && m%kr.MR > 0 && m%kr.MR <= kr.MR/2 // a tile of a few rows takes nearly the time of a high one
	g.b.set(kr.ISA, b.matrix, b.ld, b.trans, kr.NR)
	g.b.fill, g.b.packed = b.fill, b.packed
	g.b.direct = b.matrix != nil && !b.trans && directB(kr, n, k, b.ld)
	g.b.late = b.packed == nil && !g.b.direct && m <= 2*kr.MC

	nc, kc, mc := even(n, kr.NC, kr.NR), even(k, kr.KC, 4), even(m, rowBlocks*kr.MC, kr.MR)
	for j := 0; j < n; j += nc {
		for p := 0; p < k; p += kc {
			g.k = min(kc, k-p)
			if g.beta = beta; p > 0 {
				g.beta = 1
			}
			g.last = p+kc >= k
			g.b.block(j, min(nc, n-j), p, g.k)
			for i := 0; i < m; i += mc {
				g.a.block(i, min(mc, m-i), p, g.k)
				g.c = at(c, i*ldc+j)
				g.doBlock()
				g.b.ready = true
			}
		}
	}
	g.a.release()
	g.b.release()
	g.c, g.finish = nil, nil
	pool.Put(g)
}

// A source is where a product finds op(B).
type source[T kernel.Float] struct {
	matrix *T
	ld     int
	trans  bool
	fill   PackFunc[T]
	packed *PackedB[T]
}

// rowBlocks is how many MC×KC blocks of A are packed at a time: enough rows to share out.
const rowBlocks = 16

// minShare is the work, in multiplications and additions, below which another worker is not worth its start: some 5 µs.
const minShare = 1 << 18

// doBlock packs what is not ready and computes one block of C.
func (g *product[T]) doBlock() {
	mr, nr := g.kernel.MR, g.kernel.NR
	work := int64(g.a.lanes) * int64(g.b.lanes) * int64(g.k)
	grain := func(units int) int { return int(max(1, int64(units)*minShare/work)) }

	if units := g.a.groups() + g.b.groups(); units > 0 {
		run(units, grain(units), g.panels)
	}

	// Shares: MC rows by all columns, cut until there are enough of them to share.
	// Where B is packed late, a panel is packed by the share that uses it: one, if there are enough without cutting rows.
	g.rows, g.cols = min(g.a.panels, g.kernel.MC/mr), g.b.panels
	if g.b.late {
		g.rows = g.a.panels
	}
	want := 1
	if workers := parallel.Workers(); workers > 1 && work > minShare {
		want = sharesPerWorker * workers
	}
	for g.shares() < want {
		switch {
		case g.b.late && g.cols > 1, g.cols > minPanels && g.cols*nr >= g.rows*mr:
			g.cols = (g.cols + 1) / 2
		case g.rows > minPanels && (!g.b.late || g.rows > 8*minPanels): // a high C of few columns: B is packed twice
			g.rows = (g.rows + 1) / 2
		default:
			goto cut
		}
	}
cut:
	shares := g.shares()
	run(shares, grain(shares), g.tiles)
}

// A block is cut into sharesPerWorker shares a worker, so that all finish about together, but a share keeps minPanels panels
// each way to be worth its cache misses, but where B is packed late and all of A is read for every panel anyway. Which shares
// there are changes no bit of the result.
const (
	sharesPerWorker = 8
	minPanels       = 4
)

func (g *product[T]) shares() int {
	g.across = ceil(g.b.panels, g.cols)
	return ceil(g.a.panels, g.rows) * g.across
}

// run is parallel.For, without its overhead where there is a single range.
func run(n, grain int, fn func(lo, hi int)) {
	if n <= grain {
		fn(0, n)
		return
	}
	parallel.For(n, grain, fn)
}

// doPanels packs groups lo to hi of panels of A and B, counted through, A's first.
func (g *product[T]) doPanels(lo, hi int) {
	inA := g.a.groups()
	for u := lo; u < hi; u++ {
		if u < inA {
			g.a.pack(u)
		} else {
			g.b.pack(u - inA)
		}
	}
}

// groupOfPanels is how many panels of B are used, and packed if that is late, before the next: rows of B are then read in
// stretches of a few cache lines, and the part of C that is finished is still in the cache.
const groupOfPanels = 4

// doTiles computes shares lo to hi of the block of C.
func (g *product[T]) doTiles(lo, hi int) {
	mr, nr := g.kernel.MR, g.kernel.NR
	buf := g.scratch.Get().(*[]T)
	size := ceil(mr*nr, 16) * 16 // whole cache lines
	if g.b.late {
		*buf = grow(*buf, size+groupOfPanels*g.k*nr)
	} else {
		*buf = grow(*buf, size)
	}
	edge, late := (*buf)[:size], (*buf)[size:]
	for s := lo; s < hi; s++ {
		i0, j0 := s/g.across*g.rows, s%g.across*g.cols
		i1, j1 := min(i0+g.rows, g.a.panels), min(j0+g.cols, g.b.panels)
		whole := g.a.whole()
		for from := j0; from < j1; from += groupOfPanels {
			to := min(from+groupOfPanels, j1)
			asYouGo := g.b.late && g.packsAsItGoes(i0)
			if g.b.late && !(asYouGo && to*nr <= g.b.lanes) {
				asYouGo = false
				g.b.packTo(late[:(to-from)*g.k*nr], from, to)
			}
			for j := from; j < to; j++ {
				var b *T
				rsb := nr
				if g.b.late {
					b = &late[(j-from)*g.k*nr]
				} else {
					b, _, rsb = g.b.panel(j)
				}
				n := min(nr, g.b.lanes-j*nr)
				for i := i0; i < i1; i++ {
					row, m := g.a.span(i)
					a, rsa, csa := g.a.panel(i)
					c := at(g.c, row*g.ldc+j*nr)
					switch {
					case i == i0 && asYouGo:
						g.kernel.TilePack(g.k, g.alpha, a, rsa, csa, g.b.lane(j), g.b.ks, b, g.beta, c, g.ldc)
					case m == mr && n == nr:
						tiles := min(whole, i1) - i
						g.kernel.Tile(tiles, g.k, g.alpha, a, rsa, csa, g.a.next(), b, rsb, g.beta, c, g.ldc)
						i += tiles - 1
					case g.kernel.Tall != nil && n <= nr/2 && i+1 < min(whole, i1):
						g.kernel.Tall(n, g.k, g.alpha, a, rsa, csa, g.a.next(), b, rsb, g.beta, c, g.ldc)
						i++
					case g.kernel.Edge != nil:
						g.kernel.Edge(m, n, g.k, g.alpha, a, rsa, csa, b, rsb, g.beta, c, g.ldc)
					default:
						g.edge(m, n, a, rsa, csa, b, rsb, c, edge)
					}
				}
			}
			if g.last && g.finish != nil {
				g.doFinish(i0, i1, from*nr, min(to*nr, g.b.lanes))
			}
		}
	}
	g.scratch.Put(buf)
}

// packsAsItGoes says whether the tiles of the first panel of A in a share can pack B, which lies by rows, while they multiply.
func (g *product[T]) packsAsItGoes(i0 int) bool {
	_, m := g.a.span(i0)
	return m == g.kernel.MR && g.kernel.TilePack != nil && g.b.fill == nil && g.b.ls == 1
}

// doFinish applies what is left to do to panels [i0, i1) of rows and columns [j0, j1) of the block.
func (g *product[T]) doFinish(i0, i1, j0, j1 int) {
	from, _ := g.a.span(i0)
	to, rows := g.a.span(i1 - 1)
	g.finish.apply(at(g.c, from*g.ldc+j0), g.ldc, g.a.l+from, g.a.l+to+rows, g.b.l+j0, g.b.l+j1)
}

// edge computes a tile of which only m rows and n columns lie in C, where there is no kernel for edges: on a copy, so that an
// element's bits do not depend on where the tiles fall.
func (g *product[T]) edge(m, n int, a *T, rsa, csa int, b *T, rsb int, c *T, scratch []T) {
	nr := g.kernel.NR
	if g.beta != 0 {
		for i := range m {
			copy(scratch[i*nr:i*nr+n], unsafe.Slice(at(c, i*g.ldc), n))
		}
	}
	g.kernel.Tile(1, g.k, g.alpha, a, rsa, csa, 0, b, rsb, g.beta, &scratch[0], nr)
	for i := range m {
		copy(unsafe.Slice(at(c, i*g.ldc), n), scratch[i*nr:i*nr+n])
	}
}

// directA and directB say whether an operand is read where it lies instead of being packed. They look at the shape alone, and
// are only for kernels that can read edges where they lie.

func directA[T kernel.Float](kr *kernel.Gemm[T], trans bool, m, n, k, ld int) bool {
	if kr.Edge == nil {
		return false
	}
	if trans {
		return (n <= 4*kr.NR || m*k <= 64*256) && !collides[T](ld, k)
	}
	return n <= 4*kr.NR || m*k <= 256*256 || m*k*elementSize[T]() <= 1<<20 && !aliases[T](ld)
}

func directB[T kernel.Float](kr *kernel.Gemm[T], n, k, ld int) bool {
	return kr.Edge != nil && n*k <= 64*256 && !collides[T](ld, k)
}

// collides says whether a column of k elements, ld apart, falls into so few sets of the first-level cache that it does not
// stay there: lines whose addresses differ by a multiple of 512 bytes share an eighth of the sets.
func collides[T kernel.Float](ld, k int) bool { return k > 48 && ld*elementSize[T]()%512 == 0 }

// aliases says whether rows ld elements apart fall into the same sets of the first-level cache, or nearly so.
func aliases[T kernel.Float](ld int) bool {
	r := ld * elementSize[T]() % 4096
	return min(r, 4096-r) < 256
}

// even cuts n into the fewest blocks of at most most elements and returns their size: as even as can be, a multiple of unit.
func even(n, most, unit int) int {
	blocks := ceil(n, most)
	return ceil(ceil(n, blocks), unit) * unit
}

func ceil(a, b int) int { return (a + b - 1) / b }
