package tensor_test

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/tensor"
)

func TestNewIsZeroAndAligned(t *testing.T) {
	for _, d := range []tensor.DType{tensor.Float32, tensor.Float64, tensor.Int32, tensor.Int64, tensor.Uint8, tensor.Bool,
		tensor.Float16, tensor.BFloat16, tensor.Int8} {
		for _, n := range []int{1, 3, 64, 1000} {
			x := tensor.New(d, n)
			b := tensor.Bytes(x)
			assert.Len(t, b, n*d.Size(), "%v", d)
			assert.Zero(t, uintptr(unsafe.Pointer(&b[0]))%64, "%v of %d: address", d, n)
			for i, v := range b {
				assert.Zero(t, v, "%v of %d: byte %d", d, n, i)
			}
		}
	}
}

func TestFromSliceShares(t *testing.T) {
	s := []float32{1, 2, 3, 4, 5, 6}
	x := tensor.FromSlice(s, 2, 3)
	tensor.Data[float32](x)[4] = 50
	assert.Equal(t, float32(50), s[4])
	assert.Equal(t, []int{2, 3}, x.Shape())
	assert.Equal(t, []int{3, 1}, x.Strides())
	assert.Equal(t, 6, x.Len())
	assert.Equal(t, 3, x.Dim(-1))
	assert.Equal(t, []int{6}, tensor.FromSlice(s).Shape(), "no shape means one axis")
}

func TestScalarAndEmpty(t *testing.T) {
	s := tensor.Scalar(2.5)
	assert.Equal(t, 1, s.Len())
	assert.Empty(t, s.Shape())
	assert.Equal(t, []float64{2.5}, tensor.Data[float64](s))

	e := tensor.New(tensor.Float32, 0, 3)
	assert.Equal(t, 0, e.Len())
	assert.Empty(t, tensor.Data[float32](e))
	assert.Empty(t, tensor.Data[float32](e.Reshape(3, 0)))
	assert.Empty(t, tensor.Data[float32](tensor.New(tensor.Float32, 4).Slice(0, 4, 4)))
}

func TestNamedTypes(t *testing.T) {
	type id int64
	x := tensor.FromSlice([]id{3, 4})
	assert.Equal(t, tensor.Int64, x.DType())
	assert.Equal(t, []int64{3, 4}, tensor.Data[int64](x))
}

func TestMisusePanics(t *testing.T) {
	x := tensor.New(tensor.Float32, 2, 3)
	for _, c := range []struct {
		want string
		do   func()
	}{
		{"tensor: New: shape [2 -3]: negative axis", func() { tensor.New(tensor.Float32, 2, -3) }},
		{"tensor: New: shape [4294967296 4294967296]: too many elements", func() { tensor.New(tensor.Uint8, 1<<32, 1<<32) }},
		{"tensor: New: no such dtype: 0", func() { tensor.New(0, 2) }},
		{"tensor: FromSlice: shape [2 2] holds 4 elements, the slice has 3", func() { tensor.FromSlice([]int32{1, 2, 3}, 2, 2) }},
		{"tensor: Data: a float32 tensor read as float64", func() { tensor.Data[float64](x) }},
		{"tensor: Data: shape [3 2] with strides [1 3] is not contiguous: take Contiguous() first",
			func() { tensor.Data[float32](x.Transpose(0, 1)) }},
		{"tensor: Dim: axis 2 of shape [2 3], which has 2 axes", func() { x.Dim(2) }},
		{"tensor: Reshape: [2 3] has 6 elements, [4] has 4", func() { x.Reshape(4) }},
		{"tensor: Reshape: [2 3] (6 elements) does not divide into [4 -1]", func() { x.Reshape(4, -1) }},
		{"tensor: Reshape: shape [-1 -1]: an axis may be -1 once and not be negative otherwise", func() { x.Reshape(-1, -1) }},
		{"tensor: Slice: bounds [1:4] of axis 1, which is 3 long", func() { x.Slice(1, 1, 4) }},
		{"tensor: Permute: [0 0] names axis 0 twice", func() { x.Permute(0, 0) }},
		{"tensor: Permute: 1 axes named, shape [2 3] has 2", func() { x.Permute(1) }},
		{"tensor: Squeeze: axis 0 of shape [2 3] is 2 long, not 1", func() { x.Squeeze(0) }},
		{"tensor: Unsqueeze: axis 4 of shape [2 3], which has 2 axes", func() { x.Unsqueeze(4) }},
		{"tensor: Expand: shape [2 3] does not broadcast to [4 3]", func() { x.Expand(4, 3) }},
		{"tensor: Expand: shape [2 3] does not broadcast to [3]", func() { x.Expand(3) }},
		{"tensor: CopyFrom: shapes [2 3] and [3 2]", func() { x.CopyFrom(tensor.New(tensor.Float32, 3, 2)) }},
		{"tensor: CopyFrom: dtypes float32 and int32", func() { x.CopyFrom(tensor.New(tensor.Int32, 2, 3)) }},
		{"tensor: FromBits: dtype float32 is not a 16-bit float", func() { tensor.FromBits(tensor.Float32, []uint16{1}, 1) }},
		{"tensor: Bits: dtype float32 is not a 16-bit float", func() { tensor.Bits(x) }},
		{"tensor: Uniform: dtype int32 is not float32 or float64", func() { tensor.New(tensor.Int32, 1).Uniform(nil, 0, 1) }},
	} {
		assert.PanicsWithValue(t, c.want, c.do)
	}
}
