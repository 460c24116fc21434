package dataset

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
)

// labelsOf returns the labels of src in order.
func labelsOf(t *testing.T, src Source) []int64 {
	t.Helper()
	var labels []int64
	require.NoError(t, scan(src, func(b *Batch) { labels = append(labels, tensor.Data[int64](b.Y)...) }))
	return labels
}

func TestSubset(t *testing.T) {
	s := Subset(numbered(10), []int{7, 7, 2, 9})
	assert.Equal(t, 4, s.Len())
	var b Batch
	require.NoError(t, s.Fill(&b, []int{3, 0, 1}))
	requireSamples(t, []int{9, 7, 7}, &b)

	inner := Map(s, func(b *Batch, index []int) error { // sees the numbers it was asked for, not the inner source's
		assert.Equal(t, []int{2, 3}, index)
		return nil
	})
	outer := Subset(inner, []int{0, 2, 3})
	require.NoError(t, outer.Fill(&b, []int{1, 2}))
	requireSamples(t, []int{2, 9}, &b)

	assert.Zero(t, Subset(numbered(3), nil).Len())
	assert.PanicsWithValue(t, "dataset: Subset: index[1] is sample 10 of tensors, which has 10", func() { Subset(numbered(10), []int{0, 10}) })
	assert.PanicsWithValue(t, "dataset: Fill: sample 4 of a subset of tensors, which has 4", func() { s.Fill(&b, []int{4}) })
}

func TestSplit(t *testing.T) {
	for _, c := range []struct{ n, every int }{{0, 5}, {1, 5}, {2, 2}, {4, 5}, {100, 5}, {101, 5}, {103, 10}} {
		train, test, err := Split(numbered(c.n), 1/float64(c.every), 1)
		require.NoError(t, err)
		kept, held := labelsOf(t, train), labelsOf(t, test) // of numbered, a sample's label is its number
		assert.True(t, slices.IsSorted(kept) && slices.IsSorted(held), "order is not the source's")
		assert.Len(t, held, (c.n+c.every-1)/c.every)
		all := append(kept, held...)
		slices.Sort(all)
		for i, s := range all {
			require.Equal(t, int64(i), s)
		}
		assert.Len(t, all, c.n)
	}
}

// A fraction 1/k takes each k-th, exactly: by integers i%k == 0. Any fraction holds out ⌈n·fraction⌉, by big's
// arithmetic.
func TestSplitByAnyFraction(t *testing.T) {
	for k := 2; k <= 100; k++ {
		for i := range 10 * k {
			require.Equal(t, i%k == 0, heldOf(i+1, 1/float64(k)) > heldOf(i, 1/float64(k)),
				"sample %d of fraction 1/%d", i, k)
		}
	}
	for _, c := range []struct{ num, den int64 }{{3, 10}, {7, 10}, {2, 3}, {99, 100}, {1, 1000}, {15, 100}} {
		for _, n := range []int64{1, 9, 10, 99, 100, 1000, 12345, 1e9} {
			held := new(big.Int).Div(big.NewInt(n*c.num+c.den-1), big.NewInt(c.den))
			assert.Equal(t, int(held.Int64()), heldOf(int(n), float64(c.num)/float64(c.den)), "%d/%d of %d", c.num,
				c.den, n)
		}
	}
	train, test, err := Split(numbered(1000), 0.3, 1)
	require.NoError(t, err)
	assert.Equal(t, []int{700, 300}, []int{train.Len(), test.Len()})
	for _, f := range []float64{0, 1, -0.1, 5, math.NaN()} {
		assert.Panics(t, func() { Split(numbered(3), f, 1) }, "%v", f)
	}
}

func TestSplitIsStratified(t *testing.T) {
	const n = 1000
	y := make([]int64, n)
	want := make([]float64, 4)
	for i := range y {
		y[i] = int64(i*i) % 4 // classes 0 and 1 alone
		if i%10 == 0 {
			y[i] = 3
		}
		want[y[i]] += 1.0 / 5
	}
	src := FromTensors(tensor.New(tensor.Float32, n, 1), tensor.FromSlice(y))
	_, test, err := Split(src, 0.2, 1)
	require.NoError(t, err)
	got := make([]float64, 4)
	for _, label := range labelsOf(t, test) {
		got[label]++
	}
	assert.InDeltaSlice(t, want, got, 1)
	_, other, err := Split(src, 0.2, 2)
	require.NoError(t, err)
	assert.NotEqual(t, test.(*subset).index, other.(*subset).index, "the seed changes nothing")
}

