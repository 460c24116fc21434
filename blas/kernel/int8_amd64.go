//go:build !purego

// Byte kernels in assembly, and their rows of the table.

package kernel

import "github.com/tutti-ml/tutti/internal/cpu"

//go:noescape
func igemm6x16AVX2(words int, a, b *uint32, add int, c *int32, ldc int)

//go:noescape
func igemm14x32AVX512(words int, a, b *uint32, add int, c *int32, ldc int)

//go:noescape
func igemm14x32VNNI(words int, a, b *uint32, add int, c *int32, ldc int)

// A word is as large as a float32, so that the blocks are SGEMM's.
func igemmAsm() []GemmInt8 {
	return []GemmInt8{
		{Name: "igemm14x32VNNI", ISA: cpu.AVX512, VNNI: true, Step: 4, MR: 14, NR: 32, MC: 336, KC: 192, NC: 4096, Tile: igemm14x32VNNI},
		{Name: "igemm14x32AVX512", ISA: cpu.AVX512, Step: 2, MR: 14, NR: 32, MC: 336, KC: 192, NC: 4096, Tile: igemm14x32AVX512},
		{Name: "igemm6x16AVX2", ISA: cpu.AVX2, Step: 2, MR: 6, NR: 16, MC: 144, KC: 256, NC: 4080, Tile: igemm6x16AVX2},
	}
}
