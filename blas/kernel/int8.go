// Products of bytes: C = A·B for A of uint8, B of int8 and C of int32. The choice by ISA, and the format of panels.

package kernel

import (
	"fmt"
	"unsafe"

	"github.com/tutti-ml/tutti/internal/cpu"
)

// A GemmInt8 is one way to multiply uint8 by int8 into int32: a micro-kernel, and the block sizes that suit it.
//
// Its panels are made of 32-bit words, which hold Step consecutive steps of k of one lane: with Step 4 the four bytes as they
// are, the first lowest; with Step 2 two bytes widened to 16 bits, A's by zeros and B's by their sign. The steps after the last
// and the lanes of a short panel are zeros. Word q of lane l of a panel of W lanes is element q*W+l.
//
//	A = a b c d e     panel of 2 lanes, Step 4    {a b c d} {f g h i}  {e 0 0 0} {j 0 0 0}
//	    f g h i j                       Step 2    {a b} {f g}  {c d} {h i}  {e 0} {j 0}
type GemmInt8 struct {
	Name string  // routine, tile and ISA: "igemm6x16AVX2"
	ISA  cpu.ISA // what a machine needs to run it
	VNNI bool    // AVX512-VNNI is needed besides

	Step   int // steps of k in a word: 2 or 4
	MR, NR int // rows and columns of the tile
	MC     int // rows of A in a block, a multiple of MR: MC×KC words stay in the second-level cache
	KC     int // words of k in a block: NR×KC words of B and MR×KC of A stay in the first-level cache
	NC     int // columns of B in a block, a multiple of NR: KC×NC words stay in the third-level cache

	// Tile computes one whole tile of products of packed panels,
	//
	//	C = A·B, or C += A·B if add is not 0      A [MR, words·Step]   B [words·Step, NR]   C [MR, NR]
	//
	// where row i of C starts at c[i*ldc]. Sums wrap around as int32 does; nothing saturates. If add is 0, C is not read.
	Tile func(words int, a, b *uint32, add int, c *int32, ldc int)
}

// String returns the kernel's name and sizes, for reports.
func (g *GemmInt8) String() string {
	return fmt.Sprintf("%s: tile %d×%d, %d steps a word, blocks MC %d KC %d NC %d", g.Name, g.MR, g.NR, g.Step, g.MC, g.KC, g.NC)
}

// Runs reports whether this machine, held to isa, can run g.
func (g *GemmInt8) Runs(isa cpu.ISA) bool { return g.ISA <= isa && (!g.VNNI || cpu.VNNI()) }

// Igemm lists the kernels of this build, fastest first; those the machine cannot run are listed too.
var Igemm = append(igemmAsm(), GemmInt8{Name: "igemm2x4", ISA: cpu.Generic, Step: 4, MR: 2, NR: 4, MC: 128, KC: 256, NC: 2048, Tile: tileInt8})

// PickInt8 returns the first kernel of Igemm that isa allows and this machine can run. The last is portable.
func PickInt8(isa cpu.ISA) *GemmInt8 {
	for i := range Igemm {
		if Igemm[i].Runs(isa) {
			return &Igemm[i]
		}
	}
	panic("kernel: PickInt8: no kernel for ISA " + isa.String())
}

// Words returns how many words a lane of k steps takes.
func (g *GemmInt8) Words(k int) int { return (k + g.Step - 1) / g.Step }

// PackA packs a panel: lanes ≤ MR rows of A, each k contiguous bytes, lda from one to the next. dst has MR·Words(k) words.
func (g *GemmInt8) PackA(dst []uint32, src *uint8, lda, lanes, k int) {
	w, whole := g.MR, k/g.Step
	if lanes < w || whole*g.Step < k {
		clear(dst)
	}
	for l := range lanes {
		row := bytes(src, l*lda, k)
		if at := l; g.Step == 4 {
			for q := range whole {
				b := row[4*q : 4*q+4 : 4*q+4]
				dst[at] = quad(b[0], b[1], b[2], b[3])
				at += w
			}
		} else {
			for q := range whole {
				b := row[2*q : 2*q+2 : 2*q+2]
				dst[at] = pair(int16(b[0]), int16(b[1]))
				at += w
			}
		}
		for s, v := range row[whole*g.Step:] {
			dst[whole*w+l] |= uint32(v) << (s * 32 / g.Step)
		}
	}
}

// PackB packs a panel: lanes ≤ NR columns of B, whose k rows are ldb bytes apart. dst has NR·Words(k) words.
func (g *GemmInt8) PackB(dst []uint32, src *int8, ldb, lanes, k int) {
	w := g.NR
	row := func(p int) []int8 {
		if p >= k {
			return zeros[:lanes]
		}
		return bytes(src, p*ldb, lanes)
	}
	for q := range g.Words(k) {
		to := dst[q*w : q*w+w]
		clear(to[lanes:])
		to = to[:lanes]
		if g.Step == 4 {
			b0, b1, b2, b3 := row(4*q), row(4*q + 1)[:lanes], row(4*q + 2)[:lanes], row(4*q + 3)[:lanes]
			for l, v := range b0[:lanes] {
				to[l] = quad(uint8(v), uint8(b1[l]), uint8(b2[l]), uint8(b3[l]))
			}
		} else {
			b0, b1 := row(2*q), row(2*q + 1)[:lanes]
			for l, v := range b0[:lanes] {
				to[l] = pair(int16(v), int16(b1[l]))
			}
		}
	}
}

// zeros stands for rows of B after the last.
var zeros [64]int8

func quad(b0, b1, b2, b3 uint8) uint32 {
	return uint32(b0) | uint32(b1)<<8 | uint32(b2)<<16 | uint32(b3)<<24
}

func pair(v0, v1 int16) uint32 { return uint32(uint16(v0)) | uint32(uint16(v1))<<16 }

// bytes returns n bytes from byte i of p.
func bytes[B uint8 | int8](p *B, i, n int) []B {
	return unsafe.Slice((*B)(unsafe.Add(unsafe.Pointer(p), i)), n)
}

// tileInt8 is GemmInt8.Tile in portable Go, a 2×4 tile with four steps a word: the reference of every other.
func tileInt8(words int, a, b *uint32, add int, c *int32, ldc int) {
	var sum [2][4]int32
	x, y := unsafe.Slice(a, 2*words), unsafe.Slice(b, 4*words)
	for q := range words {
		u, v := x[2*q:2*q+2], y[4*q:4*q+4]
		for s := 0; s < 32; s += 8 {
			u0, u1 := int32(uint8(u[0]>>s)), int32(uint8(u[1]>>s))
			for j, word := range v {
				t := int32(int8(word >> s))
				sum[0][j] += u0 * t
				sum[1][j] += u1 * t
			}
		}
	}
	for i := range sum {
		row := unsafe.Slice((*int32)(unsafe.Add(unsafe.Pointer(c), 4*i*ldc)), 4)
		for j, v := range sum[i] {
			if add != 0 {
				v += row[j]
			}
			row[j] = v
		}
	}
}
