// Conformance of level 3 on symmetric and triangular matrices.

package blastest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	gblas "gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/kernel"
)

// Level3 is the structured routines of some implementation in one type.
type Level3[T kernel.Float] struct {
	Symm  func(s gblas.Side, ul gblas.Uplo, m, n int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int)
	Syrk  func(ul gblas.Uplo, t gblas.Transpose, n, k int, alpha T, a []T, lda int, beta T, c []T, ldc int)
	Syr2k func(ul gblas.Uplo, t gblas.Transpose, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int)
	Trmm  func(s gblas.Side, ul gblas.Uplo, t gblas.Transpose, d gblas.Diag, m, n int, alpha T, a []T, lda int, b []T, ldb int)
	Trsm  func(s gblas.Side, ul gblas.Uplo, t gblas.Transpose, d gblas.Diag, m, n int, alpha T, a []T, lda int, b []T, ldb int)
}

// reference is gonum's code in float64. Its triangular routines skip zeros and it splits nothing: slow, and well tested.
var reference = gonum.Implementation{}

var (
	sides   = []gblas.Side{gblas.Left, gblas.Right}
	uplos   = []gblas.Uplo{gblas.Upper, gblas.Lower}
	opsList = []blas.Transpose{blas.NoTrans, blas.Trans}
	diags   = []gblas.Diag{gblas.NonUnit, gblas.Unit}
)

// Structured runs the suite on the sizes around the routines' blocks. Whatever a routine must not read is NaN.
func Structured[T kernel.Float](t *testing.T, l Level3[T]) {
	sizes := []int{1, 31, 33, 97, 130}
	for _, size := range sizes {
		for _, other := range []int{1, 37} {
			for _, ul := range uplos {
				t.Run(fmt.Sprintf("%d,%d,%c", size, other, ul), func(t *testing.T) {
					for _, s := range sides {
						checkSymm(t, l, s, ul, size, other)
						for _, tA := range opsList {
							for _, d := range diags {
								checkTriangular(t, l, s, ul, tA, d, size, other)
							}
						}
					}
					for _, tA := range opsList {
						checkRank(t, l, ul, tA, size, other)
					}
				})
			}
		}
	}
}

// hide sets the elements that a routine must not read to NaN: the other triangle, and the diagonal if it is unit.
func hide[T kernel.Float](a *Matrix[T], ul gblas.Uplo, d gblas.Diag) {
	for i := range a.Rows {
		for j := range a.Cols {
			if i != j && (i < j) != (ul == gblas.Upper) || i == j && d == gblas.Unit {
				a.Data[i*a.Stride+j] = T(math.NaN())
			}
		}
	}
	a.Keep()
}

// wide returns f of every element of m in float64, as it was at the last Keep, with m's stride.
func wide[T kernel.Float](m *Matrix[T], f func(float64) float64) []float64 {
	w := make([]float64, len(m.Data))
	for i := range w {
		w[i] = f(float64(m.before[Guard+i]))
	}
	return w
}

func same(v float64) float64 { return v }

// compare checks every element of got for which in says so against want, within the rounding error of sums of terms whose
// absolute values add up to abs; the other elements must be untouched.
func compare[T kernel.Float](t testing.TB, name string, got *Matrix[T], want, abs []float64, terms int, in func(i, j int) bool) {
	t.Helper()
	got.RequireGuards(t, name)
	for i := range got.Rows {
		for j := range got.Cols {
			at := i*got.Stride + j
			if !in(i, j) {
				if bits(got.before[Guard+at]) != bits(got.Data[at]) {
					require.Failf(t, "written", "%s: [%d,%d] lies outside of the triangle", name, i, j)
				}
				continue
			}
			if tol := Bound[T](terms, abs[at]); !Close(got.At(i, j), want[at], tol) {
				require.Failf(t, "wrong element", "%s: [%d,%d] = %v, want %v ± %.3g", name, i, j, got.At(i, j), want[at], tol)
			}
		}
	}
}

func all(i, j int) bool { return true }

func checkSymm[T kernel.Float](t *testing.T, l Level3[T], s gblas.Side, ul gblas.Uplo, order, other int) {
	m, n := order, other
	if s == gblas.Right {
		m, n = n, m
	}
	rng := rand.New(rand.NewPCG(uint64(order), uint64(other)))
	for _, alpha := range []float64{0, -0.5} {
		for _, beta := range []float64{0, 1, 2} {
			name := fmt.Sprintf("symm %c%c m=%d n=%d alpha=%v beta=%v", s, ul, m, n, alpha, beta)
			a, b, c := NewMatrix[T](rng, order, order, 1), NewMatrix[T](rng, m, n, 2), NewMatrix[T](rng, m, n, 3)
			hide(a, ul, gblas.NonUnit)
			if beta == 0 {
				c.Fill(T(math.NaN()))
			}
			want, abs := wide(c, same), wide(c, math.Abs)
			reference.Dsymm(s, ul, m, n, alpha, wide(a, same), a.Stride, wide(b, same), b.Stride, beta, want, c.Stride)
			reference.Dsymm(s, ul, m, n, math.Abs(alpha), wide(a, math.Abs), a.Stride, wide(b, math.Abs), b.Stride, beta, abs, c.Stride)
			l.Symm(s, ul, m, n, T(alpha), a.Data, a.Stride, b.Data, b.Stride, T(beta), c.Data, c.Stride)
			a.RequireUnchanged(t, name)
			b.RequireUnchanged(t, name)
			compare(t, name, c, want, abs, order, all)
		}
	}
}

