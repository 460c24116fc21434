package dataset

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
)

// at and rank against a list of the set's numbers, for sets empty, full, sparse and dense, at the seams of words and
// groups.
func TestBitmap(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{0, 1, 63, 64, 65, 511, 512, 513, 5000} {
		for _, one := range []int{1, 2, 100, 3000} {
			s := newBitmap(n)
			var want []int
			for i := range n {
				if rng.IntN(one) == 0 {
					s.set(i)
					want = append(want, i)
				}
			}
			s.count()
			require.Equal(t, len(want), s.n)
			for i, k := range want {
				require.Equal(t, k, s.at(i))
			}
			for i := range n + 1 {
				at, _ := slices.BinarySearch(want, i)
				require.Equal(t, at, s.rank(i), "rank of %d among %d", i, n)
			}
		}
	}
}

func TestFilter(t *testing.T) {
	odd := func(b *Batch, i int) bool { return tensor.Data[int64](b.Col("id"))[i]%3 == 1 }
	var want []int
	for i := range 1000 {
		if (1<<40+i)%3 == 1 {
			want = append(want, i)
		}
	}
	for name, src := range map[string]Source{
		"memory": many(1000), "blocks": inBlocks(many(1000), 1, 0, 300, 699),
		"a filter": inBlocksFiltered(t, many(1000)),
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Filter(src, odd)
			require.NoError(t, err)
			require.Equal(t, len(want), f.Len())
			_, isBlocks := f.(Blocks)
			assert.Equal(t, name != "memory", isBlocks)
			var b Batch
			index := []int{5, 0, f.Len() - 1, 5, 6}
			require.NoError(t, b.Fill(f, index))
			requireMany(t, []int{want[5], want[0], want[f.Len()-1], want[5], want[6]}, &b)
			of := map[bool]string{true: "columns", false: "a subset of columns"}[isBlocks]
			assert.PanicsWithValue(t, fmt.Sprintf("dataset: Fill: sample %d of %s, which has %[1]d", len(want), of),
				func() { b.Fill(f, []int{len(want)}) })

			seen := make([]int, 1000)
			e := Plan{N: f.Len(), BatchSize: 7, Partitions: 2, Shuffle: true, Window: 40}.Epoch(0)
			for part := range 2 {
				for b, err := range each(t.Context(), e.Open(f, part, 0)) {
					require.NoError(t, err)
					for _, id := range tensor.Data[int64](b.Col("id")) {
						seen[id-1<<40]++
					}
				}
			}
			for i, n := range seen {
				require.Equal(t, (1<<40+i)%3 == 1, n == 1, "sample %d came %d times", i, n)
			}
		})
	}
	failed := errors.New("disk on fire")
	_, err := Filter(&probe{Source: numbered(3), before: func(int64) error { return failed }}, nil)
	assert.ErrorIs(t, err, failed)
	none, err := Filter(numbered(3), func(*Batch, int) bool { return false })
	require.NoError(t, err)
	assert.Zero(t, none.Len())
}

// inBlocksFiltered is a source of blocks that is a filter which keeps all, so that filters lie over one another.
func inBlocksFiltered(t *testing.T, m *Memory) Source {
	src, err := Filter(inBlocks(m, 500, 500), func(*Batch, int) bool { return true })
	require.NoError(t, err)
	return src
}

// The halves of a source of blocks: each sample in one of them, in order, each class held out in proportion, another
// draw for another seed; and both are sources of blocks.
func TestSplitBlocks(t *testing.T) {
	y := make([]int64, 1003)
	counts := make([]int, 4)
	for i := range y {
		y[i] = int64(i * i % 4 * (i % 2)) // 0 and 1
		if i%10 == 0 {
			y[i] = 3
		}
		counts[y[i]]++
	}
	x := make([]float32, len(y))
	for i := range x {
		x[i] = float32(i)
	}
	src := inBlocks(FromTensors(tensor.FromSlice(x, len(x), 1), tensor.FromSlice(y, len(y))), 3, 0, 500, 500)
	var first []float32
	for seed := range uint64(2) {
		train, test, err := Split(src, 0.2, seed)
		require.NoError(t, err)
		assert.Implements(t, (*Blocks)(nil), train)
		held := make([]int, 4)
		for _, label := range labelsOf(t, test) {
			held[label]++
		}
		for c, n := range counts {
			assert.Equal(t, (n+4)/5, held[c], "class %d", c)
		}
		kept, out := inputsOf(t, train), inputsOf(t, test)
		assert.True(t, slices.IsSorted(kept) && slices.IsSorted(out), "order is not the source's")
		all := append(kept, out...)
		slices.Sort(all)
		assert.Equal(t, x, all)
		if seed == 0 {
			first = out
		} else {
			assert.NotEqual(t, first, out)
		}
	}
}

