package tensor_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/tensor"
)

func TestItemAtSet(t *testing.T) {
	for d := tensor.Float32; d <= tensor.Int8; d++ {
		x := tensor.New(d, 2, 3).Transpose(0, 1).SliceStep(0, 2, -1, -1) // [3, 2], with strides that are not its own
		x.Set(1, 2, 0)
		x.Set(1, -2, -1)
		for i := range 3 {
			for j := range 2 {
				want := 0.0
				if i == 2 && j == 0 || i == 1 && j == 1 {
					want = 1
				}
				assert.Equal(t, want, x.At(i, j), "%v at %d %d", d, i, j)
				assert.Equal(t, want, x.At(i-3, j-2), "%v at %d %d", d, i-3, j-2)
				assert.Equal(t, want, x.Slice(0, i, i+1).Slice(1, j, j+1).Item(), "%v at %d %d", d, i, j)
			}
		}
	}
	x := tensor.New(tensor.Uint8, 1)
	x.Set(300, 0)
	assert.Equal(t, 255.0, x.Item(), "converted as Cast does")
	assert.Equal(t, 2.5, tensor.Full(tensor.BFloat16, 2.5).Item())
	assert.Zero(t, alloctest.PerRun(10, func() { x.Set(x.At(0)+1, 0) }))

	y, none := tensor.New(tensor.Float32, 2, 3), tensor.New(tensor.Float32, 0)
	for want, do := range map[string]func(){
		"tensor: Item: shape [2 3] has 6 elements, not 1":                         func() { y.Item() },
		"tensor: Item: shape [0] has 0 elements, not 1":                           func() { none.Item() },
		"tensor: At: index [0 5] of shape [2 3]: 5 of axis 1, which is 3 long":    func() { y.At(0, 5) },
		"tensor: Set: index [-3 0] of shape [2 3]: -3 of axis 0, which is 2 long": func() { y.Set(1, -3, 0) },
		"tensor: At: index [1] of shape [2 3], which has 2 axes":                  func() { y.At(1) },
	} {
		assert.PanicsWithValue(t, want, do)
	}
}

func TestFromRows(t *testing.T) {
	rows := [][]float64{{1, 2, 3}, {4, 5, 6}}
	x := tensor.FromRows(rows)
	assert.Equal(t, []int{2, 3}, x.Shape())
	assert.Equal(t, []float64{1, 2, 3, 4, 5, 6}, tensor.Data[float64](x))
	rows[0][0] = 7
	assert.Equal(t, 1.0, x.At(0, 0), "a copy")
	assert.Equal(t, tensor.Int64, tensor.FromRows([][]int64{{1}}).DType())
	assert.Equal(t, []int{0, 0}, tensor.FromRows([][]float32{}).Shape())
	assert.Equal(t, []int{2, 0}, tensor.FromRows([][]float32{{}, nil}).Shape())
	assert.PanicsWithValue(t, "tensor: FromRows: row 1 has 3 elements, row 0 has 2", func() {
		tensor.FromRows([][]bool{{true, true}, make([]bool, 3)})
	})
}

// TestSoftmax compares with the formula in float64, along every axis of every layout.
func TestSoftmax(t *testing.T) {
	rng := newRand(41)
	for _, shape := range [][]int{{1}, {7}, {3, 5}, {40, 33}, {2, 3, 4}, {5, 2, 3, 6}} {
		for layout := range layouts {
			for _, d := range floats {
				for a := range shape {
					x := laidOut(rng, layout, d, shape...)
					wide := x.Cast(tensor.Float64)
					e := tensor.Exp(wide)
					want := tensor.Div(e, tensor.Sum(e, a).Unsqueeze(a))
					bound := 8 * unit(d)
					what := fmt.Sprintf("of %v %v, layout %d, axis %d", d, shape, layout, a)
					p := tensor.Softmax(x, a-len(shape))
					requireSame(t, shape, tensor.Data[float64](want), p, bound, "Softmax %s", what)
					log := tensor.Data[float64](tensor.Log(want))
					dst := laidOut(rng, (layout+1)%repeated, d, shape...)
					tensor.LogSoftmaxTo(dst, x, a)
					requireSame(t, shape, log, dst, 4*bound, "LogSoftmax %s", what)
					if layout < repeated {
						again := tensor.Softmax(x, a)
						tensor.SoftmaxTo(x, x, a)
						require.True(t, again.Equal(x), "in place")
					}
				}
			}
		}
	}
	assert.Equal(t, []int{3, 0}, tensor.Softmax(tensor.New(tensor.Float32, 3, 0), 1).Shape())
	inf := math.Inf(-1)
	assert.Equal(t, []float64{0, 1}, tensor.Data[float64](tensor.Softmax(tensor.FromSlice([]float64{inf, 3}), 0)))
	x := tensor.New(tensor.Int64, 2)
	assert.PanicsWithValue(t, "tensor: Softmax: dtype int64 is not one it works on", func() { tensor.Softmax(x, 0) })
	assert.PanicsWithValue(t, "tensor: LogSoftmax: axis 1 of shape [2], which has 1 axes", func() {
		tensor.LogSoftmax(x, 1)
	})
}
