package vec_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/cpu"
)

func TestSoftmax(t *testing.T) {
	eachISA(t, func(t *testing.T) { testSoftmax[float32](t, math.Exp2(-24)) })
	t.Run("float64", func(t *testing.T) { testSoftmax[float64](t, math.Exp2(-53)) })
}

// testSoftmax compares with the formula at a shift of its own. Errors: an exponential's argument, rounded relative to the
// largest |x|; the sum of cols terms in float64; a rounding of each of sum, reciprocal, product and logarithm.
func testSoftmax[T vec.Float](t *testing.T, u float64) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, rows := range []int{0, 1, 2, 3, 67, 1000} {
		for _, cols := range []int{1, 2, 7, 8, 9, 10, 33, 1001} {
			if rows*cols > 100_000 {
				continue
			}
			x := normal[T](rng, rows*cols)
			vec.Scale(x, 30, x)
			x0 := slices.Clone(x)
			s, l, e := make([]T, len(x)), make([]T, len(x)), make([]T, rows)
			vec.Softmax(s, x, rows, cols)
			vec.LogSoftmax(l, x, rows, cols)
			vec.LogSumExp(e, x, rows, cols)
			for r := range rows {
				row := x[r*cols : (r+1)*cols]
				var top, sum float64
				for _, v := range row {
					top = max(top, math.Abs(float64(v)))
				}
				for _, v := range row {
					sum += math.Exp(float64(v) - top)
				}
				lse := top + math.Log(sum)
				tol := 6*u + (4*top+float64(cols)+10)*math.Exp2(-53) + 1e-9*u/math.Exp2(-24)
				kernel := vec.ISA() != cpu.Generic && u > math.Exp2(-53)
				if kernel { // it adds 512 exponentials in eight lanes, and rounds each twice
					tol += (min(float64(cols), 512)/8 + 4) * u
				}
				highest := float64(slices.Max(row))
				require.InDelta(t, lse, float64(e[r]), tol*(1+top), "LogSumExp")
				var total float64
				for c := range row {
					i := r*cols + c
					want := math.Exp(float64(x[i]) - lse)
					rel := 2 * tol
					if kernel { // it rounds differences, of numbers that have a mean difference from the largest in the sum
						rel += (highest - float64(x[i]) + math.Log(float64(cols)) + 1) * u
					}
					require.InDelta(t, want, float64(s[i]), rel*want+math.SmallestNonzeroFloat32, "Softmax %dx%d [%d]", rows, cols, i)
					require.InDelta(t, float64(x[i])-lse, float64(l[i]), tol*(1+2*top), "LogSoftmax")
					total += float64(s[i])
				}
				require.InDelta(t, 1, total, 8*u+2*tol)
			}
			require.Equal(t, x0, x)
			for name, f := range map[string]func(dst, x []T, rows, cols int){"Softmax": vec.Softmax[T], "LogSoftmax": vec.LogSoftmax[T]} {
				want, alias := make([]T, len(x)), slices.Clone(x)
				f(want, x, rows, cols)
				f(alias, alias, rows, cols)
				require.Equal(t, want, alias, "%s in place", name)
				sameOnAnyThreads(t, func() []T { f(want, x, rows, cols); return want })
			}
		}
	}
}

// The values are PyTorch 1.13.1's, of torch.softmax, torch.log_softmax and torch.logsumexp of these rows,
// but for Softmax of [Inf 1], where PyTorch's second element is 0.
func TestSoftmaxEdges(t *testing.T) { eachISA(t, testSoftmaxEdges) }

