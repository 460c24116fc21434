package dataset

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/tensor"
)

func TestFromTensorsTypes(t *testing.T) {
	labels := tensor.FromSlice([]int64{2, 0})
	for _, c := range []struct {
		name string
		x, y *tensor.Tensor
		spec Spec
	}{
		{"float32, int64", tensor.FromSlice([]float32{1, 2, 3, 4}, 2, 2), labels, XY("tensors", []int{2}, 3, nil)},
		{"uint8, uint8", tensor.FromSlice([]uint8{1, 2, 3, 4}, 2, 1, 2), tensor.FromSlice([]uint8{1, 0}), XY("tensors", []int{1, 2}, 2, nil)},
		{"float64, int32", tensor.FromSlice([]float64{1, 2, 3, 4}, 2, 2), tensor.FromSlice([]int32{0, 0}), XY("tensors", []int{2}, 1, nil)},
		{"int64, bool", tensor.FromSlice([]int64{1, 2, 3, 4}, 2, 2), tensor.FromSlice([]bool{true, false}), XY("tensors", []int{2}, 2, nil)},
		{"a view", tensor.FromSlice([]float32{1, 3, 2, 4}, 2, 2).Transpose(0, 1), labels, XY("tensors", []int{2}, 3, nil)},
		{"numbers as targets", tensor.FromSlice([]float32{1, 2, 3, 4}, 2, 2), tensor.FromSlice([]float32{0.5, -0.5}), XY("tensors", []int{2}, 0, []int{})},
		{"vectors as targets", tensor.FromSlice([]float32{1, 2, 3, 4}, 2, 2), tensor.FromSlice([]float64{1, 2, 3, 4, 5, 6}, 2, 3), XY("tensors", []int{2}, 0, []int{3})},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := FromTensors(c.x, c.y)
			assert.Equal(t, 2, m.Len())
			assert.Equal(t, c.spec, m.Spec())
			var b Batch
			require.NoError(t, m.Fill(&b, []int{1, 0, 1}))
			assert.Equal(t, []float32{3, 4, 1, 2, 3, 4}, tensor.Data[float32](b.X))
			assert.Equal(t, append([]int{3}, c.spec.Input().Shape...), slices.Clone(b.X.Shape()))
			if c.spec.Classes() > 0 {
				want := tensor.Data[int64](c.y.Cast(tensor.Int64))
				assert.Equal(t, []int64{want[1], want[0], want[1]}, tensor.Data[int64](b.Y))
				return
			}
			assert.Equal(t, append([]int{3}, c.spec.Columns[1].Shape...), slices.Clone(b.Y.Shape()))
			want, k := tensor.Data[float32](c.y.Cast(tensor.Float32)), product(c.spec.Columns[1].Shape)
			assert.Equal(t, slices.Concat(want[k:], want[:k], want[k:]), tensor.Data[float32](b.Y))
		})
	}
}

// A batch is a copy: writing to it must not change the source.
func TestFillCopies(t *testing.T) {
	x := tensor.FromSlice([]float32{1, 2}, 2, 1)
	m := FromTensors(x, tensor.FromSlice([]int64{0, 1}))
	var b Batch
	require.NoError(t, m.Fill(&b, []int{0, 1}))
	b.X.Fill(9)
	tensor.Data[int64](b.Y)[0] = 9
	require.NoError(t, m.Fill(&b, []int{0, 1}))
	assert.Equal(t, []float32{1, 2}, tensor.Data[float32](b.X))
	assert.Equal(t, []int64{0, 1}, tensor.Data[int64](b.Y))
	assert.Equal(t, []float32{1, 2}, tensor.Data[float32](x))
}

// Growing, shrinking, empty and back, and from one layout to another, in one buffer.
func TestBatchResize(t *testing.T) {
	m := numbered(10)
	var b Batch
	for _, n := range []int{3, 0, 10, 4, 4, 0, 10, 1} {
		require.NoError(t, m.Fill(&b, count(n)))
		requireSamples(t, count(n), &b)
	}
	targets := FromTensors(tensor.New(tensor.Float32, 4, 3), tensor.New(tensor.Float32, 4, 2))
	require.NoError(t, targets.Fill(&b, count(4)))
	assert.Equal(t, []int{4, 3}, slices.Clone(b.X.Shape()))
	assert.Equal(t, []int{4, 2}, slices.Clone(b.Y.Shape()))
	require.NoError(t, m.Fill(&b, count(2)))
	requireSamples(t, count(2), &b)
}

