package transform_test

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/transform"
	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/tensor"
)

func TestElements(t *testing.T) {
	ints := vectors("x", 1, int64(-5), 3, 1<<60+1)
	floats := vectors("x", 2, -0.5, nan, 300.75, math.Inf(1))
	x := []string{"x"}
	for _, c := range []struct {
		name string
		src  dataset.Source
		op   transform.Op
		want any
	}{
		{"clip floats", floats, transform.Clip{Columns: x, Min: new(0.0), Max: new(1.5)}, []float64{0, nan, 1.5, 1.5}},
		{"clip ids past 2⁵³", ints, transform.Clip{Columns: x, Min: new(0.0)}, []int64{0, 3, 1<<60 + 1}},
		// np.log1p([0, 1, -0.5, 1e-9]) of NumPy 2.4
		{"log1p", vectors("x", 1, 0, 1, -0.5, 1e-9), transform.Log1p{Columns: x},
			[]float64{0, 0.6931471805599453, -0.6931471805599453, 9.999999995e-10}},
		{"cast down", floats, transform.Cast{Columns: x, To: "uint8"}, []uint8{0, 0, 255, 255}},
		{"cast ids", ints, transform.Cast{Columns: x, To: "int64"}, []int64{-5, 3, 1<<60 + 1}},
		{"cast narrow", ints, transform.Cast{Columns: x, To: "int32"}, []int32{-5, 3, math.MaxInt32}},
		{"cast to bool", ints, transform.Cast{Columns: x, To: "bool"}, []bool{true, true, true}},
		{"impute a constant", vectors("x", 1, float32(nan), 2), transform.Impute{Columns: x, Values: [][]float64{{-1}}},
			[]float32{-1, 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := allOf(t, c.src, &transform.Pipeline{Ops: []transform.Op{c.op}})
			switch want := c.want.(type) {
			case []float64:
				requireNear(t, want, b.X, 0)
			case []int64:
				assert.Equal(t, want, tensor.Data[int64](b.X))
			case []int32:
				assert.Equal(t, want, tensor.Data[int32](b.X))
			case []uint8:
				assert.Equal(t, want, tensor.Data[uint8](b.X))
			case []bool:
				assert.Equal(t, want, tensor.Data[bool](b.X))
			case []float32:
				assert.Equal(t, want, tensor.Data[float32](b.X))
			}
		})
	}
}

// Lists keep their lengths.
func TestElementsOfLists(t *testing.T) {
	src := dataset.FromColumns("", dataset.Values{Name: "x", Tensor: tensor.FromSlice([]float32{1, 2, 3, 4}, 4),
		Offsets: []int64{0, 3, 3, 4}})
	b := allOf(t, src, &transform.Pipeline{Ops: []transform.Op{
		transform.Standardize{Columns: []string{"x"}, Mean: [][]float64{{1}}, Std: [][]float64{{2}}}}})
	values, offsets := b.Ragged("x")
	assert.Equal(t, []float32{0, 0.5, 1, 1.5}, tensor.Data[float32](values))
	assert.Equal(t, []int64{0, 3, 3, 4}, offsets)
}

func TestColumns(t *testing.T) {
	b := allOf(t, mixed(3), &transform.Pipeline{Ops: []transform.Op{
		transform.Rename{From: "label", To: "class"},
		transform.Cast{Columns: []string{"class"}, To: "int32"},
		transform.Drop{Columns: []string{"word"}},
		transform.Concat{Columns: []string{"y", "x"}, As: "z", Keep: []string{"y"}},
	}})
	spec := b.Spec()
	assert.Equal(t, "class", spec.Target)
	assert.Equal(t, []dataset.Column{{Name: "z", DType: tensor.Float64, Shape: []int{5}},
		{Name: "y", DType: tensor.Float64, Shape: []int{}}}, spec.Columns[:2])
	assert.Equal(t, tensor.Int32, b.Y.DType())
	var raw dataset.Batch
	require.NoError(t, raw.Fill(mixed(3), []int{0, 1, 2}))
	for i := range 3 {
		z := tensor.Data[float64](b.X)[5*i:]
		assert.Equal(t, tensor.Data[float64](raw.Col("y"))[i], z[0])
		for j, v := range tensor.Data[float32](raw.Col("x"))[4*i : 4*i+4] {
			assert.True(t, float64(v) == z[1+j] || v != v && z[1+j] != z[1+j])
		}
		assert.Equal(t, tensor.Data[int64](raw.Y)[i], int64(tensor.Data[int32](b.Y)[i]))
	}
}

