// Conformance of the matrix product.

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

// A GemmFunc is Sgemm or Dgemm of some implementation.
type GemmFunc[T kernel.Float] func(tA, tB blas.Transpose, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int)

// A gemmCase is one product. Pad is added to each leading dimension.
type gemmCase struct {
	tA, tB      blas.Transpose
	m, n, k     int
	pad         int
	alpha, beta float64
}

func (c gemmCase) String() string {
	return fmt.Sprintf("%c%c m=%d n=%d k=%d pad=%d alpha=%v beta=%v", c.tA, c.tB, c.m, c.n, c.k, c.pad, c.alpha, c.beta)
}

// Gemm runs the suite on a product whose tile is mr × nr and whose block of k is kc.
func Gemm[T kernel.Float](t *testing.T, gemm GemmFunc[T], mr, nr, kc int) {
	both := []blas.Transpose{blas.NoTrans, blas.Trans}
	scalars := []float64{0, 1, -0.75}
	each := func(m, n, k, pad int, alpha, beta []float64) {
		for _, tA := range both {
			for _, tB := range both {
				for _, al := range alpha {
					for _, be := range beta {
						checkGemm(t, gemm, gemmCase{tA, tB, m, n, k, pad, al, be})
					}
				}
			}
		}
	}
	t.Run("seams", func(t *testing.T) {
		steps := []int{0, 1, 4, 5, 17}
		if testing.Short() { // on an emulated machine, say
			steps = []int{0, 5}
		}
		for _, m := range seams(mr) {
			for _, n := range seams(nr) {
				for _, k := range steps {
					each(m, n, k, (m+n+k)%3*5, []float64{-0.75}, []float64{0, 1.5})
				}
			}
		}
	})
	t.Run("scalars", func(t *testing.T) {
		each(mr+1, nr+1, 7, 3, scalars, scalars)
		each(3*mr, 2*nr, 8, 0, scalars, scalars)
	})
	t.Run("blocks of k", func(t *testing.T) {
		for _, k := range []int{kc - 1, kc, kc + 1, 2*kc + 3} {
			each(2*mr+1, nr+3, k, 1, []float64{1}, []float64{0, 1, -0.5})
		}
	})
	t.Run("large", func(t *testing.T) {
		each(131, 149, 163, 2, []float64{1}, []float64{0.5})
		if testing.Short() {
			return
		}
		each(301, 97, 67, 0, []float64{1}, []float64{0})
		each(13, 401, 300, 0, []float64{1}, []float64{1})
		each(401, 13, 300, 0, []float64{1}, []float64{1})
		each(29, 4700, 117, 1, []float64{-0.75}, []float64{-0.5})
	})
	t.Run("skinny", func(t *testing.T) { // with few rows or few columns there are ways of their own
		all := []int{2, 3, 5, 8, 12, 13}
		if testing.Short() {
			all = []int{3, 12}
		}
		for _, few := range all {
			for _, s := range [][2]int{{513, 71}, {99, 519}} {
				each(few, s[0], s[1], few%3, []float64{-0.75}, []float64{0, 1.5})
				each(s[0], few, s[1], few%2, []float64{1}, []float64{0, 1})
				each(131, few, 33, few%2, []float64{-0.75}, []float64{0, 1.5})
			}
		}
	})
	t.Run("beta=0 does not read C", func(t *testing.T) {
		for _, k := range []int{0, 5, kc + 1} {
			for _, alpha := range []float64{0, 1} {
				gemmIntoNaN(t, gemm, 2*mr+1, 2*nr+1, k, alpha)
				gemmIntoNaN(t, gemm, 3, 600, k, alpha)
			}
		}
	})
	t.Run("alpha=0 does not read A and B", func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		a, b, c := NewMatrix[T](rng, 7, 7, 0), NewMatrix[T](rng, 7, 7, 0), NewMatrix[T](rng, 7, 7, 0)
		a.Fill(T(math.NaN()))
		b.Fill(T(math.Inf(1)))
		gemm(blas.NoTrans, blas.NoTrans, 7, 7, 7, 0, a.Data, 7, b.Data, 7, 2, c.Data, 7)
		for i := range 7 {
			for j := range 7 {
				require.Equal(t, 2*c.Was(i, j), c.At(i, j))
			}
		}
	})
	t.Run("NaN and infinities spread", func(t *testing.T) {
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			for _, k := range []int{9, kc + 9} {
				gemmSpreads(t, gemm, 2*mr+1, 2*nr+1, k, bad)
				gemmSpreads(t, gemm, 3, 601, k, bad)
			}
		}
	})
	t.Run("panics", func(t *testing.T) { gemmPanics(t, gemm) })
}