func TestBatchResizeReuses(t *testing.T) {
	m := numbered(10)
	var b Batch
	index := count(10)
	require.NoError(t, m.Fill(&b, index))
	assert.Zero(t, alloctest.PerRun(100, func() { m.Fill(&b, index) }))
	before := &tensor.Data[float32](b.X)[0]
	require.NoError(t, m.Fill(&b, count(3)))
	assert.Same(t, before, &tensor.Data[float32](b.X)[0])
}

func TestFillFromManyGoroutines(t *testing.T) {
	train, _, err := Digits()
	require.NoError(t, err)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			var b, alone Batch
			for i := range 50 {
				s := (g*131 + i*17) % train.Len()
				assert.NoError(t, train.Fill(&b, []int{s, 0, s}))
				assert.NoError(t, train.Fill(&alone, []int{s}))
				assert.True(t, b.X.Slice(0, 2, 3).Contiguous().Equal(alone.X))
			}
		})
	}
	wg.Wait()
}

func TestMemoryMisuse(t *testing.T) {
	x, y := tensor.New(tensor.Float32, 2, 3), tensor.FromSlice([]int64{0, 4})
	var b Batch
	for want, call := range map[string]func(){
		"dataset: FromTensors: shapes x [2 3] and y [3]: want one sample a row in both": func() { FromTensors(x, tensor.New(tensor.Int64, 3)) },
		"dataset: FromTensors: shapes x [] and y [2]: want one sample a row in both":    func() { FromTensors(tensor.New(tensor.Float32), y) },
		"dataset: FromTensors: labels have shape [2 1], want [2]":                       func() { FromTensors(x, tensor.New(tensor.Int64, 2, 1)) },
		"dataset: WithClasses: 0 classes, want at least 1":                              func() { FromTensors(x, y).WithClasses(0) },
		"dataset: FromTensors: y is float16, want integer labels or Float32 targets":    func() { FromTensors(x, tensor.New(tensor.Float16, 2)) },
		"dataset: WithClasses: label 4 of sample 1, want 0 … 3":                         func() { FromTensors(x, y).WithClasses(4) },
		"dataset: WithClasses: tensors has targets, not labels":                         func() { FromTensors(x, tensor.New(tensor.Float32, 2)).WithClasses(4) },
		"dataset: Fill: sample 2 of five, which has 2":                                  func() { FromTensors(x, y).WithName("five").Fill(&b, []int{0, 2}) },
		"dataset: Fill: sample -1 of tensors, which has 2":                              func() { FromTensors(x, y).Fill(&b, []int{-1}) },
	} {
		assert.PanicsWithValue(t, want, call)
	}
	assert.Equal(t, 9, FromTensors(x, y).WithClasses(9).Spec().Classes())
}

// PyTorch's ignore_index, −100, is a label of no class.
func TestNegativeLabels(t *testing.T) {
	m := FromTensors(tensor.New(tensor.Float32, 4, 1), tensor.FromSlice([]int32{2, -100, 0, -1}))
	assert.Equal(t, 3, m.Spec().Classes())
	assert.Equal(t, 5, m.WithClasses(5).Spec().Classes())
	var b Batch
	require.NoError(t, m.Fill(&b, count(4)))
	assert.Equal(t, []int64{2, -100, 0, -1}, tensor.Data[int64](b.Y))
	assert.Equal(t, 1, FromTensors(tensor.New(tensor.Float32, 1, 1), tensor.FromSlice([]int64{-100})).Spec().Classes())
	train, test, err := Split(m, 0.5, 1)
	require.NoError(t, err)
	assert.ElementsMatch(t, []int64{-100, -1, 0, 2}, append(labelsOf(t, train), labelsOf(t, test)...))
}