// An op that does not fit says which column, and what it is.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		op   transform.Op
		want string
	}{
		{transform.Standardize{Columns: []string{"x"}},
			"op 0: transform: Standardize: not fitted: call Pipeline.Fit, or give its numbers"},
		{transform.Standardize{Columns: []string{"x"}, Mean: [][]float64{{1, 2}}, Std: [][]float64{{1}}},
			`op 0: transform: Standardize: Mean of column "x" has 2 numbers for 4 channels, of float32[4]`},
		{transform.Standardize{Columns: []string{"x"}, Mean: [][]float64{{1}}, Std: [][]float64{{0}}},
			`op 0: transform: Standardize: Std of column "x", channel 0, is 0, want above 0`},
		{transform.Log1p{Columns: []string{"word"}}, `op 0: transform: Log1p: column "word" is text, want numbers`},
		{transform.Log1p{Columns: []string{"z"}},
			`op 0: transform: Log1p: columns has no column "z", it has ["x" "y" "word" "label"]`},
		{transform.Log1p{}, "op 0: transform: Log1p: Columns is empty"},
		{transform.Log1p{Columns: []string{"y", "y"}}, `op 0: transform: Log1p: Columns has "y" twice`},
		{transform.Cast{Columns: []string{"y"}, To: "half"},
			`op 0: transform: Cast: no dtype "half", there are [float32 float64 int64 int32 int8 uint8 bool]`},
		{transform.Concat{Columns: []string{"y", "word"}, As: "z"},
			`op 0: transform: Concat: column "word" is text, want numbers, not in lists`},
		{transform.Rename{From: "y", To: "x"}, `op 0: transform: Rename: "y" to "x", which is empty or there already`},
		{transform.Clip{Columns: []string{"y"}, Min: new(2.0), Max: new(1.0)}, "op 0: transform: Clip: Min 2 is above Max 1"},
	} {
		_, err := transform.Source(mixed(2), &transform.Pipeline{Ops: []transform.Op{c.op}})
		assert.EqualError(t, err, c.want)
	}
}

// Filters are counted once, before and behind other ops; numbers of samples are then those that are left.
func TestFilter(t *testing.T) {
	p := &transform.Pipeline{Ops: []transform.Op{
		transform.Cast{Columns: []string{"label"}, To: "int32"},
		transform.Filter{Name: "not class 1", Keep: func(b *dataset.Batch, i int) bool {
			return tensor.Data[int32](b.Y)[i] != 1
		}},
		transform.Map{Name: "negate", Func: func(b *dataset.Batch) error {
			for i, v := range tensor.Data[int32](b.Y) {
				tensor.Data[int32](b.Y)[i] = -v
			}
			return nil
		}},
	}}
	src := mixed(2000)
	b := allOf(t, blocked{src}, p)
	want := allOf(t, src, &transform.Pipeline{})
	k := 0
	for i, label := range tensor.Data[int64](want.Y) {
		if label == 1 {
			continue
		}
		require.Equal(t, int32(-label), tensor.Data[int32](b.Y)[k])
		require.Equal(t, tensor.Data[float64](want.Col("y"))[i], tensor.Data[float64](b.Col("y"))[k])
		k++
	}
	assert.Equal(t, k, b.N)
	require.NoError(t, p.Transform(want)) // a prediction drops nothing
	assert.Equal(t, 2000, want.N)

	_, err := transform.Source(src, &transform.Pipeline{Ops: []transform.Op{
		transform.Noise{Columns: []string{"y"}}, p.Ops[1]}})
	assert.EqualError(t, err, `op 1: transform: Filter "not class 1" stands behind a random op`)
	no := transform.Map{Name: "m", Func: func(*dataset.Batch) error { return errors.New("no") }}
	_, err = transform.Source(src, &transform.Pipeline{Ops: []transform.Op{no, p.Ops[1]}})
	assert.EqualError(t, err, `transform: Map "m": no`)
}