func TestSplitWithoutClasses(t *testing.T) {
	src := FromTensors(tensor.New(tensor.Float32, 11, 1), tensor.New(tensor.Float32, 11))
	train, test, err := Split(src, 0.25, 1)
	require.NoError(t, err)
	assert.Equal(t, []int{8, 3}, []int{train.Len(), test.Len()})
	assert.PanicsWithValue(t, "dataset: Split: fraction 1, want above 0 and below 1", func() { Split(src, 1, 1) })
}

func TestErrorsOfTheSourceComeThrough(t *testing.T) {
	failed := errors.New("disk on fire")
	src := &probe{Source: numbered(3), before: func(int64) error { return failed }}
	_, _, err := Split(src, 0.5, 1)
	assert.ErrorIs(t, err, failed)
	_, _, err = MeanStd(src)
	assert.ErrorIs(t, err, failed)
	var b Batch
	assert.ErrorIs(t, Map(src, func(*Batch, []int) error { panic("called") }).Fill(&b, []int{0}), failed)
	assert.ErrorIs(t, Map(numbered(3), func(*Batch, []int) error { return failed }).Fill(&b, []int{0}), failed)
}

func TestNormalize(t *testing.T) {
	// two samples of two channels of two: channel 0 holds 1 2 3 6, channel 1 is 5 throughout
	src := FromTensors(tensor.FromSlice([]uint8{1, 2, 5, 5, 3, 6, 5, 5}, 2, 2, 1, 2), tensor.FromSlice([]int64{0, 1}))
	mean, std, err := MeanStd(src)
	require.NoError(t, err)
	assert.InDeltaSlice(t, []float64{3, 5}, mean, 1e-12)
	assert.InDeltaSlice(t, []float64{1.8708286933869707, 1}, std, 1e-12) // √((4+1+0+9)/4); a constant channel has 1

	var b Batch
	require.NoError(t, Normalize(src, mean, std).Fill(&b, []int{1, 0}))
	assert.InDeltaSlice(t, []float32{0, 1.6035675, 0, 0, -1.0690450, -0.5345225, 0, 0}, tensor.Data[float32](b.X), 1e-6)
	require.NoError(t, Normalize(src, []float64{1}, []float64{2}).Fill(&b, []int{0}))
	assert.Equal(t, []float32{0, 0.5, 2, 2}, tensor.Data[float32](b.X))
	require.NoError(t, Normalize(src, mean, std).Fill(&b, nil))

	assert.PanicsWithValue(t,
		"dataset: Normalize: 3 means and 3 stds for the 2 channels of tensors, whose samples are [2 1 2]",
		func() { Normalize(src, make([]float64, 3), make([]float64, 3)) })
	assert.PanicsWithValue(t, "dataset: Normalize: std[1] is 0, want above 0", func() { Normalize(src, mean, []float64{1, 0}) })
}

// A channel of 1000 times 0.1: the sum of a thousand, divided again, is not 0.1, and left std 3e-16 and inputs of
// 33,554,432.
func TestMeanStdOfAConstantChannel(t *testing.T) {
	for _, v := range []float32{0.1, -1e30, 1e-45, 0} {
		src := FromTensors(tensor.Full(tensor.Float32, float64(v), 1000, 1), tensor.New(tensor.Int64, 1000))
		mean, std, err := MeanStd(src)
		require.NoError(t, err)
		assert.Equal(t, []float64{float64(v)}, mean)
		assert.Equal(t, []float64{1}, std)
		var b Batch
		require.NoError(t, Normalize(src, mean, std).Fill(&b, []int{0, 999}))
		assert.Equal(t, []float32{0, 0}, tensor.Data[float32](b.X))
	}
	mean, std, err := MeanStd(Subset(numbered(3), nil))
	require.NoError(t, err)
	assert.Equal(t, []float64{0}, mean[:1])
	assert.Equal(t, []float64{1}, std[:1])
}

