package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/cpu"
)

func TestTile(t *testing.T) {
	testTiles(t, Sgemm, 0x1p-24)
	testTiles(t, Dgemm, 0x1p-53)
}

// testTiles compares every kernel the machine can run with the formula in float64, for packed panels and for operands that
// lie in a matrix.
func testTiles[T Float](t *testing.T, table []Gemm[T], eps float64) {
	for _, g := range table {
		if g.ISA > cpu.Best() {
			continue
		}
		t.Run(g.Name, func(t *testing.T) {
			for _, k := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 64} {
				for _, beta := range []T{0, 1, -0.5} {
					for _, s := range []struct {
						name          string
						rsa, csa, rsb int
					}{
						{"packed", 1, g.MR, g.NR},
						{"A by rows", k + 3, 1, g.NR + 5},
						{"A by columns", 1, g.MR + 2, g.NR},
					} {
						testTile(t, g, k, beta, s.rsa, s.csa, s.rsb, eps, fmt.Sprintf("k=%d beta=%v %s", k, beta, s.name))
					}
				}
			}
		})
	}
}

func testTile[T Float](t *testing.T, g Gemm[T], k int, beta T, rsa, csa, rsb int, eps float64, name string) {
	rng := rand.New(rand.NewPCG(uint64(k), 1))
	random := func(n int) []T {
		s := make([]T, n)
		for i := range s {
			s[i] = T(2*rng.Float64() - 1)
		}
		return s
	}
	const alpha, guard = 0.75, 9
	ldc := g.NR + 3
	a, b := random((g.MR-1)*rsa+max(0, k-1)*csa+1), random(max(0, k-1)*rsb+g.NR)
	c := random((g.MR-1)*ldc + g.NR + 2*guard)
	if beta == 0 {
		for i := range g.MR {
			for j := range g.NR {
				c[guard+i*ldc+j] = T(math.NaN())
			}
		}
	}
	was := append([]T(nil), c...)
	g.Tile(1, k, alpha, &a[0], rsa, csa, 0, &b[0], rsb, beta, &c[guard], ldc)
	for at := range c {
		i, j := (at-guard)/ldc, (at-guard)%ldc
		if at < guard || i >= g.MR || j >= g.NR {
			require.Equal(t, was[at], c[at], "%s: written outside of the tile, at %d", name, at-guard)
			continue
		}
		var want, abs float64
		for p := range k {
			term := alpha * float64(a[i*rsa+p*csa]) * float64(b[p*rsb+j])
			want += term
			abs += math.Abs(term)
		}
		if beta != 0 {
			want += float64(beta) * float64(was[at])
			abs += math.Abs(float64(beta) * float64(was[at]))
		}
		// k+4 roundings, and as many in the reference: see blastest.Bound.
		require.InDelta(t, want, float64(c[at]), 2*float64(k+4)*eps*abs, "%s: element %d,%d", name, i, j)
	}
}

// TestTiles compares, bit for bit, several tiles in a call with as many calls.
func TestTiles(t *testing.T) {
	testSeveralTiles(t, Sgemm)
	testSeveralTiles(t, Dgemm)
}

func testSeveralTiles[T Float](t *testing.T, table []Gemm[T]) {
	for _, g := range table {
		if g.ISA > cpu.Best() {
			continue
		}
		t.Run(g.Name, func(t *testing.T) {
			const tiles, alpha = 4, 0.75
			for _, k := range []int{0, 1, 3, 4, 17} {
				for _, beta := range []T{0, 1, -0.5} {
					for _, s := range []struct{ rsa, csa, next int }{{1, g.MR, g.MR*k + 2}, {k + 3, 1, g.MR * (k + 3)}} {
						rng := rand.New(rand.NewPCG(uint64(k), 1))
						random := func(n int) []T {
							s := make([]T, n)
							for i := range s {
								s[i] = T(2*rng.Float64() - 1)
							}
							return s
						}
						ldc := g.NR + 3
						a, b := random((tiles-1)*s.next+(g.MR-1)*s.rsa+max(0, k-1)*s.csa+1), random(max(1, k)*g.NR)
						got := random(tiles * g.MR * ldc)
						want := append([]T(nil), got...)
						for i := range tiles {
							g.Tile(1, k, alpha, &a[i*s.next], s.rsa, s.csa, 0, &b[0], g.NR, beta, &want[i*g.MR*ldc], ldc)
						}
						g.Tile(tiles, k, alpha, &a[0], s.rsa, s.csa, s.next, &b[0], g.NR, beta, &got[0], ldc)
						require.Equal(t, want, got, "k=%d beta=%v %+v", k, beta, s)
					}
				}
			}
		})
	}
}

