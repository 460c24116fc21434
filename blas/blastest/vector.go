// Conformance of levels 1 and 2: vectors of any stride.

package blastest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/kernel"
)

// Vectors is levels 1 and 2 of some implementation in one type.
type Vectors[T kernel.Float] struct {
	Dot  func(n int, x []T, incX int, y []T, incY int) T
	Axpy func(n int, alpha T, x []T, incX int, y []T, incY int)
	Scal func(n int, alpha T, x []T, incX int)
	Nrm2 func(n int, x []T, incX int) T
	Asum func(n int, x []T, incX int) T
	Amax func(n int, x []T, incX int) int
	Gemv func(tA blas.Transpose, m, n int, alpha T, a []T, lda int, x []T, incX int, beta T, y []T, incY int)
	Ger  func(m, n int, alpha T, x []T, incX int, y []T, incY int, a []T, lda int)
}

// vectorSizes are around the rounds of 32 and the vectors of 8 or 4 of the kernels.
var vectorSizes = []int{0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 63, 64, 65, 100, 257}

var strides = [][2]int{{1, 1}, {1, 3}, {2, 1}, {-1, 1}, {3, -2}, {-2, -3}}

// A strided is a vector of n elements inc apart, in a guarded buffer whose gaps hold NaN.
type strided[T kernel.Float] struct {
	*Matrix[T]
	n, inc int
}

func newStrided[T kernel.Float](rng *rand.Rand, n, inc int) strided[T] {
	return strided[T]{NewMatrix[T](rng, n, 1, max(inc, -inc)-1), n, inc}
}

func (v strided[T]) row(i int) int {
	if v.inc < 0 {
		return v.n - 1 - i
	}
	return i
}

func (v strided[T]) at(i int) float64  { return v.At(v.row(i), 0) }
func (v strided[T]) was(i int) float64 { return v.Was(v.row(i), 0) }

// Levels12 runs the suite.
func Levels12[T kernel.Float](t *testing.T, v Vectors[T]) {
	for _, s := range strides {
		t.Run(fmt.Sprintf("strides %d,%d", s[0], s[1]), func(t *testing.T) {
			for _, n := range vectorSizes {
				level1(t, v, n, s[0], s[1])
			}
			for _, m := range []int{0, 1, 3, 8, 33} {
				for _, n := range []int{0, 1, 7, 32, 41} {
					level2(t, v, m, n, s[0], s[1])
				}
			}
		})
	}
	t.Run("amax", func(t *testing.T) { amaxOrder(t, v) })
	t.Run("nrm2 at the ends of the range", func(t *testing.T) { nrm2Extremes(t, v) })
}

func level1[T kernel.Float](t *testing.T, v Vectors[T], n, incX, incY int) {
	rng := rand.New(rand.NewPCG(uint64(n), 3))
	x, y := newStrided[T](rng, n, incX), newStrided[T](rng, n, incY)
	name := fmt.Sprintf("n=%d incX=%d incY=%d", n, incX, incY)

	var want, abs, sum, squares, most float64
	at := -1
	for i := range n {
		want += x.at(i) * y.at(i)
		abs += math.Abs(x.at(i) * y.at(i))
		sum += math.Abs(x.at(i))
		squares += x.at(i) * x.at(i)
		if m := math.Abs(x.at(i)); m > most {
			most, at = m, i
		}
	}
	near(t, "dot "+name, float64(v.Dot(n, x.Data, incX, y.Data, incY)), want, Bound[T](n, abs))
	if incX > 0 {
		near(t, "nrm2 "+name, float64(v.Nrm2(n, x.Data, incX)), math.Sqrt(squares), Bound[T](n, math.Sqrt(squares)))
		near(t, "asum "+name, float64(v.Asum(n, x.Data, incX)), sum, Bound[T](n, sum))
		require.Equal(t, at, v.Amax(n, x.Data, incX), name)
	}
	x.RequireUnchanged(t, name)
	y.RequireUnchanged(t, name)

	for _, alpha := range []float64{0, 1, -1.25} {
		y.Keep()
		v.Axpy(n, T(alpha), x.Data, incX, y.Data, incY)
		x.RequireUnchanged(t, "axpy "+name)
		y.RequireGuards(t, "axpy "+name)
		for i := range n {
			p := alpha * x.at(i)
			near(t, "axpy "+name, y.at(i), y.was(i)+p, Bound[T](1, math.Abs(y.was(i))+math.Abs(p)))
		}
	}
	if incX > 0 {
		for _, alpha := range []float64{1, -1.25, 0} {
			x.Keep()
			v.Scal(n, T(alpha), x.Data, incX)
			x.RequireGuards(t, "scal "+name)
			for i := range n {
				near(t, "scal "+name, x.at(i), alpha*x.was(i), Bound[T](1, math.Abs(alpha*x.was(i))))
			}
		}
	}
}

