package dataset

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/tensor"
)

// many returns n samples with a column of each kind; sample i holds numbers made of i.
func many(n int) *Memory {
	id, image, half := make([]int64, n), make([]uint8, 4*n), make([]uint16, n)
	boxes, boxAt := []float32{}, []int64{0}
	words, wordAt, names := []string{}, []int64{0}, make([]string, n)
	labels := make([]int32, n)
	for i := range n {
		id[i] = 1<<40 + int64(i)
		copy(image[4*i:], []uint8{uint8(i), uint8(i + 1), uint8(i + 2), uint8(i + 3)})
		half[i] = uint16(i)
		for k := range i % 3 {
			boxes = append(boxes, float32(i), float32(k))
		}
		boxAt = append(boxAt, int64(len(boxes)/2))
		for k := range i % 4 {
			words = append(words, "word"[:(i+k)%5])
		}
		wordAt = append(wordAt, int64(len(words)))
		names[i] = "sample"[:i%7%6]
		labels[i] = int32(i % 5)
	}
	return FromColumns("label",
		Values{Name: "id", Tensor: tensor.FromSlice(id, n)},
		Values{Name: "image", Tensor: tensor.FromSlice(image, n, 2, 2)},
		Values{Name: "half", Tensor: tensor.FromBits(tensor.Float16, half, n)},
		Values{Name: "label", Tensor: tensor.FromSlice(labels, n)},
		Values{Name: "boxes", Tensor: tensor.FromSlice(boxes, len(boxes)/2, 2), Offsets: boxAt},
		Values{Name: "words", Text: words, Offsets: wordAt},
		Values{Name: "name", Text: names},
	)
}

// requireMany checks that b holds the samples of many with the given numbers.
func requireMany(t *testing.T, want []int, b *Batch) {
	t.Helper()
	n := len(want)
	require.Equal(t, n, b.N)
	require.Equal(t, []int{n}, slices.Clone(b.Col("id").Shape()))
	require.Equal(t, []int{n, 2, 2}, slices.Clone(b.Col("image").Shape()))
	boxes, boxAt := b.Ragged("boxes")
	require.Equal(t, 2, boxes.Rank())
	require.Len(t, boxAt, n+1)
	lists, words := b.Lists("words"), b.Strings("words")
	require.Len(t, lists, n+1)
	box := 0
	for i, s := range want {
		require.Equal(t, 1<<40+int64(s), tensor.Data[int64](b.Col("id"))[i])
		require.Equal(t, []uint8{uint8(s), uint8(s + 1), uint8(s + 2), uint8(s + 3)},
			tensor.Data[uint8](b.Col("image"))[4*i:4*i+4])
		require.Equal(t, uint16(s), tensor.Bits(b.Col("half"))[i])
		require.Equal(t, int64(s%5), tensor.Data[int64](b.Col("label"))[i])
		require.Equal(t, int64(box), boxAt[i])
		for k := range s % 3 {
			require.Equal(t, []float32{float32(s), float32(k)}, tensor.Data[float32](boxes)[2*box:2*box+2])
			box++
		}
		var of []string
		for k := range s % 4 {
			of = append(of, "word"[:(s+k)%5])
		}
		require.Equal(t, of, append([]string(nil), words[lists[i]:lists[i+1]]...))
		require.Equal(t, "sample"[:s%7%6], string(b.Text("name", i)))
	}
	require.Equal(t, int64(box), boxAt[n])
	require.Equal(t, box, boxes.Dim(0))
}

func TestColumnsOfEveryKind(t *testing.T) {
	m := many(50)
	var b Batch
	for _, index := range [][]int{{3, 0, 49, 7, 7}, nil, count(50), {1}, {0}, {12, 11}} {
		require.NoError(t, b.Fill(m, index))
		requireMany(t, index, &b)
	}
	assert.Same(t, b.Col("id"), b.X)
	assert.Same(t, b.Col("label"), b.Y)
	assert.Equal(t, tensor.Int64, b.Y.DType())
	assert.Equal(t, 5, m.Spec().Classes())
	assert.Equal(t, "id", m.Spec().Input().Name)
	assert.True(t, b.Has("boxes") && !b.Has("box"))

	only := FromColumns("", Values{Name: "name", Text: []string{"a", "bc"}})
	require.NoError(t, b.Fill(only, []int{1, 0}))
	assert.Equal(t, []string{"bc", "a"}, b.Strings("name"))
	assert.True(t, b.X == nil && b.Y == nil, "text is no tensor")
	assert.Zero(t, only.Spec().Classes())
	require.NoError(t, b.Fill(m, []int{4}))
	requireMany(t, []int{4}, &b)
}

// Memory of a batch is reused, of ragged columns too once they have been as long; what is left is the view of values
// that Ragged makes, for another number of values, and nobody asks for here.
func TestColumnsDoNotAllocate(t *testing.T) {
	m := many(64)
	var b Batch
	all := count(64)
	require.NoError(t, m.Fill(&b, all))
	require.NoError(t, m.Fill(&b, all[:32]))
	i := 0
	assert.Zero(t, alloctest.PerRun(50, func() {
		i = (i + 7) % 32
		m.Fill(&b, all[i:i+32])
		b.Text("name", 0)
	}))
}

