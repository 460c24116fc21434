//go:build !purego

// GEMM kernels in assembly, and their rows of the tables.

package kernel

import "github.com/tutti-ml/tutti/internal/cpu"

//go:noescape
func sgemm6x16AVX2(tiles, k int, alpha float32, a *float32, rsa, csa, next int, b *float32, rsb int, beta float32, c *float32, ldc int)

//go:noescape
func dgemm6x8AVX2(tiles, k int, alpha float64, a *float64, rsa, csa, next int, b *float64, rsb int, beta float64, c *float64, ldc int)

//go:noescape
func sgemmEdgeAVX2(m, n, k int, alpha float32, a *float32, rsa, csa int, b *float32, rsb int, beta float32, c *float32, ldc int)

//go:noescape
func dgemmEdgeAVX2(m, n, k int, alpha float64, a *float64, rsa, csa int, b *float64, rsb int, beta float64, c *float64, ldc int)

//go:noescape
func sgemm12x8AVX2(n, k int, alpha float32, a *float32, rsa, csa, next int, b *float32, rsb int, beta float32, c *float32, ldc int)

//go:noescape
func dgemm12x4AVX2(n, k int, alpha float64, a *float64, rsa, csa, next int, b *float64, rsb int, beta float64, c *float64, ldc int)

//go:noescape
func sgemm6x16PackAVX2(k int, alpha float32, a *float32, rsa, csa int, b *float32, rsb int, dst *float32, beta float32, c *float32, ldc int)

//go:noescape
func dgemm6x8PackAVX2(k int, alpha float64, a *float64, rsa, csa int, b *float64, rsb int, dst *float64, beta float64, c *float64, ldc int)

//go:noescape
func sgemm14x32AVX512(tiles, k int, alpha float32, a *float32, rsa, csa, next int, b *float32, rsb int, beta float32, c *float32, ldc int)

//go:noescape
func dgemm14x16AVX512(tiles, k int, alpha float64, a *float64, rsa, csa, next int, b *float64, rsb int, beta float64, c *float64, ldc int)

//go:noescape
func sgemmEdgeAVX512(m, n, k int, alpha float32, a *float32, rsa, csa int, b *float32, rsb int, beta float32, c *float32, ldc int)

//go:noescape
func dgemmEdgeAVX512(m, n, k int, alpha float64, a *float64, rsa, csa int, b *float64, rsb int, beta float64, c *float64, ldc int)

// Block sizes. With AVX2, a panel of B takes 22 KiB of a first-level cache of 32 KiB or more, beside a panel of A (8.25 KiB) that
// streams through; a block of A 198 KiB of a second level of 512 KiB. The AVX-512 rows are for server processors: a panel of B
// takes 24 KiB, one of A 10.5 KiB; a block of A 252 KiB of a second level of 1 MiB or more.

func sgemmAsm() []Gemm[float32] {
	return []Gemm[float32]{
		{Name: "sgemm14x32AVX512", ISA: cpu.AVX512, MR: 14, NR: 32, MC: 336, KC: 192, NC: 4096, Tile: sgemm14x32AVX512, Edge: sgemmEdgeAVX512},
		{Name: "sgemm6x16AVX2", ISA: cpu.AVX2, MR: 6, NR: 16, MC: 144, KC: 352, NC: 4080, Tile: sgemm6x16AVX2, TilePack: sgemm6x16PackAVX2, Edge: sgemmEdgeAVX2, Tall: sgemm12x8AVX2},
	}
}

func dgemmAsm() []Gemm[float64] {
	return []Gemm[float64]{
		{Name: "dgemm14x16AVX512", ISA: cpu.AVX512, MR: 14, NR: 16, MC: 168, KC: 192, NC: 4096, Tile: dgemm14x16AVX512, Edge: dgemmEdgeAVX512},
		{Name: "dgemm6x8AVX2", ISA: cpu.AVX2, MR: 6, NR: 8, MC: 72, KC: 352, NC: 4080, Tile: dgemm6x8AVX2, TilePack: dgemm6x8PackAVX2, Edge: dgemmEdgeAVX2, Tall: dgemm12x4AVX2},
	}
}
