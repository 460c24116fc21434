// Conformance of level 2 on symmetric, triangular and band matrices, in every form of storage.

package blastest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	gblas "gonum.org/v1/gonum/blas"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/kernel"
)

// Level2 is the structured routines of some implementation in one type. What differs between the forms of storage is hidden
// by closures: k counts for bands only, lda not for packed triangles.
type Level2[T kernel.Float] struct {
	Gbmv       func(tA blas.Transpose, m, n, kL, kU int, alpha T, a []T, lda int, x []T, incX int, beta T, y []T, incY int)
	Symv       map[Form]func(ul gblas.Uplo, n, k int, alpha T, a []T, lda int, x []T, incX int, beta T, y []T, incY int)
	Syr        map[Form]func(ul gblas.Uplo, n int, alpha T, x []T, incX int, a []T, lda int)
	Syr2       map[Form]func(ul gblas.Uplo, n int, alpha T, x []T, incX int, y []T, incY int, a []T, lda int)
	Trmv, Trsv map[Form]func(ul gblas.Uplo, tA blas.Transpose, d gblas.Diag, n, k int, a []T, lda int, x []T, incX int)
}

// A Form is how a triangle lies in memory.
type Form string

const (
	Full   Form = "full"
	Band   Form = "band"
	Packed Form = "packed"
)

var forms = []Form{Full, Band, Packed}

// structuredSizes are around the blocks of 64 on the diagonal; of the last, rectangles are wider than a strip of columns.
var structuredSizes = []int{1, 2, 5, 63, 64, 65, 130, 200}

// StructuredVectors runs the suite. Whatever a routine must not read is NaN.
func StructuredVectors[T kernel.Float](t *testing.T, l Level2[T]) {
	for _, form := range forms {
		for _, ul := range uplos {
			t.Run(fmt.Sprintf("%s %c", form, ul), func(t *testing.T) {
				for _, n := range structuredSizes {
					for i, s := range [][2]int{{1, 1}, {2, -3}, {-2, 1}} {
						if i > 0 && n > 65 || n == 200 && testing.Short() { // strides are gone before blocks are cut
							break
						}
						checkSymv(t, l, form, ul, n, s[0], s[1])
						if form != Band {
							checkSyr(t, l, form, ul, n, s[0], s[1])
						}
						for _, tA := range opsList {
							for _, d := range diags {
								checkTriangularVector(t, l, form, ul, tA, d, n, s[0])
							}
						}
					}
				}
			})
		}
	}
	t.Run("gbmv", func(t *testing.T) {
		for _, size := range [][2]int{{1, 1}, {7, 5}, {5, 9}, {70, 70}, {40, 130}, {130, 40}} {
			for _, k := range [][2]int{{0, 0}, {2, 1}, {0, 17}, {80, 33}} {
				for _, s := range [][2]int{{1, 1}, {2, -3}} {
					for _, tA := range opsList {
						checkGbmv(t, l, tA, size[0], size[1], k[0], k[1], s[0], s[1])
					}
				}
			}
		}
	})
}

// A half is a stored triangle in a guarded buffer, with NaN wherever nothing is stored, and its elements in float64.
type half[T kernel.Float] struct {
	*Matrix[T]
	form   Form
	ul     gblas.Uplo
	n, k   int
	lda    int
	values []float64 // [n, n], 0 outside of the triangle
}

// width returns how many diagonals beside the main one a triangle in form has, for the tests.
func width(form Form, n int) int {
	if form == Band {
		return n / 3
	}
	return max(0, n-1)
}

func newHalf[T kernel.Float](rng *rand.Rand, form Form, ul gblas.Uplo, n int, diagonal float64) half[T] {
	h := half[T]{form: form, ul: ul, n: n, k: width(form, n), values: make([]float64, n*n)}
	var size int
	switch form {
	case Full:
		h.lda = n + 2
		size = (n-1)*h.lda + n
	case Band:
		h.lda = h.k + 3
		size = (n-1)*h.lda + h.k + 1
	case Packed:
		size = n * (n + 1) / 2
	}
	h.Matrix = NewMatrix[T](rng, 1, size, 0)
	h.Fill(T(math.NaN()))
	for i := range n {
		for j := range n {
			if at, ok := h.index(i, j); ok {
				v := T((2*rng.Float64() - 1) / float64(n)) // keeps solutions from growing without bound
				if i == j {
					v += T(diagonal)
				}
				h.Data[at], h.values[i*n+j] = v, float64(v)
			}
		}
	}
	h.Keep()
	return h
}