func checkRank[T kernel.Float](t *testing.T, l Level3[T], ul gblas.Uplo, tA blas.Transpose, n, k int) {
	rows, cols := n, k
	if tA != blas.NoTrans {
		rows, cols = k, n
	}
	in := func(i, j int) bool { return i == j || (i < j) == (ul == gblas.Upper) }
	rng := rand.New(rand.NewPCG(uint64(n), uint64(k)))
	for _, alpha := range []float64{0, -0.5} {
		for _, beta := range []float64{0, 1, 2} {
			a, b, c := NewMatrix[T](rng, rows, cols, 1), NewMatrix[T](rng, rows, cols, 2), NewMatrix[T](rng, n, n, 3)
			if beta == 0 {
				c.Fill(T(math.NaN()))
			}
			name := fmt.Sprintf("syrk %c%c n=%d k=%d alpha=%v beta=%v", ul, tA, n, k, alpha, beta)
			want, abs := wide(c, same), wide(c, math.Abs)
			if beta == 0 { // gonum reads C there in one of the cases
				clear(want)
				clear(abs)
			}
			reference.Dsyrk(ul, tA, n, k, alpha, wide(a, same), a.Stride, beta, want, c.Stride)
			reference.Dsyrk(ul, tA, n, k, math.Abs(alpha), wide(a, math.Abs), a.Stride, beta, abs, c.Stride)
			l.Syrk(ul, tA, n, k, T(alpha), a.Data, a.Stride, T(beta), c.Data, c.Stride)
			a.RequireUnchanged(t, name)
			compare(t, name, c, want, abs, k, in)

			name = "syr2k" + name[4:]
			c.Keep()
			want, abs = wide(c, same), wide(c, math.Abs)
			reference.Dsyr2k(ul, tA, n, k, alpha, wide(a, same), a.Stride, wide(b, same), b.Stride, beta, want, c.Stride)
			reference.Dsyr2k(ul, tA, n, k, math.Abs(alpha), wide(a, math.Abs), a.Stride, wide(b, math.Abs), b.Stride, beta, abs, c.Stride)
			l.Syr2k(ul, tA, n, k, T(alpha), a.Data, a.Stride, b.Data, b.Stride, T(beta), c.Data, c.Stride)
			a.RequireUnchanged(t, name)
			b.RequireUnchanged(t, name)
			compare(t, name, c, want, abs, 2*k, in)
		}
	}
}

// checkTriangular checks trmm and trsm. The error of a solution is bounded by γ·|T⁻¹|·|T|·|x| (Higham, theorem 8.5), and
// |T⁻¹| by the inverse of the comparison matrix, with |d| on the diagonal and -|t| elsewhere: one more product and solution.
func checkTriangular[T kernel.Float](t *testing.T, l Level3[T], s gblas.Side, ul gblas.Uplo, tA blas.Transpose, d gblas.Diag, order, other int) {
	m, n := order, other
	if s == gblas.Right {
		m, n = n, m
	}
	rng := rand.New(rand.NewPCG(uint64(order), uint64(other)))
	for _, alpha := range []float64{0, -0.5} {
		name := fmt.Sprintf("%c%c%c%c m=%d n=%d alpha=%v", s, ul, tA, d, m, n, alpha)
		a, b := NewMatrix[T](rng, order, order, 1), NewMatrix[T](rng, m, n, 2)
		for i := range order {
			for j := range order {
				a.Data[i*a.Stride+j] /= T(order) // keeps solutions from growing without bound
			}
			a.Data[i*a.Stride+i] += 2
		}
		hide(a, ul, d)
		negative := func(v float64) float64 { return -math.Abs(v) }
		aw, abs := wide(a, same), wide(a, math.Abs)
		comparison := wide(a, negative)
		for i := range order {
			comparison[i*a.Stride+i] = abs[i*a.Stride+i]
		}

		want, bound := wide(b, same), wide(b, math.Abs)
		reference.Dtrmm(s, ul, tA, d, m, n, alpha, aw, a.Stride, want, b.Stride)
		reference.Dtrmm(s, ul, tA, d, m, n, math.Abs(alpha), abs, a.Stride, bound, b.Stride)
		l.Trmm(s, ul, tA, d, m, n, T(alpha), a.Data, a.Stride, b.Data, b.Stride)
		a.RequireUnchanged(t, "trmm "+name)
		compare(t, "trmm "+name, b, want, bound, order, all)

		b = NewMatrix[T](rng, m, n, 3)
		want = wide(b, same)
		reference.Dtrsm(s, ul, tA, d, m, n, alpha, aw, a.Stride, want, b.Stride)
		bound = make([]float64, len(want))
		for i, v := range want {
			bound[i] = math.Abs(v)
		}
		reference.Dtrmm(s, ul, tA, d, m, n, 1, abs, a.Stride, bound, b.Stride)
		reference.Dtrsm(s, ul, tA, d, m, n, 1, comparison, a.Stride, bound, b.Stride)
		l.Trsm(s, ul, tA, d, m, n, T(alpha), a.Data, a.Stride, b.Data, b.Stride)
		a.RequireUnchanged(t, "trsm "+name)
		compare(t, "trsm "+name, b, want, bound, order, all)
	}
}