func testSoftmaxEdges(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		x, softmax, logSoftmax []float64
		logSumExp              float64
	}{
		{[]float64{0, 0}, []float64{0.5, 0.5}, []float64{-math.Ln2, -math.Ln2}, math.Ln2},
		{[]float64{1000, 1000}, []float64{0.5, 0.5}, []float64{-math.Ln2, -math.Ln2}, 1000 + math.Ln2},
		{[]float64{1000, -1000}, []float64{1, 0}, []float64{0, -2000}, 1000},
		{[]float64{-inf, 3}, []float64{0, 1}, []float64{-inf, 0}, 3},
		{[]float64{-inf, -inf}, []float64{nan, nan}, []float64{nan, nan}, -inf},
		{[]float64{inf, 1}, []float64{nan, nan}, []float64{nan, nan}, inf},
		{[]float64{nan, 1}, []float64{nan, nan}, []float64{nan, nan}, nan},
	} {
		for _, f := range []struct {
			name string
			f    func(dst, x []float64, rows, cols int)
			want []float64
		}{{"Softmax", vec.Softmax[float64], c.softmax}, {"LogSoftmax", vec.LogSoftmax[float64], c.logSoftmax}} {
			got := make([]float64, 2)
			f.f(got, c.x, 1, 2)
			assert.Truef(t, slices.EqualFunc(got, f.want, near), "%s(%v) = %v, want %v", f.name, c.x, got, f.want)
			got32 := []float32{float32(c.x[0]), float32(c.x[1])}
			map[string]func(dst, x []float32, rows, cols int){"Softmax": vec.Softmax[float32], "LogSoftmax": vec.LogSoftmax[float32]}[f.name](got32, got32, 1, 2)
			assert.Truef(t, near32(got32[0], f.want[0]) && near32(got32[1], f.want[1]), "%s(%v) = %v in float32, want %v", f.name, c.x, got32, f.want)
		}
		got := make([]float64, 1)
		vec.LogSumExp(got, c.x, 1, 2)
		assert.Truef(t, near(got[0], c.logSumExp), "LogSumExp(%v) = %v, want %v", c.x, got[0], c.logSumExp)
	}
	for _, cols := range []int{8, 9, 40} { // whole vectors and more, in float32
		x := make([]float32, cols)
		for _, c := range []struct {
			fill, one                       float64
			first, softmax, logSoftmax, lse float64 // Softmax of [0] and of [5], LogSoftmax of [0], LogSumExp
		}{
			{-inf, 3, 0, 1, 0, 3},
			{-inf, -inf, nan, nan, nan, -inf},
			{0, inf, nan, nan, nan, inf},
			{0, nan, nan, nan, nan, nan},
			{-1000, 1000, 0, 1, -2000, 1000},
		} {
			vec.Fill(x, float32(c.fill))
			x[5] = float32(c.one)
			s, l, e := make([]float32, cols), make([]float32, cols), make([]float32, 1)
			vec.Softmax(s, x, 1, cols)
			vec.LogSoftmax(l, x, 1, cols)
			vec.LogSumExp(e, x, 1, cols)
			assert.Truef(t, near32(s[0], c.first) && near32(s[5], c.softmax), "Softmax of %d: %v", cols, s)
			assert.Truef(t, near32(e[0], c.lse), "LogSumExp of %v = %v, want %v", x, e[0], c.lse)
			if c.fill != -inf {
				assert.Truef(t, near32(l[0], c.logSoftmax), "LogSoftmax of %d: %v", cols, l)
			}
		}
	}
	empty := make([]float32, 3)
	vec.LogSumExp(empty, nil, 3, 0)
	assert.Equal(t, []float32{float32(-inf), float32(-inf), float32(-inf)}, empty)
	vec.Softmax[float32](nil, nil, 3, 0)
	vec.LogSoftmax[float32](nil, nil, 0, 3)
}

// near allows the last bits.
func near(a, b float64) bool {
	return a == b || a != a && b != b || math.Abs(a-b) <= 4e-16*math.Abs(b)
}

func near32(a float32, b float64) bool {
	return float64(a) == b || a != a && b != b || math.Abs(float64(a)-b) <= math.Exp2(-23)*math.Abs(b)
}
