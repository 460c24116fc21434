package tensor_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/tensor"
)

// Lanes longer than a piece of 32768 are searched in pieces; the first of equal elements counts, and the first NaN.
func TestArgMaxOfLongLanes(t *testing.T) {
	const piece = 32 << 10
	for _, d := range some(numbers) {
		for _, n := range []int{piece, piece + 1, 3*piece - 1} {
			for _, places := range [][]int{{0, n - 1}, {n - 1}, {piece - 1, n - 1}, {n / 2}} {
				x := tensor.Full(d, 5, 2, n)
				top, bottom := tensor.Full(d, 9, 1, 1), tensor.Full(d, 1, 1, 1)
				for _, at := range places {
					x.Slice(0, 0, 1).Slice(1, at, at+1).CopyFrom(top)
					x.Slice(0, 1, 2).Slice(1, at, at+1).CopyFrom(bottom)
				}
				for layout, v := range []*tensor.Tensor{x, x.Transpose(0, 1).Contiguous().Transpose(0, 1)} {
					most, least := tensor.Data[int64](tensor.ArgMax(v, 1)), tensor.Data[int64](tensor.ArgMin(v, 1))
					require.Equal(t, int64(places[0]), most[0], "%v %d %v %d", d, n, places, layout)
					require.Equal(t, int64(places[0]), least[1], "%v %d %v %d", d, n, places, layout)
				}
				if d.IsFloat() {
					x.Slice(1, n-1, n).Fill(math.NaN())
					want := []int64{int64(n - 1), int64(n - 1)}
					require.Equal(t, want, tensor.Data[int64](tensor.ArgMax(x, 1)))
					require.Equal(t, want, tensor.Data[int64](tensor.ArgMin(x, 1)))
				}
			}
		}
	}
	x, y := tensor.New(tensor.Float32, 3*piece), tensor.New(tensor.Int64)
	assert.Zero(t, alloctest.PerRun(10, func() { tensor.ArgMaxTo(y, x, 0) }))
	assert.Zero(t, alloctest.PerRun(10, func() { tensor.ArgMinTo(y, x, 0) }))
}

// A long cast is shared out; each element is converted as in a short one.
func TestCastInPieces(t *testing.T) {
	const n = 70001
	all := append(append([]tensor.DType{}, numbers...), tensor.Bool, tensor.Float16, tensor.BFloat16)
	if testing.Short() {
		all = []tensor.DType{tensor.Float32, tensor.Int64, tensor.Bool, tensor.Float16}
	}
	x := filled(newRand(5), tensor.Float64, n)
	for _, from := range all {
		src := x.Cast(from)
		for _, to := range all {
			got := src.Cast(to)
			for lo := 0; lo < n; lo += 1000 {
				hi := min(n, lo+1000)
				require.True(t, got.Slice(0, lo, hi).Equal(src.Slice(0, lo, hi).Cast(to)), "%v to %v from %d", from, to, lo)
			}
		}
	}
	src, dst := x.Cast(tensor.Float16), tensor.New(tensor.Int32, n)
	assert.Zero(t, alloctest.PerRun(10, func() { tensor.CastTo(dst, src) }))
}
