package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/cpu"
)

// The table must suit blas, and end with what runs everywhere.
func TestInt8Table(t *testing.T) {
	for i, g := range Igemm {
		require.Zero(t, g.MC%g.MR, g.Name)
		require.Zero(t, g.NC%g.NR, g.Name)
		require.LessOrEqual(t, g.NR, len(zeros), g.Name)
		require.Contains(t, []int{2, 4}, g.Step, g.Name)
		if i > 0 {
			require.LessOrEqual(t, g.ISA, Igemm[i-1].ISA, "%s: fastest first", g.Name)
		}
	}
	require.Equal(t, "igemm2x4: tile 2×4, 4 steps a word, blocks MC 128 KC 256 NC 2048", PickInt8(cpu.Generic).String())
	require.True(t, PickInt8(cpu.Best()).Runs(cpu.Best()))
}

// TestInt8 packs and multiplies whole and short panels on every kernel, and compares with the formula: the same integers.
func TestInt8(t *testing.T) {
	for _, g := range Igemm {
		if g.ISA > cpu.Best() {
			continue
		}
		t.Run(g.Name, func(t *testing.T) {
			if !g.Runs(cpu.Best()) {
				t.Skip("this machine has no AVX512-VNNI: the kernel was compared nowhere")
			}
			for _, m := range []int{1, 2, g.MR - 1, g.MR} {
				for _, n := range []int{1, 3, g.NR - 1, g.NR} {
					for _, k := range []int{0, 1, 2, 3, 4, 5, 7, 8, 31, 66} {
						for add := range 2 {
							testInt8(t, g, m, n, k, add, false)
						}
					}
				}
			}
			testInt8(t, g, g.MR, g.NR, 600, 0, true)
			testInt8(t, g, g.MR, g.NR, 600, 1, true)
		})
	}
}

// testInt8 multiplies m×k by k×n bytes, of all values or, if extreme, of those whose products are largest.
func testInt8(t *testing.T, g GemmInt8, m, n, k, add int, extreme bool) {
	name := fmt.Sprintf("m=%d n=%d k=%d add=%d", m, n, k, add)
	rng := rand.New(rand.NewPCG(uint64(m*100+n), uint64(k)))
	lda, ldb, ldc := k+3, n+5, g.NR+2
	a, b := make([]uint8, max(1, m*lda)), make([]int8, max(1, k*ldb))
	for i := range a {
		a[i] = uint8(rng.Uint32())
		if extreme {
			a[i] = 255
		}
	}
	for i := range b {
		b[i] = int8(rng.Uint32())
		if extreme { // a column of -128, the next of 127, and then some of both
			b[i] = [3]int8{-128, 127, int8(127 - 255*(i/ldb%2))}[i%ldb%3]
		}
	}
	const guard = 8
	c := make([]int32, g.MR*ldc+2*guard)
	for i := range c {
		c[i] = int32(rng.Uint32()) // so that sums wrap around
	}
	was := append([]int32(nil), c...)
	pa, pb := make([]uint32, g.MR*g.Words(k)+1), make([]uint32, g.NR*g.Words(k)+1)
	const end = 0xdeadbeef
	for i := range pa {
		pa[i] = end // what packing must overwrite
	}
	for i := range pb {
		pb[i] = end
	}
	g.PackA(pa[:len(pa)-1], &a[0], lda, m, k)
	g.PackB(pb[:len(pb)-1], &b[0], ldb, n, k)
	g.Tile(g.Words(k), &pa[0], &pb[0], add, &c[guard], ldc)
	require.Equal(t, []uint32{end, end}, []uint32{pa[len(pa)-1], pb[len(pb)-1]}, "%s: packed past the end", name)
	for at, got := range c {
		i, j := (at-guard)/ldc, (at-guard)%ldc
		want := was[at]
		if at >= guard && i < g.MR && j < g.NR {
			if add == 0 {
				want = 0
			}
			for p := range k {
				if i < m && j < n {
					want += int32(a[i*lda+p]) * int32(b[p*ldb+j])
				}
			}
		}
		if got != want {
			require.Equal(t, want, got, "%s: element %d of the buffer", name, at-guard)
		}
	}
}

// TestInt8Pack looks for every byte where the format says it goes, for every kernel whose packing this machine can run, which
// is more than those whose tile it can.
func TestInt8Pack(t *testing.T) {
	for _, g := range Igemm {
		if g.ISA > cpu.AVX2 {
			g.ISA = cpu.AVX2 // no kernel packs by more
		}
		if g.ISA > cpu.Best() {
			continue
		}
		t.Run(g.Name, func(t *testing.T) {
			for _, k := range []int{1, 2, 3, 4, 5, 6, 7, 8, 13} {
				for lanes := 1; lanes <= g.NR; lanes++ {
					testInt8Pack(t, g, lanes, k)
				}
			}
		})
	}
}

func testInt8Pack(t *testing.T, g GemmInt8, lanes, k int) {
	lda, ldb := k+1, lanes+3
	a, b := make([]uint8, g.MR*lda), make([]int8, (k-1)*ldb+lanes) // B ends with the last byte that may be read
	for i := range a {
		a[i] = uint8(255 - i)
	}
	for i := range b {
		b[i] = int8(i*7 - 100)
	}
	pa, pb := make([]uint32, g.MR*g.Words(k)), make([]uint32, g.NR*g.Words(k))
	for i := range pb {
		pb[i] = 0xdeadbeef
	}
	g.PackA(pa, &a[0], lda, min(lanes, g.MR), k)
	g.PackB(pb, &b[0], ldb, lanes, k)
	bits := 32 / g.Step
	for p := range g.Words(k) * g.Step {
		q, shift := p/g.Step, p%g.Step*bits
		for l := range g.MR {
			want, got := uint32(0), pa[q*g.MR+l]>>shift&(1<<bits-1)
			if l < lanes && p < k {
				want = uint32(a[l*lda+p])
			}
			if want != got {
				require.Equal(t, want, got, "A: lanes=%d k=%d lane %d step %d", lanes, k, l, p)
			}
		}
		for l := range g.NR {
			want, got := uint32(0), pb[q*g.NR+l]>>shift&(1<<bits-1)
			if l < lanes && p < k {
				want = uint32(b[p*ldb+l]) & (1<<bits - 1)
			}
			if want != got {
				require.Equal(t, want, got, "B: lanes=%d k=%d lane %d step %d", lanes, k, l, p)
			}
		}
	}
}

func BenchmarkInt8Tile(b *testing.B) {
	for _, g := range Igemm {
		if !g.Runs(cpu.Best()) {
			continue
		}
		b.Run(g.Name, func(b *testing.B) {
			x, y, c := make([]uint32, g.MR*g.KC), make([]uint32, g.NR*g.KC), make([]int32, g.MR*g.NR)
			for b.Loop() {
				g.Tile(g.KC, &x[0], &y[0], 1, &c[0], g.NR)
			}
			b.ReportMetric(float64(2*g.MR*g.NR*g.KC*g.Step)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "Gop/s")
		})
	}
}
