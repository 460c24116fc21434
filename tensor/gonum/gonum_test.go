package gonum_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/gonum"
)

func count(d tensor.DType, shape ...int) *tensor.Tensor {
	x := tensor.New(tensor.Float64, shape...)
	for i := range x.Len() {
		tensor.Data[float64](x)[i] = float64(i)
	}
	return x.Cast(d)
}

// requireSame compares every element, and whether a change of the tensor shows in the matrix.
func requireSame(t *testing.T, x *tensor.Tensor, m mat.Matrix, shares bool) {
	t.Helper()
	r, c := m.Dims()
	require.Equal(t, x.Shape(), []int{r, c})
	for i := range r {
		for j := range c {
			require.Equal(t, tensor.Data[float64](x.Select(0, i).Select(0, j).Cast(tensor.Float64))[0], m.At(i, j))
		}
	}
	last := x.Select(0, -1).Select(0, -1)
	was := m.At(r-1, c-1)
	tensor.AddScalarTo(last, last, 100)
	want := was
	if shares {
		want += 100
	}
	require.Equal(t, want, m.At(r-1, c-1), "shared memory")
}

func TestMatrix(t *testing.T) {
	for _, c := range []struct {
		name          string
		x             *tensor.Tensor
		dense, matrix bool // shared
	}{
		{"rows", count(tensor.Float64, 3, 4), true, true},
		{"cut", count(tensor.Float64, 5, 6).Slice(0, 1, 4).Slice(1, 2, 5), true, true},
		{"transposed", count(tensor.Float64, 3, 4).Transpose(0, 1), false, true},
		{"column", count(tensor.Float64, 3, 4).Slice(1, 1, 2), true, true},
		{"row", count(tensor.Float64, 3, 4).Slice(0, 1, 2), true, true},
		{"gaps", count(tensor.Float64, 3, 4).SliceStep(1, 0, 4, 2), false, false},
		{"float32", count(tensor.Float32, 3, 4), false, false},
		{"int64", count(tensor.Int64, 3, 4), false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			requireSame(t, c.x, gonum.Dense(c.x), c.dense)
			requireSame(t, c.x, gonum.Matrix(c.x), c.matrix)
			if c.x.DType() == tensor.Float64 {
				back := gonum.FromMatrix(gonum.Matrix(c.x))
				assert.True(t, back.Equal(c.x))
				requireSame(t, back, gonum.Matrix(c.x), c.matrix)
			}
		})
	}
}

func TestFromGonum(t *testing.T) {
	m := mat.NewDense(4, 5, nil)
	part := m.Slice(1, 3, 2, 5).(*mat.Dense)
	part.Set(1, 2, 7)
	x := gonum.FromDense(part)
	assert.Equal(t, []int{5, 1}, x.Strides())
	requireSame(t, x, part, true)
	assert.Equal(t, 107.0, m.At(2, 4))
	s := mat.NewSymDense(2, []float64{1, 2, 2, 3})
	assert.Equal(t, []float64{1, 2, 2, 3}, tensor.Data[float64](gonum.FromMatrix(s)))

	g := gonum.General32(count(tensor.Float32, 3, 4).Slice(1, 1, 3))
	assert.Equal(t, 4, g.Stride)
	assert.Equal(t, []float32{1, 2, 5, 6, 9, 10}, tensor.Data[float32](gonum.FromGeneral32(g).Clone()))

	col := gonum.Vector(count(tensor.Float64, 3, 4).Select(1, 2))
	assert.Equal(t, []float64{2, 6, 10}, mat.Col(nil, 0, col))
	v := gonum.FromVector(col)
	assert.Equal(t, []float64{2, 6, 10}, tensor.Data[float64](v.Clone()))
	v.Zero()
	assert.Zero(t, mat.Norm(col, 2))
}

func TestMisuse(t *testing.T) {
	assert.PanicsWithValue(t, "gonum: Dense: shape [3] has 1 axes, not 2", func() { gonum.Dense(tensor.New(tensor.Float64, 3)) })
	assert.PanicsWithValue(t, "gonum: Matrix: shape [0 3] has no elements", func() { gonum.Matrix(tensor.New(tensor.Float64, 0, 3)) })
}

func ExampleDense() {
	x := tensor.FromSlice([]float64{1, 2, 3, 4}, 2, 2)
	m := gonum.Dense(x)
	m.Set(0, 1, 20)
	fmt.Println(x, mat.Trace(m))
	// Output:
	// [[ 1. 20.]
	//  [ 3.  4.]] float64 [2 2] 5
}