func inputsOf(t *testing.T, src Source) []float32 {
	t.Helper()
	var x []float32
	require.NoError(t, scan(src, func(b *Batch) { x = append(x, tensor.Data[float32](b.X)...) }))
	return x
}

func TestSubsetOfBlocks(t *testing.T) {
	src := inBlocks(numbered(100), 50, 50)
	up := Subset(src, []int{3, 49, 50, 99})
	assert.Equal(t, []int{2, 2}, up.(Blocks).Blocks())
	var b Batch
	require.NoError(t, b.Fill(up, []int{3, 0, 1}))
	requireSamples(t, []int{99, 3, 49}, &b)
	back := Subset(src, []int{99, 3})
	require.NoError(t, b.Fill(back, []int{0, 1}))
	requireSamples(t, []int{99, 3}, &b)
}

// Map works on blocks with the numbers of the source, for the epoch that is read; Normalize is one.
func TestMapOfBlocks(t *testing.T) {
	src := inBlocks(numbered(100), 30, 0, 70)
	m := Map(src, func(b *Batch, index []int) error {
		for i, s := range index {
			if tensor.Data[int64](b.Y)[i] != int64(s) {
				return errors.New("another number")
			}
			tensor.Data[float32](b.X)[2*i] = float32(1000*b.Epoch + s)
		}
		return nil
	})
	var b Batch
	require.NoError(t, b.Fill(m, []int{99, 0, 31}))
	assert.Equal(t, []float32{99, -99, 0, 0, 31, -31}, tensor.Data[float32](b.X))
	e := Plan{N: 100, BatchSize: 10, Partitions: 1, Shuffle: true, Window: 30}.Epoch(2)
	step := 0
	for b, err := range each(t.Context(), e.Open(m, 0, 0)) {
		require.NoError(t, err)
		for i, s := range e.Rows(src, step, 0) {
			require.Equal(t, float32(2000+s), tensor.Data[float32](b.X)[2*i])
		}
		step++
	}
	assert.Equal(t, 10, step)
	mean, std, err := MeanStd(src)
	require.NoError(t, err)
	want, _, _ := MeanStd(numbered(100))
	assert.Equal(t, want, mean)
	assert.Implements(t, (*Blocks)(nil), Normalize(src, mean, std))
	failed := errors.New("disk on fire")
	src.before = func(context.Context, int, int, int) error { return failed }
	assert.ErrorIs(t, b.Fill(Map(src, func(*Batch, []int) error { panic("called") }), []int{0}), failed)
}

func TestFunc(t *testing.T) {
	spec := Spec{Name: "squares", Target: "y", Columns: []Column{
		{Name: "n", DType: tensor.Int64}, {Name: "y"}, {Name: "t", Text: true}}}
	src := Func(10, spec, func(i int, b *Batch, at int) {
		tensor.Data[int64](b.X)[at] = int64(i)
		tensor.Data[float32](b.Y)[at] = float32(i * i)
		b.SetText("t", at, "abcdefghij"[:i])
	})
	var b Batch
	require.NoError(t, b.Fill(src, []int{9, 0, 3}))
	assert.Equal(t, []int64{9, 0, 3}, tensor.Data[int64](b.X))
	assert.Equal(t, []float32{81, 0, 9}, tensor.Data[float32](b.Y))
	assert.Equal(t, []string{"abcdefghi", "", "abc"}, b.Strings("t"))
	assert.PanicsWithValue(t, "dataset: Fill: sample 10 of squares, which has 10", func() { src.Fill(&b, []int{10}) })
	assert.PanicsWithValue(t, "dataset: Func: -1 samples of squares, want at least 0", func() { Func(-1, spec, nil) })
}
