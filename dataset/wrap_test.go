package dataset

import (
	"errors"
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
		train, test, err := Split(numbered(c.n), c.every, 1)
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
	_, test, err := Split(src, 5, 1)
	require.NoError(t, err)
	got := make([]float64, 4)
	for _, label := range labelsOf(t, test) {
		got[label]++
	}
	assert.InDeltaSlice(t, want, got, 1)
	_, other, err := Split(src, 5, 2)
	require.NoError(t, err)
	assert.NotEqual(t, test.(*subset).index, other.(*subset).index, "the seed changes nothing")
}

func TestSplitWithoutClasses(t *testing.T) {
	src := FromTensors(tensor.New(tensor.Float32, 11, 1), tensor.New(tensor.Float32, 11))
	train, test, err := Split(src, 4, 1)
	require.NoError(t, err)
	assert.Equal(t, []int{8, 3}, []int{train.Len(), test.Len()})
	assert.PanicsWithValue(t, "dataset: Split: every 1, want at least 2", func() { Split(src, 1, 1) })
}

func TestErrorsOfTheSourceComeThrough(t *testing.T) {
	failed := errors.New("disk on fire")
	src := &probe{Source: numbered(3), before: func(int64) error { return failed }}
	_, _, err := Split(src, 2, 1)
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

	assert.PanicsWithValue(t, "dataset: Normalize: 3 means and 3 stds for the 2 channels of tensors", func() { Normalize(src, make([]float64, 3), make([]float64, 3)) })
	assert.PanicsWithValue(t, "dataset: Normalize: std[1] is 0, want above 0", func() { Normalize(src, mean, []float64{1, 0}) })
}