// index returns where element i, j is, and whether it is stored.
func (h half[T]) index(i, j int) (at int, ok bool) {
	if i != j && (i < j) != (h.ul == gblas.Upper) || max(i-j, j-i) > h.k {
		return 0, false
	}
	switch {
	case h.form == Full:
		return i*h.lda + j, true
	case h.form == Band && h.ul == gblas.Upper:
		return i*h.lda + j - i, true
	case h.form == Band:
		return i*h.lda + h.k + j - i, true
	case h.ul == gblas.Upper:
		return i*h.n - i*(i-1)/2 + j - i, true
	}
	return i*(i+1)/2 + j, true
}

// symmetric returns element i, j of the symmetric matrix.
func (h half[T]) symmetric(i, j int) float64 {
	if (i < j) != (h.ul == gblas.Upper) {
		i, j = j, i
	}
	return h.values[i*h.n+j]
}

func checkSymv[T kernel.Float](t *testing.T, l Level2[T], form Form, ul gblas.Uplo, n, incX, incY int) {
	rng := rand.New(rand.NewPCG(uint64(n), 7))
	for _, alpha := range []float64{0, -1.25} {
		for _, beta := range []float64{0, 1, 2} {
			name := fmt.Sprintf("symv %s %c n=%d incX=%d incY=%d alpha=%v beta=%v", form, ul, n, incX, incY, alpha, beta)
			a, x, y := newHalf[T](rng, form, ul, n, 0), newStrided[T](rng, n, incX), newStrided[T](rng, n, incY)
			if alpha == 0 {
				a.Fill(T(math.NaN())) // not read
			}
			if beta == 0 {
				y.Fill(T(math.NaN()))
			}
			l.Symv[form](ul, n, a.k, T(alpha), a.Data, a.lda, x.Data, incX, T(beta), y.Data, incY)
			a.RequireUnchanged(t, name)
			x.RequireUnchanged(t, name)
			y.RequireGuards(t, name)
			for i := range n {
				var want, abs float64
				for j := range n {
					p := alpha * a.symmetric(i, j) * x.at(j)
					want, abs = want+p, abs+math.Abs(p)
				}
				if beta != 0 {
					want, abs = want+beta*y.was(i), abs+math.Abs(beta*y.was(i))
				}
				near(t, name, y.at(i), want, Bound[T](n, abs))
			}
		}
	}
}

func checkSyr[T kernel.Float](t *testing.T, l Level2[T], form Form, ul gblas.Uplo, n, incX, incY int) {
	rng := rand.New(rand.NewPCG(uint64(n), 8))
	for _, two := range []bool{false, true} {
		for _, alpha := range []float64{0, -1.25} {
			name := fmt.Sprintf("syr %s %c two=%v n=%d incX=%d incY=%d alpha=%v", form, ul, two, n, incX, incY, alpha)
			a, x, y := newHalf[T](rng, form, ul, n, 0), newStrided[T](rng, n, incX), newStrided[T](rng, n, incY)
			if two {
				l.Syr2[form](ul, n, T(alpha), x.Data, incX, y.Data, incY, a.Data, a.lda)
			} else {
				l.Syr[form](ul, n, T(alpha), x.Data, incX, a.Data, a.lda)
			}
			x.RequireUnchanged(t, name)
			y.RequireUnchanged(t, name)
			a.RequireGuards(t, name)
			written := make([]bool, len(a.Data))
			for i := range n {
				for j := range n {
					at, ok := a.index(i, j)
					if !ok {
						continue
					}
					written[at] = true
					p := alpha * x.at(i) * x.at(j)
					abs := math.Abs(p)
					if two {
						q, r := alpha*x.at(i)*y.at(j), alpha*y.at(i)*x.at(j)
						p, abs = q+r, math.Abs(q)+math.Abs(r)
					}
					was := a.values[i*n+j]
					near(t, name, float64(a.Data[at]), was+p, Bound[T](2, abs+math.Abs(was)))
				}
			}
			for at, v := range a.Data {
				if !written[at] && v == v {
					require.Failf(t, "written", "%s: element %d is not of the triangle", name, at)
				}
			}
		}
	}
}

