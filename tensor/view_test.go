package tensor_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/tensor"
)

// iota returns a Float32 tensor that counts 0, 1, 2 … in row-major order.
func iota32(shape ...int) *tensor.Tensor {
	x := tensor.New(tensor.Float32, shape...)
	for i := range x.Len() {
		tensor.Data[float32](x)[i] = float32(i)
	}
	return x
}

func TestViews(t *testing.T) {
	x := iota32(2, 3, 4)
	for _, c := range []struct {
		name   string
		got    *tensor.Tensor
		shape  []int
		contig bool
		want   []float32
	}{
		{"Reshape", x.Reshape(6, 4).Slice(0, 5, 6), []int{1, 4}, true, []float32{20, 21, 22, 23}},
		{"Reshape -1", x.Reshape(-1, 12).Slice(1, 10, 12), []int{2, 2}, false, []float32{10, 11, 22, 23}},
		{"Slice first axis", x.Slice(0, 1, 2), []int{1, 3, 4}, true, []float32{12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}},
		{"Slice last axis", x.Slice(-1, 1, 2), []int{2, 3, 1}, false, []float32{1, 5, 9, 13, 17, 21}},
		{"Slice empty", x.Slice(1, 3, 3), []int{2, 0, 4}, true, []float32{}},
		{"Transpose", x.Slice(0, 0, 1).Squeeze(0).Transpose(0, 1), []int{4, 3}, false,
			[]float32{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}},
		{"Permute", x.Slice(2, 0, 2).Permute(2, 0, 1), []int{2, 2, 3}, false, []float32{0, 4, 8, 12, 16, 20, 1, 5, 9, 13, 17, 21}},
		{"Unsqueeze", x.Slice(2, 0, 1).Slice(0, 0, 1).Unsqueeze(-1), []int{1, 3, 1, 1}, false, []float32{0, 4, 8}},
		{"Squeeze all", x.Slice(1, 2, 3).Slice(0, 1, 2).Squeeze(), []int{4}, true, []float32{20, 21, 22, 23}},
		{"Expand", iota32(3, 1).Expand(2, 3, 2), []int{2, 3, 2}, false, []float32{0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2}},
		{"Expand scalar", tensor.Scalar(float32(7)).Expand(2, 1), []int{2, 1}, false, []float32{7, 7}},
		{"rank 7, beyond the inline shape", iota32(1, 1, 1, 2, 1, 1, 2).Transpose(3, 6), []int{1, 1, 1, 2, 1, 1, 2}, false,
			[]float32{0, 2, 1, 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.shape, c.got.Shape())
			assert.Equal(t, c.contig, c.got.IsContiguous())
			assert.Equal(t, len(c.want), c.got.Len())
			assert.Equal(t, c.want, append([]float32{}, tensor.Data[float32](c.got.Contiguous())...))
			assert.Equal(t, c.want, append([]float32{}, tensor.Data[float32](c.got.Clone())...))
		})
	}
}

func TestViewsShareMemory(t *testing.T) {
	x := iota32(2, 3)
	x.Transpose(0, 1).Slice(0, 1, 2).CopyFrom(tensor.FromSlice([]float32{-1, -2}, 1, 2))
	assert.Equal(t, []float32{0, -1, 2, 3, -2, 5}, tensor.Data[float32](x))
	x.Slice(1, 1, 2).Zero()
	assert.Equal(t, []float32{0, 0, 2, 3, 0, 5}, tensor.Data[float32](x))
}

// Copying between any two layouts of any element size must move the same elements as copying by hand.
func TestCopyFromEveryDType(t *testing.T) {
	for _, d := range []tensor.DType{tensor.Float32, tensor.Float64, tensor.Int32, tensor.Int64, tensor.Uint8, tensor.Int8,
		tensor.Float16, tensor.BFloat16, tensor.Bool} {
		src := iota32(3, 5).Cast(d)
		dst := tensor.New(d, 5, 3)
		dst.Transpose(0, 1).CopyFrom(src)
		assert.True(t, dst.Transpose(0, 1).Equal(src), "%v", d)
		assert.True(t, dst.Equal(src.Transpose(0, 1)), "%v", d)
	}
}

func TestEqual(t *testing.T) {
	x := iota32(2, 3)
	assert.True(t, x.Equal(x.Clone()))
	assert.False(t, x.Equal(x.Reshape(3, 2)), "shapes differ")
	assert.False(t, x.Equal(x.Cast(tensor.Float64)), "dtypes differ")
	y := x.Clone()
	tensor.Data[float32](y)[5]++
	assert.False(t, x.Equal(y), "an element differs")
}

func TestBroadcastShapes(t *testing.T) {
	for _, c := range []struct {
		a, b, want []int
		ok         bool
	}{
		{[]int{8, 1, 6}, []int{7, 1}, []int{8, 7, 6}, true},
		{[]int{2, 3}, []int{}, []int{2, 3}, true},
		{[]int{}, []int{}, []int{}, true},
		{[]int{1}, []int{0}, []int{0}, true},
		{[]int{5}, []int{4, 5}, []int{4, 5}, true},
		{[]int{2, 3}, []int{4}, []int{}, false},
		{[]int{2}, []int{0}, []int{}, false},
	} {
		got, ok := tensor.BroadcastShapes([]int{}, c.a, c.b)
		assert.Equal(t, c.ok, ok, "BroadcastShapes(%v, %v)", c.a, c.b)
		assert.Equal(t, c.want, got, "BroadcastShapes(%v, %v)", c.a, c.b)
	}
	assert.PanicsWithValue(t, "autograd: Add: shapes [2 3] and [4] do not broadcast",
		func() { tensor.MustBroadcast("autograd", "Add", nil, []int{2, 3}, []int{4}) })
}
