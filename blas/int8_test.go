package blas_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/kernel"
)

// int8Case is one product; pad is added to each leading dimension.
type int8Case struct{ m, n, k, pad int }

func (c int8Case) String() string { return fmt.Sprintf("m=%d n=%d k=%d pad=%d", c.m, c.n, c.k, c.pad) }

// int8Operands makes A and B of all byte values, the largest and smallest among them often, and a C of rubbish, padding too.
func int8Operands(c int8Case) (a []uint8, b []int8, dst []int32) {
	rng := rand.New(rand.NewPCG(uint64(c.m*1000+c.n), uint64(c.k)))
	a, b, dst = make([]uint8, c.m*(c.k+c.pad)), make([]int8, c.k*(c.n+c.pad)), make([]int32, c.m*(c.n+c.pad))
	for i := range a {
		if a[i] = uint8(rng.Uint32()); rng.IntN(4) == 0 {
			a[i] = 255
		}
	}
	for i := range b {
		if b[i] = int8(rng.Uint32()); rng.IntN(4) == 0 {
			b[i] = int8(127 - rng.IntN(2)*255)
		}
	}
	for i := range dst {
		dst[i] = int32(rng.Uint32())
	}
	return a, b, dst
}

// int8Formula is the product, an element at a time.
func int8Formula(c int8Case, a []uint8, b []int8, dst []int32) []int32 {
	want := slices.Clone(dst)
	for i := range c.m {
		row := want[i*(c.n+c.pad):][:c.n]
		clear(row)
		for p, u := range a[i*(c.k+c.pad):][:c.k] {
			for j, v := range b[p*(c.n+c.pad):][:c.n] {
				row[j] += int32(u) * int32(v)
			}
		}
	}
	return want
}

// checkInt8 multiplies, plainly and with B packed before, and requires the formula's integers and nothing else changed.
func checkInt8(t testing.TB, im blas.Implementation, c int8Case) {
	t.Helper()
	a, b, dst := int8Operands(c)
	lda, ldb, ldc := c.k+c.pad, c.n+c.pad, c.n+c.pad
	wasA, wasB := slices.Clone(a), slices.Clone(b)
	want := int8Formula(c, a, b, dst)
	again := slices.Clone(dst)
	im.Gemmu8s8(c.m, c.n, c.k, a, max(1, lda), b, max(1, ldb), dst, max(1, ldc))
	requireInts(t, want, dst, c.String())
	im.PackInt8(c.k, c.n, b, max(1, ldb)).Gemm(c.m, a, max(1, lda), again, max(1, ldc))
	requireInts(t, want, again, c.String()+" packed")
	require.Equal(t, wasA, a, c)
	require.Equal(t, wasB, b, c)
}

func requireInts(t testing.TB, want, got []int32, name string) {
	t.Helper()
	for i, v := range want {
		if v != got[i] {
			require.Equal(t, v, got[i], "%s: element %d of C, padding counted", name, i)
		}
	}
}

func TestGemmu8s8(t *testing.T) {
	each(t, func(t *testing.T, im blas.Implementation) {
		kr := kernel.PickInt8(im.ISA())
		t.Run("seams", func(t *testing.T) {
			for _, m := range []int{0, 1, kr.MR - 1, kr.MR, kr.MR + 1, 3*kr.MR + 1} {
				for _, n := range []int{0, 1, kr.NR - 1, kr.NR, kr.NR + 1, 3*kr.NR + 1} {
					for k := range 10 {
						checkInt8(t, im, int8Case{m, n, k, (m + n + k) % 3})
					}
				}
			}
		})
		t.Run("blocks of k", func(t *testing.T) {
			kc := kr.KC * kr.Step
			for _, k := range []int{kc - 1, kc, kc + 1, 2*kc + 3} {
				checkInt8(t, im, int8Case{kr.MR + 1, kr.NR + 1, k, 1})
			}
		})
		t.Run("shared out", func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
			checkInt8(t, im, int8Case{211, 197, 150, 0})
			checkInt8(t, im, int8Case{7, 1013, 555, 3})
			checkInt8(t, im, int8Case{1013, 7, 555, 3})
		})
		t.Run("blocks of rows and columns", func(t *testing.T) {
			checkInt8(t, im, int8Case{16*kr.MC + kr.MR + 1, 3, 5, 0})
			checkInt8(t, im, int8Case{3, kr.NC + kr.NR + 1, 5, 0})
		})
		t.Run("longest exact sum", func(t *testing.T) {
			const k = 65793
			a, b, c := make([]uint8, k), make([]int8, k), make([]int32, 1)
			for i := range k {
				a[i], b[i] = 255, -128
			}
			im.Gemmu8s8(1, 1, k, a, k, b, 1, c, 1)
			require.Equal(t, []int32{-255 * 128 * k}, c)
		})
	})
}

func TestGemmu8s8Panics(t *testing.T) {
	for _, c := range []struct {
		m, n, k, la, lda, lb, ldb, lc, ldc int
		want                               string
	}{
		{-1, 2, 2, 4, 2, 4, 2, 4, 2, "blas: m < 0"},
		{2, -1, 2, 4, 2, 4, 2, 4, 2, "blas: n < 0"},
		{2, 2, -1, 4, 2, 4, 2, 4, 2, "blas: k < 0"},
		{2, 2, 3, 6, 2, 6, 2, 4, 2, "blas: bad leading dimension of A"},
		{2, 3, 2, 4, 2, 6, 2, 6, 3, "blas: bad leading dimension of B"},
		{2, 3, 2, 4, 2, 6, 3, 6, 2, "blas: bad leading dimension of C"},
		{2, 2, 2, 3, 2, 4, 2, 4, 2, "blas: insufficient length of a"},
		{2, 2, 2, 4, 2, 3, 2, 4, 2, "blas: insufficient length of b"},
		{2, 2, 2, 4, 2, 4, 2, 3, 2, "blas: insufficient length of c"},
	} {
		t.Run(c.want, func(t *testing.T) {
			require.PanicsWithValue(t, c.want, func() {
				blas.Gemmu8s8(c.m, c.n, c.k, make([]uint8, c.la), c.lda, make([]int8, c.lb), c.ldb, make([]int32, c.lc), c.ldc)
			})
		})
	}
}

// Zero points, as the formula in Gemmu8s8's comment has them.
func ExampleGemmu8s8() {
	a, b, c := []uint8{130, 128, 127, 129}, []int8{3, 1, -1, 2}, make([]int32, 4) // a-128 = 2 0 -1 1, b-1 = 2 0 -2 1
	blas.Gemmu8s8(2, 2, 2, a, 2, b, 2, c, 2)
	const za, zb, k = 128, 1, 2
	for i := range 2 {
		for j := range 2 {
			rowA, colB := int32(a[2*i])+int32(a[2*i+1]), int32(b[j])+int32(b[2+j])
			c[2*i+j] += -zb*rowA - za*colB + k*za*zb
		}
	}
	fmt.Println(c)
	// Output: [4 0 -4 1]
}

// FuzzGemmu8s8 compares the best kernel with the formula at any size.
func FuzzGemmu8s8(f *testing.F) {
	f.Add(uint8(6), uint8(16), uint16(33), uint8(1))
	f.Add(uint8(15), uint8(33), uint16(1030), uint8(0))
	f.Fuzz(func(t *testing.T, m, n uint8, k uint16, pad uint8) {
		checkInt8(t, blas.Implementation{}, int8Case{int(m % 64), int(n % 128), int(k % 1200), int(pad % 8)})
	})
}
