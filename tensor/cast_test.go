package tensor_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/tensor"
)

func TestCast(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	f64 := tensor.FromSlice([]float64{-1.9, -0.5, 0, 0.5, 1.9, 300, -300, 3e9, 1e19, -1e19, nan, inf, -inf})
	f32 := f64.Cast(tensor.Float32)
	for _, x := range []*tensor.Tensor{f64, f32} {
		assert.Equal(t, []int32{-1, 0, 0, 0, 1, 300, -300, math.MaxInt32, math.MaxInt32, math.MinInt32, 0, math.MaxInt32, math.MinInt32},
			tensor.Data[int32](x.Cast(tensor.Int32)))
		assert.Equal(t, []int64{-1, 0, 0, 0, 1, 300, -300, 3e9, math.MaxInt64, math.MinInt64, 0, math.MaxInt64, math.MinInt64},
			tensor.Data[int64](x.Cast(tensor.Int64)))
		assert.Equal(t, []uint8{0, 0, 0, 0, 1, 255, 0, 255, 255, 0, 0, 255, 0}, tensor.Data[uint8](x.Cast(tensor.Uint8)))
		assert.Equal(t, []int8{-1, 0, 0, 0, 1, 127, -128, 127, 127, -128, 0, 127, -128}, tensor.Data[int8](x.Cast(tensor.Int8)))
		assert.Equal(t, []bool{true, true, false, true, true, true, true, true, true, true, true, true, true},
			tensor.Data[bool](x.Cast(tensor.Bool)))
	}
	big := tensor.FromSlice([]int64{-1, 0, 255, 256, 1 << 40, math.MinInt64})
	assert.Equal(t, []uint8{255, 0, 255, 0, 0, 0}, tensor.Data[uint8](big.Cast(tensor.Uint8)), "low bits")
	assert.Equal(t, []float32{-1, 0, 255, 256, 1 << 40, -1 << 63}, tensor.Data[float32](big.Cast(tensor.Float32)))
	assert.Equal(t, []float64{1, 0}, tensor.Data[float64](tensor.FromSlice([]bool{true, false}).Cast(tensor.Float64)))
	assert.Equal(t, []uint16{0x3c00, 0xc000, 0x7c00}, tensor.Bits(tensor.FromSlice([]float32{1, -2, 1e6}).Cast(tensor.Float16)))
	assert.Equal(t, []uint16{0x3f80, 0xc000}, tensor.Bits(tensor.FromSlice([]float64{1, -2}).Cast(tensor.BFloat16)))
}

// A small number that every dtype holds must survive the way through any two of them, from a view too.
func TestCastRoundTrips(t *testing.T) {
	all := []tensor.DType{tensor.Float32, tensor.Float64, tensor.Int32, tensor.Int64, tensor.Uint8, tensor.Int8, tensor.Float16,
		tensor.BFloat16, tensor.Bool}
	want := tensor.FromSlice([]float32{1, 0, 0, 1, 1, 0}, 2, 3)
	for _, a := range all {
		for _, b := range all {
			x := want.Transpose(0, 1).Cast(a)
			assert.Equal(t, a, x.DType())
			assert.True(t, x.Cast(b).Transpose(0, 1).Cast(tensor.Float32).Equal(want), "%v to %v", a, b)
		}
	}
}

func TestCastCopies(t *testing.T) {
	x := tensor.FromSlice([]float32{1})
	tensor.Data[float32](x.Cast(tensor.Float32))[0] = 2
	assert.Equal(t, []float32{1}, tensor.Data[float32](x))
}

func TestDTypeNames(t *testing.T) {
	assert.Equal(t, "bfloat16", tensor.BFloat16.String())
	assert.Equal(t, "dtype(77)", tensor.DType(77).String())
	assert.True(t, tensor.Float16.IsFloat())
	assert.False(t, tensor.Int8.IsFloat())
}