// checkTriangularVector checks trmv and trsv. The error of a solution is bounded as in checkTriangular.
func checkTriangularVector[T kernel.Float](t *testing.T, l Level2[T], form Form, ul gblas.Uplo, tA blas.Transpose, d gblas.Diag, n, inc int) {
	rng := rand.New(rand.NewPCG(uint64(n), 9))
	name := fmt.Sprintf("%s %c%c%c n=%d inc=%d", form, ul, tA, d, n, inc)
	a, x := newHalf[T](rng, form, ul, n, 2), newStrided[T](rng, n, inc)
	m := append([]float64(nil), a.values...) // op(A)
	for i := range n {
		if d == gblas.Unit {
			at, _ := a.index(i, i)
			a.Data[at], m[i*n+i] = T(math.NaN()), 1
		}
		if tA != blas.NoTrans {
			for j := range i {
				m[i*n+j], m[j*n+i] = m[j*n+i], m[i*n+j]
			}
		}
	}
	a.Keep()

	want, abs := make([]float64, n), make([]float64, n)
	for i := range n {
		for j := range n {
			want[i] += m[i*n+j] * x.at(j)
			abs[i] += math.Abs(m[i*n+j] * x.at(j))
		}
	}
	l.Trmv[form](ul, tA, d, n, a.k, a.Data, a.lda, x.Data, inc)
	a.RequireUnchanged(t, "trmv "+name)
	x.RequireGuards(t, "trmv "+name)
	for i := range n {
		near(t, "trmv "+name, x.at(i), want[i], Bound[T](n, abs[i]))
	}

	upper := (ul == gblas.Upper) == (tA == blas.NoTrans)
	x.Keep()
	for i := range n {
		want[i] = x.at(i)
	}
	substitute(m, want, upper)
	for i := range n {
		abs[i] = 0
		for j := range n {
			abs[i] += math.Abs(m[i*n+j] * want[j])
		}
	}
	comparison := make([]float64, len(m))
	for at, v := range m {
		comparison[at] = -math.Abs(v)
	}
	for i := range n {
		comparison[i*n+i] *= -1
	}
	substitute(comparison, abs, upper)
	l.Trsv[form](ul, tA, d, n, a.k, a.Data, a.lda, x.Data, inc)
	a.RequireUnchanged(t, "trsv "+name)
	x.RequireGuards(t, "trsv "+name)
	for i := range n {
		near(t, "trsv "+name, x.at(i), want[i], Bound[T](n, abs[i]))
	}
}

// substitute solves m·x = b for a triangular m, in place.
func substitute(m, b []float64, upper bool) {
	n := len(b)
	for q := range n {
		i := q
		if upper {
			i = n - 1 - q
		}
		for j := range n {
			if j != i {
				if m[i*n+j] != 0 {
					b[i] -= m[i*n+j] * b[j]
				}
			}
		}
		b[i] /= m[i*n+i]
	}
}

func checkGbmv[T kernel.Float](t *testing.T, l Level2[T], tA blas.Transpose, m, n, kL, kU, incX, incY int) {
	rng := rand.New(rand.NewPCG(uint64(m), uint64(n)))
	lenX, lenY := n, m
	if tA != blas.NoTrans {
		lenX, lenY = m, n
	}
	for _, alpha := range []float64{0, -1.25} {
		for _, beta := range []float64{0, 1, 2} {
			name := fmt.Sprintf("gbmv %c m=%d n=%d kL=%d kU=%d incX=%d incY=%d alpha=%v beta=%v", tA, m, n, kL, kU, incX, incY, alpha, beta)
			a, x, y := NewMatrix[T](rng, m, kL+kU+1, 2), newStrided[T](rng, lenX, incX), newStrided[T](rng, lenY, incY)
			for i := range m { // what lies in no column must not be read
				for p := range a.Cols {
					if j := i + p - kL; j < 0 || j >= n {
						a.Data[i*a.Stride+p] = T(math.NaN())
					}
				}
			}
			a.Keep()
			if beta == 0 {
				y.Fill(T(math.NaN()))
			}
			l.Gbmv(tA, m, n, kL, kU, T(alpha), a.Data, a.Stride, x.Data, incX, T(beta), y.Data, incY)
			a.RequireUnchanged(t, name)
			x.RequireUnchanged(t, name)
			y.RequireGuards(t, name)
			want, abs := make([]float64, lenY), make([]float64, lenY)
			for i := range m {
				for j := max(0, i-kL); j < min(n, i+kU+1); j++ {
					r, c := i, j
					if tA != blas.NoTrans {
						r, c = j, i
					}
					p := alpha * a.At(i, kL+j-i) * x.at(c)
					want[r], abs[r] = want[r]+p, abs[r]+math.Abs(p)
				}
			}
			for i := range lenY {
				if beta != 0 {
					want[i], abs[i] = want[i]+beta*y.was(i), abs[i]+math.Abs(beta*y.was(i))
				}
				near(t, name, y.at(i), want[i], Bound[T](lenX, abs[i]))
			}
		}
	}
}