func TestSetRaggedAndText(t *testing.T) {
	spec := Spec{Name: "set", Columns: []Column{
		{Name: "ids", DType: tensor.Int64, Ragged: true}, {Name: "t", Text: true}, {Name: "w", Text: true, Ragged: true}}}
	var b Batch
	for range 2 {
		b.Resize(3, spec)
		for i := range 3 {
			SetRagged(&b, "ids", i, []int64{1 << 60, int64(i)}[:i])
			b.SetText("t", i, "abc"[:i])
			b.SetText("w", i, []string{"x", "", "yz"}[3-i:]...)
		}
		values, offsets := b.Ragged("ids")
		assert.Equal(t, []int64{1 << 60, 1 << 60, 2}, tensor.Data[int64](values))
		assert.Equal(t, []int64{0, 0, 1, 3}, offsets)
		assert.Equal(t, []string{"", "a", "ab"}, b.Strings("t"))
		assert.Equal(t, []string{"yz", "", "yz"}, b.Strings("w"))
		assert.Equal(t, []int64{0, 0, 1, 3}, b.Lists("w"))
	}
	b.Resize(2, spec)
	values, offsets := b.Grow("ids", 2)
	copy(tensor.Data[int64](values), []int64{5, 6})
	copy(offsets, []int64{0, 1, 2})
	lists, ends := b.GrowLists("w", 1)
	lists[1], lists[2], ends[1] = 1, 1, 2
	bytes, _ := b.Grow("w", 2)
	copy(tensor.Data[uint8](bytes), "hi")
	assert.Equal(t, []string{"hi"}, b.Strings("w"))
	var c Batch
	c.Resize(2, spec)
	c.take(0, &b, []int32{1, 0})
	values, _ = c.Ragged("ids")
	assert.Equal(t, []int64{6, 5}, tensor.Data[int64](values))
	assert.Equal(t, []string{"hi"}, c.Strings("w"))
	assert.Equal(t, []int64{0, 0, 1}, c.Lists("w"))

	b.Resize(2, spec)
	assert.PanicsWithValue(t, `dataset: SetRagged: sample 1 of column "ids" out of order`, func() {
		SetRagged(&b, "ids", 0, []int64{1})
		SetRagged(&b, "ids", 1, []int64{1})
		SetRagged(&b, "ids", 1, []int64{1})
	})
}

func TestColumnMisuse(t *testing.T) {
	var b Batch
	require.NoError(t, b.Fill(many(3), count(3)))
	ints := tensor.FromSlice([]int64{0, 1, 7}, 3)
	for want, call := range map[string]func(){
		`dataset: Batch.Col: columns has no column "idd", it has id, image, half, label, boxes, words, name`: func() {
			b.Col("idd")
		},
		`dataset: Batch.Col: column "boxes" of columns is ragged: its elements are Ragged's`: func() {
			b.Col("boxes")
		},
		`dataset: Batch.Ragged: column "id" of columns is not ragged: it is Col's`: func() { b.Ragged("id") },
		`dataset: Batch.Text: column "boxes" of columns is not text`:               func() { b.Text("boxes", 0) },
		`dataset: Batch.Text: string 3 of column "name", which has 3`:              func() { b.Text("name", 3) },
		`dataset: FromColumns: column "b" has 2 samples, "a" has 3`: func() {
			FromColumns("", Values{Name: "a", Tensor: ints}, Values{Name: "b", Text: []string{"", ""}})
		},
		`dataset: FromColumns: column "a": element 2 is 7, want 0 … 6`: func() {
			FromColumns("", Values{Name: "a", Tensor: ints, Classes: 7})
		},
		`dataset: FromColumns: column "a" is float32, want integers for its 7 classes`: func() {
			FromColumns("", Values{Name: "a", Tensor: ints.Cast(tensor.Float32), Classes: 7})
		},
		`dataset: FromColumns: column "a": element 0 is -1, want 0 … 6`: func() {
			FromColumns("", Values{Name: "a", Tensor: tensor.FromSlice([]int64{-1}, 1), Classes: 7})
		},
		`dataset: FromColumns: column "a": offset 2 is 0, after 3`: func() {
			FromColumns("", Values{Name: "a", Tensor: ints, Offsets: []int64{0, 3, 0, 3}})
		},
		`dataset: FromColumns: column "a": offsets of 1 samples do not run from 0 to 3`: func() {
			FromColumns("", Values{Name: "a", Tensor: ints, Offsets: []int64{0, 2}})
		},
		`dataset: FromColumns: dataset: Spec of columns: the target "y" is none of the columns: a`: func() {
			FromColumns("y", Values{Name: "a", Tensor: ints})
		},
		`dataset: FromColumns: dataset: Spec of columns: two columns are named "a"`: func() {
			FromColumns("", Values{Name: "a", Tensor: ints}, Values{Name: "a", Tensor: ints})
		},
	} {
		assert.PanicsWithValue(t, want, call)
	}
	assert.Equal(t, []int64{-1}, tensor.Data[int64](FromColumns("a",
		Values{Name: "a", Tensor: tensor.FromSlice([]int64{-1}, 1), Classes: 7}).data[0].values), "a label of no class passes")
}
