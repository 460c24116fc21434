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
	c           *T
	ldc         int

	// The block at hand.
	k             int        // steps of k
	rows, cols    int        // panels of A and of B in a share of the work
	across        int        // shares side by side
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

// gemm multiplies; the arguments are valid, no size is zero, and alpha is not zero.
func gemm[T kernel.Float](pool *sync.Pool, kr *kernel.Gemm[T], aT, bT bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) {
	g := pool.Get().(*product[T])
	g.kernel, g.alpha, g.ldc = kr, alpha, ldc
	g.a.set(kr.ISA, &a[0], lda, !aT, kr.MR)
	g.b.set(kr.ISA, &b[0], ldb, bT, kr.NR)
	g.a.direct = useA(kr, m, n, k)
	g.b.direct = g.b.ls == 1 && useB(kr, m, n, k)
	g.b.late = m <= 2*kr.MC

	nc, kc, mc := even(n, kr.NC, kr.NR), even(k, kr.KC, 4), even(m, rowBlocks*kr.MC, kr.MR)
	for j := 0; j < n; j += nc {
		for p := 0; p < k; p += kc {
			g.k = min(kc, k-p)
			if g.beta = beta; p > 0 {
				g.beta = 1
			}
			g.b.block(j, min(nc, n-j), p, g.k)
			for i := 0; i < m; i += mc {
				g.a.block(i, min(mc, m-i), p, g.k)
				g.c = at(&c[0], i*ldc+j)
				g.doBlock(i == 0)
			}
		}
	}
	g.a.from, g.b.from, g.a.origin, g.b.origin, g.c = nil, nil, nil, nil, nil // keep nothing of the caller's alive
	pool.Put(g)
}

// rowBlocks is how many MC×KC blocks of A are packed at a time: enough rows to share out.
const rowBlocks = 16

// minShare is the work, in multiplications and additions, below which another worker is not worth its start: some 5 µs.
const minShare = 1 << 19

// doBlock packs what must be packed and computes one block of C. The panels of B are packed when the block is the first
// of its column.
func (g *product[T]) doBlock(packB bool) {
	mr, nr := g.kernel.MR, g.kernel.NR
	if !packB {
		g.b.packed = g.b.panels // nothing left to pack
	}
	work := int64(g.a.lanes) * int64(g.b.lanes) * int64(g.k)
	grain := func(units int) int { return int(max(1, int64(units)*minShare/work)) }

	if units := g.a.groups() + g.b.groups(); units > 0 {
		run(units, grain(units), g.panels)
	}

	// Shares: MC rows by all columns, cut until there are enough of them to share.
	// Where B is packed late, a panel is packed by the one share that uses it.
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
		case g.cols > minPanels && (g.b.late || g.cols*nr >= g.rows*mr):
			g.cols = (g.cols + 1) / 2
		case g.rows > minPanels && !g.b.late:
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
// each way to be worth its cache misses. Which shares there are changes no bit of the result.
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

// lateGroup is how many panels of B are packed together when they are packed late: rows of B are then read in stretches of
// a few cache lines.
const lateGroup = 4

// doTiles computes shares lo to hi of the block of C.
func (g *product[T]) doTiles(lo, hi int) {
	mr, nr := g.kernel.MR, g.kernel.NR
	buf := g.scratch.Get().(*[]T)
	size := ceil(mr*nr, 16) * 16 // whole cache lines
	if g.b.late {
		*buf = grow(*buf, size+lateGroup*g.k*nr)
	} else {
		*buf = grow(*buf, size)
	}
	edge, late := (*buf)[:size], (*buf)[size:]
	for s := lo; s < hi; s++ {
		i0, j0 := s/g.across*g.rows, s%g.across*g.cols
		i1, j1 := min(i0+g.rows, g.a.panels), min(j0+g.cols, g.b.panels)
		for j := j0; j < j1; j++ {
			b, rsb := g.panelB(j, j0, j1, late)
			n := min(nr, g.b.lanes-j*nr)
			for i := i0; i < i1; i++ {
				a, rsa, csa := g.a.panel(i)
				m := min(mr, g.a.lanes-i*mr)
				c := at(g.c, i*mr*g.ldc+j*nr)
				switch {
				case m == mr && n == nr:
					g.kernel.Tile(g.k, g.alpha, a, rsa, csa, b, rsb, g.beta, c, g.ldc)
				case g.kernel.Edge != nil:
					g.kernel.Edge(m, n, g.k, g.alpha, a, rsa, csa, b, rsb, g.beta, c, g.ldc)
				default:
					g.edge(m, n, a, rsa, csa, b, rsb, c, edge)
				}
			}
		}
	}
	g.scratch.Put(buf)
}

// panelB returns panel j of B and the stride of its rows, for a share whose panels are [j0, j1). If B is packed late, the
// panel comes from late, where each lateGroup of panels is packed when the first of them is asked for.
func (g *product[T]) panelB(j, j0, j1 int, late []T) (b *T, rsb int) {
	if !g.b.late || j < g.b.first {
		b, _, rsb = g.b.panel(j)
		return b, rsb
	}
	j0 = max(j0, g.b.first)
	in := (j - j0) % lateGroup
	if in == 0 {
		g.b.packTo(&late[0], j, min(j+lateGroup, j1))
	}
	return &late[in*g.k*g.kernel.NR], g.kernel.NR
}

// edge computes a tile of which only m rows and n columns lie in C, where there is no kernel for edges: on a copy, so that an element's bits
// do not depend on where the tiles fall.
func (g *product[T]) edge(m, n int, a *T, rsa, csa int, b *T, rsb int, c *T, scratch []T) {
	nr := g.kernel.NR
	if g.beta != 0 {
		for i := range m {
			copy(scratch[i*nr:i*nr+n], unsafe.Slice(at(c, i*g.ldc), n))
		}
	}
	g.kernel.Tile(g.k, g.alpha, a, rsa, csa, b, rsb, g.beta, &scratch[0], nr)
	for i := range m {
		copy(unsafe.Slice(at(c, i*g.ldc), n), scratch[i*nr:i*nr+n])
	}
}

// useA and useB say whether an operand is read where it lies instead of being packed. They look at the shape alone.

func useA[T kernel.Float](kr *kernel.Gemm[T], m, n, k int) bool {
	return n <= 4*kr.NR || m*k <= 64*256
}

func useB[T kernel.Float](kr *kernel.Gemm[T], m, n, k int) bool {
	return m <= 2*kr.MR || n*k <= 64*256
}

// even cuts n into the fewest blocks of at most most elements and returns their size: as even as can be, a multiple of unit.
func even(n, most, unit int) int {
	blocks := ceil(n, most)
	return ceil(ceil(n, blocks), unit) * unit
}

func ceil(a, b int) int { return (a + b - 1) / b }

// at returns the address of element i counted from p.
func at[T kernel.Float](p *T, i int) *T {
	return (*T)(unsafe.Add(unsafe.Pointer(p), i*int(unsafe.Sizeof(*p))))
}