func level2[T kernel.Float](t *testing.T, v Vectors[T], m, n, incX, incY int) {
	rng := rand.New(rand.NewPCG(uint64(m), uint64(n)))
	for _, tA := range []blas.Transpose{blas.NoTrans, blas.Trans} {
		for _, beta := range []float64{0, 1, -0.5} {
			lenX, lenY := n, m
			if tA != blas.NoTrans {
				lenX, lenY = m, n
			}
			a, x, y := NewMatrix[T](rng, m, n, 2), newStrided[T](rng, lenX, incX), newStrided[T](rng, lenY, incY)
			if beta == 0 {
				y.Fill(T(math.NaN()))
			}
			name := fmt.Sprintf("gemv %c m=%d n=%d incX=%d incY=%d beta=%v", tA, m, n, incX, incY, beta)
			v.Gemv(tA, m, n, -1.25, a.Data, a.Stride, x.Data, incX, T(beta), y.Data, incY)
			a.RequireUnchanged(t, name)
			x.RequireUnchanged(t, name)
			y.RequireGuards(t, name)
			if m == 0 || n == 0 {
				y.RequireUnchanged(t, name) // as gonum has it
				continue
			}
			for i := range lenY {
				var want, abs float64
				for j := range lenX {
					p := -1.25 * x.at(j)
					if tA == blas.NoTrans {
						p *= a.At(i, j)
					} else {
						p *= a.At(j, i)
					}
					want += p
					abs += math.Abs(p)
				}
				if beta != 0 {
					want += beta * y.was(i)
					abs += math.Abs(beta * y.was(i))
				}
				near(t, name, y.at(i), want, Bound[T](lenX, abs))
			}
		}
	}
	a, x, y := NewMatrix[T](rng, m, n, 2), newStrided[T](rng, m, incX), newStrided[T](rng, n, incY)
	v.Ger(m, n, -1.25, x.Data, incX, y.Data, incY, a.Data, a.Stride)
	name := fmt.Sprintf("ger m=%d n=%d incX=%d incY=%d", m, n, incX, incY)
	x.RequireUnchanged(t, name)
	y.RequireUnchanged(t, name)
	a.RequireGuards(t, name)
	for i := range m {
		for j := range n {
			p := -1.25 * x.at(i) * y.at(j)
			near(t, name, a.At(i, j), a.Was(i, j)+p, Bound[T](1, math.Abs(p)+math.Abs(a.Was(i, j))))
		}
	}
}

// nrm2Extremes takes the norm of vectors whose squares leave the range of T: of 3·s and 4·s it is 5·s.
func nrm2Extremes[T kernel.Float](t *testing.T, v Vectors[T]) {
	scales := []float64{0x1p-140, 0x1p-100, 1, 0x1p100, 0x1p124} // float32
	if Epsilon[T]() < 0x1p-50 {
		scales = []float64{0x1p-1060, 0x1p-600, 1, 0x1p600, 0x1p1020}
	}
	for _, s := range scales {
		require.Equal(t, T(5*s), v.Nrm2(3, []T{T(3 * s), 0, T(4 * s)}, 1), "scale %v", s)
	}
	require.True(t, math.IsNaN(float64(v.Nrm2(3, []T{1, T(math.NaN()), 1}, 1))))
	require.Equal(t, T(math.Inf(1)), v.Nrm2(3, []T{1, T(math.Inf(-1)), 1}, 1))
	require.Equal(t, T(0), v.Nrm2(3, []T{0, 0, 0}, 1))
}

// amaxOrder looks for the first of equal values, with NaN where it must not count, across the blocks in which it may be sought.
func amaxOrder[T kernel.Float](t *testing.T, v Vectors[T]) {
	x := make([]T, 2000)
	x[1500], x[700], x[699] = 3, -3, T(math.NaN())
	require.Equal(t, 700, v.Amax(len(x), x, 1))
	x[1999] = T(math.Inf(-1))
	require.Equal(t, 1999, v.Amax(len(x), x, 1))
	x[0] = T(math.NaN()) // as gonum has it: nothing is larger
	require.Equal(t, 0, v.Amax(len(x), x, 1))
	require.Equal(t, 0, v.Amax(5, make([]T, 5), 1))
}

func near(t testing.TB, name string, got, want, tol float64) {
	t.Helper()
	if !Close(got, want, tol) {
		require.Failf(t, "wrong value", "%s: got %v, want %v ± %.3g", name, got, want, tol)
	}
}