// seams are the sizes at which a loop that steps by tile may go wrong.
func seams(tile int) []int {
	return []int{0, 1, tile - 1, tile, tile + 1, 2*tile - 1, 2*tile + 1, 5*tile + 1}
}

// operands makes the matrices of c.
func operands[T kernel.Float](rng *rand.Rand, c gemmCase) (a, b, dst *Matrix[T]) {
	ra, ca, rb, cb := c.m, c.k, c.k, c.n
	if c.tA != blas.NoTrans {
		ra, ca = ca, ra
	}
	if c.tB != blas.NoTrans {
		rb, cb = cb, rb
	}
	return NewMatrix[T](rng, ra, ca, c.pad), NewMatrix[T](rng, rb, cb, 2*c.pad), NewMatrix[T](rng, c.m, c.n, c.pad)
}

// checkGemm runs c and compares every element with the formula in float64.
func checkGemm[T kernel.Float](t testing.TB, gemm GemmFunc[T], c gemmCase) {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(c.m*1000+c.n), uint64(c.k)))
	a, b, dst := operands[T](rng, c)
	gemm(c.tA, c.tB, c.m, c.n, c.k, T(c.alpha), a.Data, a.Stride, b.Data, b.Stride, T(c.beta), dst.Data, dst.Stride)
	a.RequireUnchanged(t, c.String()+": A")
	b.RequireUnchanged(t, c.String()+": B")
	dst.RequireGuards(t, c.String()+": C")
	compareGemm(t, c, a, b, dst)
}

func compareGemm[T kernel.Float](t testing.TB, c gemmCase, a, b, dst *Matrix[T]) {
	t.Helper()
	for i := range c.m {
		for j := range c.n {
			want, abs := gemmElement(c, a, b, dst.Was(i, j), i, j)
			if got, tol := dst.At(i, j), Bound[T](c.k, abs); !Close(got, want, tol) {
				require.Failf(t, "wrong element", "%v: C[%d,%d] = %v, want %v ± %.3g", c, i, j, got, want, tol)
			}
		}
	}
}

// gemmElement evaluates the formula for element i, j, and the sum of its absolute terms.
func gemmElement[T kernel.Float](c gemmCase, a, b *Matrix[T], was float64, i, j int) (want, abs float64) {
	if c.alpha != 0 {
		for p := range c.k {
			x, y := 0.0, 0.0
			if c.tA == blas.NoTrans {
				x = a.At(i, p)
			} else {
				x = a.At(p, i)
			}
			if c.tB == blas.NoTrans {
				y = b.At(p, j)
			} else {
				y = b.At(j, p)
			}
			want += x * y
			abs += math.Abs(x * y)
		}
	}
	want, abs = c.alpha*want, math.Abs(c.alpha)*abs
	if c.alpha == 0 {
		want = 0
	}
	if c.beta != 0 {
		want += c.beta * was
		abs += math.Abs(c.beta * was)
	}
	return want, abs
}

