package vec_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas/vec"
)

func TestSums(t *testing.T) {
	eachISA(t, func(t *testing.T) { testSums[float32](t, math.Exp2(-24)) })
	t.Run("float64", func(t *testing.T) { testSums[float64](t, math.Exp2(-53)) })
}

// testSums compares sums with exact ones, within the bound that Sum documents, a product's rounding added.
func testSums[T vec.Float](t *testing.T, u float64) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, n := range append(lengths, 63, 64, 65, 4095, 4096, 4097, 3*4096, 5*4096+3, 9*4096+1) {
		a, b := normal[T](rng, n), normal[T](rng, n)
		one := make([]T, n)
		vec.Fill(one, 1)
		bound := (70 + math.Log2(max(1, float64(n)/4096)) + 1) * u
		for _, c := range []struct {
			name string
			got  T
			x, y []T
		}{
			{"Sum", vec.Sum(a), a, one},
			{"Dot", vec.Dot(a, b), a, b},
			{"SumSq", vec.SumSq(a), a, a},
			{"SumAbs", vec.SumAbs(a), absolute(a), one},
		} {
			want, mag := exactDot(c.x, c.y)
			require.InDeltaf(t, want, float64(c.got), bound*mag, "%s of %d", c.name, n)
		}
		assert.Equal(t, vec.Dot(a, a), vec.SumSq(a))
	}
}

func absolute[T vec.Float](x []T) []T {
	y := make([]T, len(x))
	vec.Abs(y, x)
	return y
}

// TestAddRows compares with a loop of Add: the same bits.
func TestAddRows(t *testing.T) {
	eachISA(t, func(t *testing.T) { testAddRows[float32](t) })
	t.Run("float64", func(t *testing.T) { testAddRows[float64](t) })
}

func testAddRows[T vec.Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, n := range []int{0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 100} {
		for _, rows := range []int{0, 1, 7, 8, 9, 16, 31} {
			for _, gap := range []int{0, 3} {
				x, start := normal[T](rng, max(0, rows-1)*(n+gap)+n), normal[T](rng, n)
				got, want := slices.Clone(start), slices.Clone(start)
				vec.AddRows(got, x, rows, n+gap)
				for i := range rows {
					vec.Add(want, want, x[i*(n+gap):][:n])
				}
				require.Equal(t, want, got, "%d rows of %d, %d apart", rows, n, n+gap)
			}
		}
	}
	assert.PanicsWithValue(t, "vec: AddRows: 5 elements for 2 rows of 3, 3 apart", func() {
		vec.AddRows(make([]T, 3), make([]T, 5), 2, 3)
	})
}

// exactDot returns Σ x·y and Σ |x·y|, rounded once.
func exactDot[T vec.Float](x, y []T) (sum, mag float64) {
	s := new(big.Float).SetPrec(400)
	for i := range x {
		p := new(big.Float).SetPrec(120).Mul(big.NewFloat(float64(x[i])), big.NewFloat(float64(y[i])))
		s.Add(s, p)
		mag += math.Abs(float64(x[i]) * float64(y[i]))
	}
	sum, _ = s.Float64()
	return sum, mag
}

// TestSumOrder pins the documented order with numbers that tell one order from another: 2⁵³+1 rounds to 2⁵³.
func TestSumOrder(t *testing.T) {
	const big = 1 << 53
	for _, c := range []struct {
		name string
		at   map[int]float64
		n    int
		want float64
	}{
		{"lanes 0 and 32 meet first", map[int]float64{0: big, 32: -big, 16: 1}, 64, 1},
		{"lanes 0 and 4 meet before 2", map[int]float64{0: big, 4: -big, 2: 1}, 8, 1},
		{"lanes 0 and 1 meet last", map[int]float64{0: -big, 1: big, 5: 1}, 8, 0},
		{"a lane adds every 64th", map[int]float64{0: big, 64: 1, 128: -big}, 129, 0},
		{"a rest goes to lanes from 0", map[int]float64{0: big, 64: -big, 32: 1}, 65, 1},
		{"blocks 0 and 1 meet before 2", map[int]float64{0: big, 4096: -big, 8192: 1}, 8193, 1},
		{"blocks 2 and 3 meet before 0", map[int]float64{0: -big, 8192: 1, 12288: big}, 12289, 0},
		{"five blocks split at four", map[int]float64{0: big, 12288: -big, 16384: 1}, 16385, 1},
	} {
		x := make([]float64, c.n)
		for i, v := range c.at {
			x[i] = v
		}
		assert.Equal(t, c.want, vec.Sum(x), c.name)
	}
}

func TestExtremes(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		x        []float64
		max, min float64
		arg      int
	}{
		{[]float64{3}, 3, 3, 0},
		{[]float64{-1, -5, -1}, -1, -5, 0},
		{[]float64{1, 7, 7, 2}, 7, 1, 1},
		{[]float64{-inf, -inf}, -inf, -inf, 0},
		{[]float64{1, inf, -inf}, inf, -inf, 1},
		{[]float64{nan, 1}, nan, nan, 0},
		{[]float64{1, inf, nan, nan}, nan, nan, 2},
	} {
		assert.True(t, identical(c.max, vec.Max(c.x)), "Max(%v) = %v", c.x, vec.Max(c.x))
		assert.True(t, identical(c.min, vec.Min(c.x)), "Min(%v) = %v", c.x, vec.Min(c.x))
		assert.Equal(t, c.arg, vec.ArgMax(c.x), "ArgMax(%v)", c.x)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for _, n := range lengths[1:] {
		x := normal[float32](rng, n)
		at := vec.ArgMax(x)
		for i, v := range x {
			if v > x[at] || v == x[at] && i < at {
				require.Failf(t, "wrong", "ArgMax of %d = %d, [%d] is larger", n, at, i)
			}
		}
		assert.Equal(t, x[at], vec.Max(x))
		vec.Neg(x, x)
		assert.Equal(t, x[at], vec.Min(x))
	}
}

func TestFinite(t *testing.T) {
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
		for _, n := range []int{1, 7, 8, 9, 100} {
			for i := range n {
				x := make([]float32, n)
				assert.True(t, vec.AllFinite(x))
				x[i] = bad
				assert.False(t, vec.AllFinite(x))
				assert.Equal(t, bad != bad, vec.HasNaN(x))
			}
		}
	}
	assert.True(t, vec.AllFinite([]float32{math.MaxFloat32, -math.MaxFloat32, 1e-45}))
	assert.True(t, vec.AllFinite([]float64(nil)))
	assert.False(t, vec.HasNaN([]float64(nil)))
}