// TestTilePack compares, bit for bit, with a packing of B and a tile of that.
func TestTilePack(t *testing.T) {
	testTilePack(t, Sgemm)
	testTilePack(t, Dgemm)
}

func testTilePack[T Float](t *testing.T, table []Gemm[T]) {
	for _, g := range table {
		if g.ISA > cpu.Best() || g.TilePack == nil {
			continue
		}
		t.Run(g.Name, func(t *testing.T) {
			for _, k := range []int{0, 1, 2, 3, 4, 5, 31, 64} {
				for _, beta := range []T{0, 1, -0.5} {
					rng := rand.New(rand.NewPCG(uint64(k), 1))
					random := func(n int) []T {
						s := make([]T, n)
						for i := range s {
							s[i] = T(2*rng.Float64() - 1)
						}
						return s
					}
					const guard = 9
					rsb, ldc := g.NR+5, g.NR+3
					a, b := random(g.MR*k+1), random(max(0, k-1)*rsb+g.NR) // nothing of B may be read beyond
					c, dst := random(g.MR*ldc), random(k*g.NR+2*guard)
					want, packed := append([]T(nil), c...), append([]T(nil), dst...)
					for p := range k {
						copy(packed[guard+p*g.NR:guard+(p+1)*g.NR], b[p*rsb:])
					}
					g.Tile(1, k, 0.75, &a[0], 1, g.MR, 0, &packed[guard], g.NR, beta, &want[0], ldc)
					g.TilePack(k, 0.75, &a[0], 1, g.MR, &b[0], rsb, &dst[guard], beta, &c[0], ldc)
					require.Equal(t, want, c, "k=%d beta=%v", k, beta)
					require.Equal(t, packed, dst, "k=%d: the copy of B", k)
				}
			}
		})
	}
}

// TestEdge compares, bit for bit, every part of a tile with the whole tile, and of two with two, and the surroundings of A and B
// are NaN where Edge and Tall must not read.
func TestEdge(t *testing.T) {
	testEdges(t, Sgemm)
	testEdges(t, Dgemm)
}

func testEdges[T Float](t *testing.T, table []Gemm[T]) {
	for _, g := range table {
		if g.ISA > cpu.Best() || g.Edge == nil {
			continue
		}
		t.Run(g.Name, func(t *testing.T) {
			steps, betas := []int{0, 1, 2, 7, 64}, []T{0, 1, -0.5}
			if testing.Short() { // on an emulated machine, say
				steps, betas = []int{0, 1, 5}, []T{0, -0.5}
			}
			for _, k := range steps {
				for _, beta := range betas {
					for m := 1; m <= g.MR; m++ {
						for n := 1; n <= g.NR; n++ {
							testEdge(t, g, m, n, k, beta, 1, g.MR, g.NR)
							testEdge(t, g, m, n, k, beta, k+3, 1, g.NR+5)
						}
					}
					for n := 1; n <= g.NR/2 && g.Tall != nil; n++ {
						testEdge(t, g, 2*g.MR, n, k, beta, 1, 2*g.MR, g.NR)
						testEdge(t, g, 2*g.MR, n, k, beta, k+3, 1, g.NR+5)
					}
				}
			}
		})
	}
}

