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

func TestLayerNorm(t *testing.T) {
	eachISA(t, func(t *testing.T) { testLayerNorm[float32](t, math.Exp2(-24)) })
	t.Run("float64", func(t *testing.T) { testLayerNorm[float64](t, math.Exp2(-53)) })
}

// testLayerNorm compares with the definition in float64 (for float64 itself, the tolerance covers its own errors twice).
// Errors, relative to the largest |x-mean|·rstd·|gain| of a row and 1: sums' 70u each, and some ten roundings; the mean's
// error, relative to the largest |x|, is carried into every difference.
func testLayerNorm[T vec.Float](t *testing.T, u float64) {
	rng := rand.New(rand.NewPCG(17, 18))
	for _, rows := range []int{0, 1, 3, 500} {
		for _, cols := range []int{1, 2, 7, 8, 9, 64, 97, 768, 5000} {
			if rows*cols > 100_000 {
				continue
			}
			x, gain, bias := normal[T](rng, rows*cols), normal[T](rng, cols), normal[T](rng, cols)
			vec.AddScalar(x, 3, x)
			x0 := slices.Clone(x)
			dst, mean, rstd := make([]T, rows*cols), make([]T, rows), make([]T, rows)
			const eps = 1e-3
			vec.LayerNorm(dst, x, gain, bias, mean, rstd, rows, cols, eps)
			for r := range rows {
				row := x[r*cols : (r+1)*cols]
				var m, v, top float64
				for _, e := range row {
					m += float64(e) / float64(cols)
					top = max(top, math.Abs(float64(e)))
				}
				for _, e := range row {
					v += (float64(e) - m) * (float64(e) - m) / float64(cols)
				}
				s := 1 / math.Sqrt(v+eps)
				require.InDelta(t, m, float64(mean[r]), 80*u*top, "mean")
				require.InDelta(t, s, float64(rstd[r]), 200*u*s*(1+top*top*s*s), "rstd")
				for c, e := range row {
					i := r*cols + c
					want := (float64(e)-m)*s*float64(gain[c]) + float64(bias[c])
					tol := 300 * u * (1 + top*s) * (1 + top*top*s*s) * (math.Abs(float64(gain[c])) + math.Abs(float64(bias[c])))
					require.InDelta(t, want, float64(dst[i]), tol, "%dx%d [%d]", rows, cols, i)
				}
			}
			require.Equal(t, x0, x)

			alone := make([]T, len(x))
			vec.LayerNorm(alone, x, nil, nil, nil, nil, rows, cols, eps)
			for i := range alone {
				c := i % cols
				require.Equal(t, dst[i], T(alone[i]*gain[c])+bias[c])
			}
			vec.LayerNorm(x, x, gain, bias, nil, nil, rows, cols, eps)
			require.Equal(t, dst, x, "in place")
			sameOnAnyThreads(t, func() []T { vec.LayerNorm(dst, x0, gain, bias, nil, nil, rows, cols, eps); return dst })
			here := vec.SetISA(cpu.Generic)
			vec.LayerNorm(dst, x0, gain, bias, nil, nil, rows, cols, eps)
			vec.SetISA(here)
			require.Equal(t, dst, x, "the same bits from loops")
		}
	}
}

// By hand: the row has mean 2.5 and variance 1.25.
func TestLayerNormExample(t *testing.T) {
	y := make([]float64, 4)
	vec.LayerNorm(y, []float64{1, 2, 3, 4}, nil, nil, nil, nil, 1, 4, 0)
	s := 1 / math.Sqrt(1.25)
	assert.InDeltaSlice(t, []float64{-1.5 * s, -0.5 * s, 0.5 * s, 1.5 * s}, y, 1e-15)
	nan := []float32{1, float32(math.NaN()), 3, 1, 1, 1}
	vec.LayerNorm(nan, nan, nil, nil, nil, nil, 2, 3, 1e-5)
	assert.True(t, vec.HasNaN(nan[:1]) && vec.HasNaN(nan[1:2]) && vec.HasNaN(nan[2:3]), "NaN spoils its row")
	assert.Equal(t, []float32{0, 0, 0}, nan[3:], "a constant row has no variance")
	vec.LayerNorm[float32](nil, nil, nil, nil, nil, nil, 0, 0, 1)

	three := make([]float32, 3)
	assert.PanicsWithValue(t, "vec: LayerNorm: lengths 3 and 3 for 2 rows of 2", func() { vec.LayerNorm(three, three, nil, nil, nil, nil, 2, 2, 1) })
	assert.PanicsWithValue(t, "vec: LayerNorm: gain of length 2 for 1 rows of 3", func() { vec.LayerNorm(three, three, three[:2], nil, nil, nil, 1, 3, 1) })
	assert.PanicsWithValue(t, "vec: LayerNorm: rstd of length 3 for 1 rows of 3", func() { vec.LayerNorm(three, three, nil, nil, nil, three, 1, 3, 1) })
}
