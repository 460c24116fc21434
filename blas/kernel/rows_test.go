package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/cpu"
)

func TestRows(t *testing.T) {
	for _, isa := range cpu.All() {
		if isa > cpu.Best() {
			continue
		}
		t.Run(isa.String()+" float32", func(t *testing.T) { testRows[float32](t, isa, 0x1p-24); testOuter[float32](t, isa, 0x1p-24) })
		t.Run(isa.String()+" float64", func(t *testing.T) { testRows[float64](t, isa, 0x1p-53); testOuter[float64](t, isa, 0x1p-53) })
	}
}

// rowsOf returns rows × n random numbers in [-1, 1), ld apart, with NaN between the rows and no element after the last.
func rowsOf[T Float](rng *rand.Rand, rows, n, ld int) []T {
	s := make([]T, (rows-1)*ld+max(n, 1))
	for i := range s {
		if s[i] = T(math.NaN()); i%ld < n {
			s[i] = T(2*rng.Float64() - 1)
		}
	}
	return s
}

// testOuter compares Outer with the formula, in a C whose rows have NaN between them.
func testOuter[T Float](t *testing.T, isa cpu.ISA, eps float64) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, k := range []int{1, 2, 7, 8, 9, 15, 16, 27} {
		for _, groups := range []int{1, 2, 3} {
			for _, n := range []int{OuterN, 2 * OuterN, 5 * OuterN} {
				name := fmt.Sprintf("outer k=%d groups=%d n=%d", k, groups, n)
				m, ldb, ldc := groups*OuterM, n+3, n+5
				size := (k + OuterK - 1) / OuterK * OuterK * m
				f, b := rowsOf[T](rng, 1, size, size), rowsOf[T](rng, k, n, ldb)
				c := rowsOf[T](rng, m+2, n, ldc) // the first and the last row are guards
				was := append([]T(nil), c...)
				Outer(isa, k, groups, n, &f[0], &b[0], ldb, &c[ldc], ldc)
				for at := range c {
					i, j := at/ldc-1, at%ldc
					if i < 0 || i >= m || j >= n {
						require.Equal(t, math.Float64bits(float64(was[at])), math.Float64bits(float64(c[at])), "%s: written outside: %d,%d", name, i, j)
						continue
					}
					want, abs := float64(was[at]), math.Abs(float64(was[at]))
					for p := range k {
						term := float64(f[((p/OuterK*groups+i/OuterM)*OuterK+p%OuterK)*OuterM+i%OuterM]) * float64(b[p*ldb+j])
						want += term
						abs += math.Abs(term)
					}
					require.InDelta(t, want, float64(c[at]), 2*float64(k+2)*eps*abs, "%s: %d,%d", name, i, j)
				}
			}
		}
	}
}

func testRows[T Float](t *testing.T, isa cpu.ISA, eps float64) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 23, 24, 31, 32, 33, 64, 71, 200} {
		for nr := 1; nr <= DotsR; nr++ {
			name := fmt.Sprintf("dots n=%d nr=%d", n, nr)
			lds, ldr := n+3, n+1
			s, r := rowsOf[T](rng, DotsS, n, lds), rowsOf[T](rng, nr, n, ldr)
			var out [DotsS * DotsR]T
			for i := range out {
				out[i] = T(i)
			}
			Dots(isa, nr, n, &s[0], lds, &r[0], ldr, &out)
			for at := range out {
				i, j := at%DotsS, at/DotsS
				want, abs := float64(at), float64(at)
				for p := range n {
					if j < nr {
						want += float64(s[i*lds+p]) * float64(r[j*ldr+p])
						abs += math.Abs(float64(s[i*lds+p]) * float64(r[j*ldr+p]))
					}
				}
				require.InDelta(t, want, float64(out[at]), 2*float64(n+2)*eps*abs, "%s: %d,%d", name, i, j) // n+2 roundings at most, here and in the reference
			}
		}
		name := fmt.Sprintf("axpys n=%d", n)
		lda := n + 5
		a, f := rowsOf[T](rng, AxpysK, n, lda), [AxpysK]T(rowsOf[T](rng, 1, AxpysK, AxpysK))
		y := rowsOf[T](rng, 3, n, n+4) // the middle one is written
		was := append([]T(nil), y...)
		Axpys(isa, n, &f, &a[0], lda, &y[n+4])
		for at := range y {
			i := at - (n + 4)
			if i < 0 || i >= n {
				require.Equal(t, math.Float64bits(float64(was[at])), math.Float64bits(float64(y[at])), "%s: written outside, at %d", name, i)
				continue
			}
			want, abs := float64(was[at]), math.Abs(float64(was[at]))
			for q := range AxpysK {
				want += float64(f[q]) * float64(a[q*lda+i])
				abs += math.Abs(float64(f[q]) * float64(a[q*lda+i]))
			}
			require.InDelta(t, want, float64(y[at]), 2*(AxpysK+2)*eps*abs, "%s: at %d", name, i)
		}
	}
}