// gemmIntoNaN multiplies with beta = 0 into a C full of NaN.
func gemmIntoNaN[T kernel.Float](t *testing.T, gemm GemmFunc[T], m, n, k int, alpha float64) {
	c := gemmCase{blas.NoTrans, blas.NoTrans, m, n, k, 1, alpha, 0}
	a, b, dst := operands[T](rand.New(rand.NewPCG(5, 6)), c)
	dst.Fill(T(math.NaN()))
	gemm(c.tA, c.tB, m, n, k, T(alpha), a.Data, a.Stride, b.Data, b.Stride, 0, dst.Data, dst.Stride)
	dst.RequireGuards(t, c.String())
	compareGemm(t, c, a, b, dst)
}

// gemmSpreads puts one bad element into A, then B, then C: it must reach exactly the elements that the formula says.
func gemmSpreads[T kernel.Float](t *testing.T, gemm GemmFunc[T], m, n, k int, bad float64) {
	for _, where := range []string{"A", "B", "C"} {
		c := gemmCase{blas.NoTrans, blas.Trans, m, n, k, 2, 1, 1}
		a, b, dst := operands[T](rand.New(rand.NewPCG(7, 8)), c)
		x := map[string]*Matrix[T]{"A": a, "B": b, "C": dst}[where]
		x.Data[(x.Rows-1)*x.Stride+x.Cols/2] = T(bad)
		dst.Keep()
		gemm(c.tA, c.tB, m, n, k, 1, a.Data, a.Stride, b.Data, b.Stride, 1, dst.Data, dst.Stride)
		compareGemm(t, c, a, b, dst)
	}
}

// gemmPanics checks that bad arguments panic with gonum's messages, word for word.
func gemmPanics[T kernel.Float](t *testing.T, gemm GemmFunc[T]) {
	n := blas.NoTrans
	for _, c := range []struct {
		name    string
		tA, tB  blas.Transpose
		m, n, k int
		la, lda int
		lb, ldb int
		lc, ldc int
		want    string
	}{
		{"transpose of A", 'x', n, 2, 2, 2, 4, 2, 4, 2, 4, 2, "blas: illegal transpose"},
		{"transpose of B", n, 'x', 2, 2, 2, 4, 2, 4, 2, 4, 2, "blas: illegal transpose"},
		{"m", n, n, -1, 2, 2, 4, 2, 4, 2, 4, 2, "blas: m < 0"},
		{"n", n, n, 2, -1, 2, 4, 2, 4, 2, 4, 2, "blas: n < 0"},
		{"k", n, n, 2, 2, -1, 4, 2, 4, 2, 4, 2, "blas: k < 0"},
		{"lda", n, n, 2, 2, 3, 6, 2, 6, 2, 4, 2, "blas: bad leading dimension of A"},
		{"lda of the transpose", blas.Trans, n, 3, 2, 2, 6, 2, 4, 2, 6, 2, "blas: bad leading dimension of A"},
		{"ldb", n, n, 2, 3, 2, 4, 2, 6, 2, 6, 3, "blas: bad leading dimension of B"},
		{"ldb of the transpose", n, blas.Trans, 2, 2, 3, 6, 3, 6, 2, 4, 2, "blas: bad leading dimension of B"},
		{"ldc", n, n, 2, 3, 2, 4, 2, 6, 3, 6, 2, "blas: bad leading dimension of C"},
		{"zero ldc", n, n, 0, 0, 0, 0, 1, 0, 1, 0, 0, "blas: bad leading dimension of C"},
		{"short A", n, n, 2, 2, 2, 3, 2, 4, 2, 4, 2, "blas: insufficient length of a"},
		{"short B", n, n, 2, 2, 2, 4, 2, 3, 2, 4, 2, "blas: insufficient length of b"},
		{"short C", n, n, 2, 2, 2, 4, 2, 4, 2, 3, 2, "blas: insufficient length of c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := func(g GemmFunc[T]) func() {
				return func() {
					g(c.tA, c.tB, c.m, c.n, c.k, 1, make([]T, c.la), c.lda, make([]T, c.lb), c.ldb, 1, make([]T, c.lc), c.ldc)
				}
			}
			require.PanicsWithValue(t, c.want, call(gemm))
		})
	}
}