// Noise is a function of (seed, epoch, sample), the same from any batch, and none in evaluation and prediction.
func TestNoise(t *testing.T) {
	src := vectors("x", 1, make([]float64, 4000)...)
	noise := func(seed uint64, epoch int, index ...int) []float64 {
		staged, err := transform.Source(src, &transform.Pipeline{Seed: seed, Ops: []transform.Op{
			transform.Noise{Columns: []string{"x"}, Std: 2}}})
		require.NoError(t, err)
		b := dataset.Batch{Epoch: epoch}
		require.NoError(t, b.Fill(staged, index))
		return append([]float64(nil), tensor.Data[float64](b.X)...)
	}
	all := make([]int, 4000)
	for i := range all {
		all[i] = i
	}
	x := noise(1, 0, all...)
	var sum, squares float64
	for _, v := range x {
		sum, squares = sum+v, squares+v*v
	}
	assert.InDelta(t, 0, sum/4000, 4*2/math.Sqrt(4000)) // four standard errors
	assert.InDelta(t, 4, squares/4000, 4*4*math.Sqrt(2.0/4000))
	assert.Equal(t, []float64{x[70], x[3]}, noise(1, 0, 70, 3))
	assert.NotEqual(t, x[3], noise(2, 0, 3)[0])
	assert.NotEqual(t, x[3], noise(1, 1, 3)[0])

	still, err := transform.Eval(src, &transform.Pipeline{Ops: []transform.Op{
		transform.Noise{Columns: []string{"x"}, Std: 2}}})
	require.NoError(t, err)
	var b dataset.Batch
	require.NoError(t, b.Fill(still, []int{5}))
	assert.Equal(t, []float64{0}, tensor.Data[float64](b.X))
}

// A prediction has what training had, also without a target, and may be made of other batches in between.
func TestTransform(t *testing.T) {
	src := mixed(3000)
	p, err := (&transform.Pipeline{Ops: append([]transform.Op{
		transform.Clip{Columns: []string{"label"}, Max: new(1.0)},
		transform.Rename{From: "label", To: "class"},
		transform.Cast{Columns: []string{"class"}, To: "int32"},
	}, mixedOps...)}).Fit(t.Context(), src, nil)
	require.NoError(t, err)
	want := allOf(t, src, p)
	unlabelled, err := transform.Source(src, &transform.Pipeline{Ops: []transform.Op{
		transform.Drop{Columns: []string{"label"}}}})
	require.NoError(t, err)
	for _, from := range []dataset.Source{unlabelled, src, unlabelled} {
		var b dataset.Batch
		require.NoError(t, b.Fill(from, []int{7, 2999}))
		require.NoError(t, p.Transform(&b))
		assert.Equal(t, tensor.Data[float32](want.X)[28:32], tensor.Data[float32](b.X)[:4])
		assert.Equal(t, tensor.Data[float64](want.Col("y"))[2999], tensor.Data[float64](b.Col("y"))[1])
		assert.Equal(t, from == src, b.Has("class"))
	}
}

// After the second batch numeric ops allocate nothing.
func TestNothingIsAllocated(t *testing.T) {
	ops := append(mixedOps[:4:4], transform.Drop{Columns: []string{"word"}},
		transform.Clip{Columns: []string{"y"}, Min: new(-0.5)}, transform.Noise{Columns: []string{"y"}, Std: 1},
		transform.Concat{Columns: []string{"x", "y"}, As: "z"})
	p, err := (&transform.Pipeline{Ops: ops}).Fit(t.Context(), mixed(2000), nil)
	require.NoError(t, err)
	src, err := transform.Source(mixed(2000), p)
	require.NoError(t, err)
	index := []int{1, 2, 3, 500, 1999}
	var b dataset.Batch
	fill := func() {
		if err := b.Fill(src, index); err != nil {
			t.Error(err)
		}
	}
	for range 8 {
		fill()
	}
	assert.Zero(t, alloctest.PerRun(50, fill))
}

func BenchmarkFashion(b *testing.B) {
	const n = 4096
	x := tensor.New(tensor.Uint8, n, 1, 28, 28)
	for i, data := 0, tensor.Data[uint8](x); i < len(data); i++ {
		data[i] = uint8(i * 7)
	}
	y := tensor.New(tensor.Int64, n)
	for _, c := range []struct {
		name string
		src  dataset.Source
	}{{"float32", dataset.FromTensors(x, y)},
		{"uint8", dataset.FromColumns("y", dataset.Values{Name: "x", Tensor: x}, dataset.Values{Name: "y", Tensor: y})}} {
		for _, transformed := range []bool{false, true} {
			src, name := c.src, c.name+"/plain"
			if transformed {
				p := &transform.Pipeline{Ops: []transform.Op{transform.Standardize{Columns: []string{"x"},
					Mean: [][]float64{{72.9}}, Std: [][]float64{{90}}}}}
				var err error
				src, err = transform.Source(c.src, p)
				require.NoError(b, err)
				name = c.name + "/standardized"
			}
			b.Run(name, func(b *testing.B) {
				b.ReportAllocs()
				var batch dataset.Batch
				index := make([]int, 128)
				for i := range index {
					index[i] = i * 31 % n
				}
				for b.Loop() {
					if err := batch.Fill(src, index); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N*len(index))/b.Elapsed().Seconds()/1e6, "Msamples/s")
			})
		}
	}
}