// testEdge tests Edge with m ≤ MR, and Tall with m = 2·MR.
func testEdge[T Float](t *testing.T, g Gemm[T], m, n, k int, beta T, rsa, csa, rsb int) {
	const alpha, guard = 0.75, 9
	tiles := (m + g.MR - 1) / g.MR
	name := fmt.Sprintf("m=%d n=%d k=%d beta=%v rsa=%d csa=%d rsb=%d", m, n, k, beta, rsa, csa, rsb)
	a, b := make([]T, (tiles*g.MR-1)*rsa+max(0, k-1)*csa+1), make([]T, max(0, k-1)*rsb+g.NR)
	for i := range a {
		a[i] = T(math.Sin(float64(i + 1)))
	}
	for i := range b {
		b[i] = T(math.Cos(float64(i)))
	}
	ldc := g.NR + 3
	want := make([]T, (tiles*g.MR-1)*ldc+g.NR+2*guard)
	for i := range want {
		want[i] = T(math.Sin(float64(i) / 3))
	}
	got := append([]T(nil), want...)
	was := append([]T(nil), want...)
	g.Tile(tiles, k, alpha, &a[0], rsa, csa, g.MR*rsa, &b[0], rsb, beta, &want[guard], ldc)

	// What Edge gets: the same numbers, in buffers that end with the last element it may read, and NaN between.
	nan := T(math.NaN())
	for i := range a {
		if inside := (rsa == 1 && i%csa < m) || (csa == 1 && i/rsa < m && i%rsa < k); !inside {
			a[i] = nan
		}
	}
	for i := range b {
		if i%rsb >= n {
			b[i] = nan
		}
	}
	if beta == 0 {
		for i := range m {
			for j := range n {
				got[guard+i*ldc+j] = nan
			}
		}
	}
	if tiles == 2 {
		g.Tall(n, k, alpha, &a[0], rsa, csa, g.MR*rsa, &b[0], rsb, beta, &got[guard], ldc)
	} else {
		g.Edge(m, n, k, alpha, &a[0], rsa, csa, &b[0], rsb, beta, &got[guard], ldc)
	}
	for i := range got {
		if r, s := (i-guard)/ldc, (i-guard)%ldc; i < guard || r >= m || s >= n {
			if was[i] != got[i] {
				require.Equal(t, was[i], got[i], "%s: written outside, at %d", name, i-guard)
			}
			continue
		}
		if want[i] != got[i] {
			require.Equal(t, want[i], got[i], "%s: at %d", name, i-guard)
		}
	}
}

// The block sizes must suit the kernel: blas relies on it.
func TestTables(t *testing.T) {
	testTable(t, Sgemm)
	testTable(t, Dgemm)
	require.Panics(t, func() { Pick([]Gemm[float32]{{ISA: cpu.AVX2}}, cpu.Generic) })
}

func testTable[T Float](t *testing.T, table []Gemm[T]) {
	names := map[string]bool{}
	for i, g := range table {
		require.False(t, names[g.Name], g.Name)
		names[g.Name] = true
		require.Zero(t, g.MC%g.MR, g.Name)
		require.Zero(t, g.NC%g.NR, g.Name)
		require.Zero(t, g.KC%4, g.Name)
		if i > 0 {
			require.LessOrEqual(t, g.ISA, table[i-1].ISA, "%s: fastest first", g.Name)
		}
	}
	last := table[len(table)-1]
	require.Equal(t, cpu.Generic, last.ISA, "the last row must be portable")
	require.Equal(t, last.Name+": tile 2×4, blocks MC "+fmt.Sprint(last.MC)+" KC 256 NC 2048", last.String())
	require.Equal(t, last.Name, Pick(table, cpu.Generic).Name)
}

func BenchmarkTile(b *testing.B) {
	benchTile(b, Sgemm)
	benchTile(b, Dgemm)
}

func benchTile[T Float](b *testing.B, table []Gemm[T]) {
	for _, g := range table {
		if g.ISA > cpu.Best() {
			continue
		}
		b.Run(g.Name, func(b *testing.B) {
			k := g.KC
			x, y, c := make([]T, g.MR*k), make([]T, g.NR*k), make([]T, g.MR*g.NR)
			for b.Loop() {
				g.Tile(1, k, 1, &x[0], 1, g.MR, 0, &y[0], g.NR, 1, &c[0], g.NR)
			}
			b.ReportMetric(float64(2*g.MR*g.NR*k)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}
