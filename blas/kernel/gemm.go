// Package kernel holds the hot loops of linear algebra and nothing else: they check nothing, start no goroutine and
// allocate nothing. Package blas checks arguments, cuts matrices into tiles and shares them out.
//
// Every kernel has a portable reference in Go that is always compiled and that it is always compared with.
package kernel

import (
	"fmt"

	"github.com/tutti-ml/tutti/internal/cpu"
)

// Float is the constraint of the element types of the generic kernels.
type Float interface{ ~float32 | ~float64 }

// A Gemm is one way to multiply matrices: a micro-kernel, and the block sizes that suit it. They are one record because
// neither is any good without the other. See docs/kernels.md for pictures of panels and blocks.
type Gemm[T Float] struct {
	Name string  // routine, tile and ISA: "sgemm6x16AVX2"
	ISA  cpu.ISA // what a machine needs to run it

	MR, NR int // rows and columns of the tile
	MC     int // rows of A in a block, a multiple of MR: MC×KC elements stay in the second-level cache
	KC     int // steps of k in a block: NR×KC elements of B and MR×KC of A stay in the first-level cache
	NC     int // columns of B in a block, a multiple of NR: KC×NC elements stay in the third-level cache

	// Tile computes whole tiles, one below the other, tiles ≥ 1 of them, each
	//
	//	C = alpha·A·B + beta·C      A [MR, k]   B [k, NR]   C [MR, NR]
	//
	// where element i,p of A is a[i*rsa+p*csa], row p of B starts at b[p*rsb], and row i of C at c[i*ldc]; from tile to tile
	// A moves on by next elements, and C by MR rows.
	// Packed panels have rsa = 1, csa = MR and rsb = NR. Each element of A·B is a sum from k = 0 upwards starting at zero,
	// and is rounded before it meets C. With beta = 0, C is not read. k may be 0.
	Tile func(tiles, k int, alpha T, a *T, rsa, csa, next int, b *T, rsb int, beta T, c *T, ldc int)

	// TilePack is one Tile for a B that is not packed, and packs it: it writes row p of B to dst[p*NR]. Nil: there is none.
	TilePack func(k int, alpha T, a *T, rsa, csa int, b *T, rsb int, dst *T, beta T, c *T, ldc int)

	// Edge computes the first m rows and n columns of a tile, 1 ≤ m ≤ MR and 1 ≤ n ≤ NR, and touches nothing of A, B and C
	// beyond them. An element has the same bits as from Tile. Nil: there is none, and blas runs Tile on a copy.
	Edge func(m, n, k int, alpha T, a *T, rsa, csa int, b *T, rsb int, beta T, c *T, ldc int)

	// Tall is Edge for the first n ≤ NR/2 columns of two whole tiles, one below the other, of which the second's A is next elements on.
	// Nil: there is none.
	Tall func(n, k int, alpha T, a *T, rsa, csa, next int, b *T, rsb int, beta T, c *T, ldc int)
}

// String returns the kernel's name and sizes, for reports.
func (g *Gemm[T]) String() string {
	return fmt.Sprintf("%s: tile %d×%d, blocks MC %d KC %d NC %d", g.Name, g.MR, g.NR, g.MC, g.KC, g.NC)
}

// Sgemm and Dgemm list the kernels of this build, fastest first. Those the machine cannot run are listed too: compare ISA
// with cpu.Best, as Pick does.
var (
	Sgemm = append(sgemmAsm(), Gemm[float32]{Name: "sgemm2x4", ISA: cpu.Generic, MR: 2, NR: 4, MC: 128, KC: 256, NC: 2048, Tile: tile[float32], TilePack: tilePack[float32], Edge: edge[float32]})
	Dgemm = append(dgemmAsm(), Gemm[float64]{Name: "dgemm2x4", ISA: cpu.Generic, MR: 2, NR: 4, MC: 64, KC: 256, NC: 2048, Tile: tile[float64], TilePack: tilePack[float64], Edge: edge[float64]})
)

// Pick returns the first kernel of table that needs no more than isa.
// It panics if there is none; the last row of every table is portable, so that there always is.
func Pick[T Float](table []Gemm[T], isa cpu.ISA) *Gemm[T] {
	return pick(table, isa, func(*Gemm[T]) bool { return true })
}

// PickEdge is Pick among the kernels that have Edge; the last row of every table does.
func PickEdge[T Float](table []Gemm[T], isa cpu.ISA) *Gemm[T] {
	return pick(table, isa, func(g *Gemm[T]) bool { return g.Edge != nil })
}

func pick[T Float](table []Gemm[T], isa cpu.ISA, suits func(*Gemm[T]) bool) *Gemm[T] {
	for i := range table {
		if table[i].ISA <= isa && suits(&table[i]) {
			return &table[i]
		}
	}
	panic("kernel: Pick: no kernel for ISA " + isa.String())
}
