package tensor_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/tensor"
)

// floorDiv is ⌊a/b⌋ of the exact quotient.
func floorDiv(a, b float64) float64 {
	if b == 0 || math.IsInf(a, 0) || math.IsInf(b, 0) || a != a || b != b {
		return math.Floor(a / b)
	}
	q := new(big.Rat).Quo(new(big.Rat).SetFloat64(a), new(big.Rat).SetFloat64(b))
	n := new(big.Int).Div(q.Num(), q.Denom()) // Euclidean, and the denominator is positive: the floor
	f, _ := new(big.Float).SetInt(n).Float64()
	if f == 0 {
		return math.Copysign(0, a/b)
	}
	return f
}

// TestDivision has Python's and NumPy 2.4's values, which agree in float32 too:
//
//	np.floor_divide(np.float64(a), np.float64(b)), np.remainder(np.float64(a), np.float64(b))
//
// where Python has 5 // 0.0 as an error. PyTorch's zeros have other signs.
func TestDivision(t *testing.T) {
	inf, nan, zero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	for _, c := range []struct{ a, b, div, mod float64 }{
		{1, 0.25, 4, 0}, {-12, inf, -1, inf}, {12, -inf, -1, -inf},
		{12, inf, 0, 12}, {0, -1, zero, zero}, {zero, 1, zero, 0}, {zero, -1, 0, zero},
		{5, 0, inf, nan}, {-5, 0, -inf, nan}, {5, zero, -inf, nan},
		{0, 0, nan, nan}, {inf, 2, nan, nan}, {-inf, 2, nan, nan}, {inf, inf, nan, nan},
		{3, nan, nan, nan}, {nan, 3, nan, nan}, {3, -2, -2, -1}, {-3, 2, -2, 1},
		{6, 3, 2, 0}, {-6, 3, -2, 0}, {6, -3, -2, zero},
		{0, inf, 0, 0}, {zero, inf, zero, 0},
	} {
		for _, d := range floats {
			a, b := tensor.Full(d, c.a), tensor.Full(d, c.b)
			for _, r := range []struct {
				name      string
				got, want float64
			}{{"//", tensor.FloorDiv(a, b).Item(), c.div}, {"%", tensor.Mod(a, b).Item(), c.mod}} {
				same := r.got == r.want && math.Signbit(r.got) == math.Signbit(r.want)
				same = same || r.got != r.got && r.want != r.want
				assert.True(t, same, "%v %v %s %v = %v, want %v", d, c.a, r.name, c.b, r.got, r.want)
			}
		}
	}
	f := func(a, b float64) (div, mod float64) {
		x, y := tensor.Scalar(a), tensor.Scalar(b)
		return tensor.FloorDiv(x, y).Item(), tensor.Mod(x, y).Item()
	}
	div, mod := f(1, 0.2)
	assert.Equal(t, []float64{4, 0.19999999999999996}, []float64{div, mod})
	div, mod = f(1, -0.2)
	assert.Equal(t, []float64{-5, -5.551115123125783e-17}, []float64{div, mod})
	div, mod = f(1e300, 1e-300)
	assert.Equal(t, []float64{inf, 4.891554850853602e-301}, []float64{div, mod})
	single := func(v float32) *tensor.Tensor { return tensor.Scalar(v) }
	assert.Equal(t, float32(0.19999999), float32(tensor.Mod(single(1), single(0.2)).Item()))
	assert.Equal(t, 4.0, tensor.FloorDiv(single(1), single(0.2)).Item())

	least := tensor.Scalar[int64](math.MinInt64)
	assert.Equal(t, int64(math.MinInt64), tensor.Data[int64](tensor.FloorDiv(least, tensor.Scalar[int64](-1)))[0])
	assert.Equal(t, 0.0, tensor.Mod(least, tensor.Scalar[int64](-1)).Item())
}

// TestIntegerPow has NumPy's values: np.power(np.int64([3, -2, 0, 10, 7]), [4, 3, 0, 18, 0]), and int8 and uint8
// wrapped around.
func TestIntegerPow(t *testing.T) {
	x, p := tensor.FromSlice([]int64{3, -2, 0, 10, 7}), tensor.FromSlice([]int64{4, 3, 0, 18, 0})
	assert.Equal(t, []int64{81, -8, 1, 1e18, 1}, tensor.Data[int64](tensor.Pow(x, p)))
	assert.Equal(t, []int64{243, -32, 0, 100000, 16807}, tensor.Data[int64](tensor.PowScalar(x, 5)))
	assert.Equal(t, []int64{9, 4, 0, 100, 49}, tensor.Data[int64](tensor.PowScalar(x, 2)))
	assert.Equal(t, []int8{-31}, tensor.Data[int8](tensor.PowScalar(tensor.FromSlice([]int8{15}), 2)))
	thousand := tensor.Pow(tensor.FromSlice([]uint8{10}), tensor.FromSlice([]uint8{3}))
	assert.Equal(t, []uint8{0xe8}, tensor.Data[uint8](thousand))
	assert.Equal(t, []int8{1}, tensor.Data[int8](tensor.PowScalar(tensor.FromSlice([]int8{-1}), 1000)))
}