// Of a vector each feature is a channel. numpy.mean and numpy.std, axis 0, of [[2000, 0.5], [2001, 0.5], [2003, 2]] are
// [2001.3333333333333, 1] and [1.247219128924647, 0.7071067811865476].
func TestMeanStdOfVectors(t *testing.T) {
	src := FromTensors(tensor.FromSlice([]float32{2000, 0.5, 2001, 0.5, 2003, 2}, 3, 2), tensor.New(tensor.Int64, 3))
	mean, std, err := MeanStd(src)
	require.NoError(t, err)
	assert.InDeltaSlice(t, []float64{2001.3333333333333, 1}, mean, 1e-12)
	assert.InDeltaSlice(t, []float64{1.247219128924647, 0.7071067811865476}, std, 1e-12)
	var b Batch
	require.NoError(t, Normalize(src, mean, std).Fill(&b, []int{2, 0}))
	assert.InDeltaSlice(t, []float32{1.3363062, 1.4142135, -1.0690450, -0.7071068}, tensor.Data[float32](b.X), 1e-6)
	require.NoError(t, Normalize(src, []float64{2000}, []float64{2}).Fill(&b, []int{1}))
	assert.Equal(t, []float32{0.5, -999.75}, tensor.Data[float32](b.X), "one mean serves all")
}

// MeanStd measures float64 as it is: as float32s these times would be one number. numpy.std of 0, 1, 5 is
// 2.160246899469287.
func TestMeanStdOfFloat64(t *testing.T) {
	src := FromColumns("", Values{Name: "x", Tensor: tensor.FromSlice([]float64{1772366400, 1772366401, 1772366405}, 3, 1)})
	mean, std, err := MeanStd(src)
	require.NoError(t, err)
	assert.Equal(t, []float64{1772366402}, mean)
	assert.InDeltaSlice(t, []float64{2.160246899469287}, std, 1e-12)
}

// What a source gives is counted.
func TestSourceOfAnotherNumber(t *testing.T) {
	for _, c := range []struct {
		give int
		want string
	}{
		{1, "dataset: tensors: Fill was asked for 2 samples and gave N = 1"},
		{3, "dataset: tensors: Fill was asked for 2 samples and gave N = 3"},
		{-3, "dataset: tensors: Fill was asked for 2 samples and gave N = -3"},
	} {
		src := &wrong{Source: numbered(4), after: func(b *Batch) { b.N = c.give }}
		var b Batch
		assert.EqualError(t, b.Fill(src, []int{0, 1}), c.want)
		_, _, err := MeanStd(src)
		assert.Error(t, err)
		plan := Plan{N: 4, BatchSize: 2, Partitions: 1}
		for _, err := range each(t.Context(), plan.Epoch(0).Open(src, 0, 0)) {
			assert.EqualError(t, err, "dataset: tensors: step 0: "+c.want)
		}
	}
	var b Batch
	short := &wrong{Source: numbered(4), after: func(b *Batch) { b.X = b.X.Slice(0, 0, 1) }}
	assert.EqualError(t, b.Fill(short, []int{0, 1}), "dataset: tensors: Fill was asked for 2 samples and gave X [1 2]")
	short.after = func(b *Batch) { b.Y = b.Y.Slice(0, 0, 1) }
	assert.EqualError(t, b.Fill(short, []int{0, 1}), "dataset: tensors: Fill was asked for 2 samples and gave Y [1]")
	short.after = func(b *Batch) { b.X = nil }
	assert.EqualError(t, b.Fill(short, []int{0, 1}), "dataset: tensors: Fill was asked for 2 samples and gave X nil")
}

// wrong is a source that does not keep its promise.
type wrong struct {
	Source
	after func(b *Batch)
}

func (w *wrong) Fill(b *Batch, index []int) error {
	err := w.Source.Fill(b, index)
	w.after(b)
	return err
}
