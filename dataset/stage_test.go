package dataset

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/tensor"
)

// tenfold is a stage over numbered or many: the input's first element times ten as column "ten", the sample's number
// beside it, and the label moved without a copy.
func tenfold(src Source) Source {
	spec := Spec{Name: "tenfold", Target: "y", Columns: []Column{
		{Name: "ten", DType: tensor.Float64}, {Name: "number", DType: tensor.Int64},
		src.Spec().Columns[src.Spec().Find("y")]}}
	size := src.Spec().Size()
	return Stage(src, spec, func(b, raw *Batch, index []int) error {
		b.Resize(raw.N, spec)
		x := tensor.Data[float32](raw.Col("x"))
		for i := range b.N {
			tensor.Data[float64](b.X)[i] = 10 * float64(x[i*size])
			tensor.Data[int64](b.Col("number"))[i] = int64(index[i])
		}
		b.Swap("y", raw, "y")
		return nil
	})
}

// requireTenfold checks a batch of tenfold over numbered.
func requireTenfold(t *testing.T, index []int, b *Batch) {
	t.Helper()
	require.Equal(t, len(index), b.N)
	var plain Batch
	require.NoError(t, numbered(200).Fill(&plain, index))
	for i, n := range index {
		require.Equal(t, 10*float64(tensor.Data[float32](plain.X)[i*plain.X.Len()/b.N]), tensor.Data[float64](b.X)[i])
		require.Equal(t, int64(n), tensor.Data[int64](b.Col("number"))[i])
		require.Equal(t, int64(n), tensor.Data[int64](b.Y)[i])
	}
}

// A stage sees each batch once, with the numbers of its samples, from a source that seeks and from blocks, shuffled and
// not, with some workers, and in the order of the source without it.
func TestStage(t *testing.T) {
	const n = 200
	plain := inBlocks(numbered(n), 60, 0, 33, 107)
	for _, src := range []Source{numbered(n), plain} {
		staged := tenfold(src)
		assert.Equal(t, "tenfold", staged.Spec().Name)
		for _, p := range []Plan{
			{N: n, BatchSize: 30, Partitions: 3, Shuffle: true, Seed: 4, Window: 25},
			{N: n, BatchSize: 30, Partitions: 2},
			{N: n, BatchSize: 7, Partitions: 1},
		} {
			e := p.Epoch(1)
			for part := range p.Partitions {
				step := 0
				o := ReadOptions{Workers: 1 + part}
				for b, err := range each(t.Context(), e.OpenWith(o, staged, part, 0)) {
					require.NoError(t, err)
					want := e.Part(step, part)
					if blocks, ok := src.(Blocks); ok {
						want = e.Rows(blocks, step, part)
						require.Equal(t, want, e.Rows(staged.(Blocks), step, part))
					}
					requireTenfold(t, want, b)
					step++
				}
				require.Equal(t, p.Steps(), step)
			}
		}
		var b Batch
		for _, index := range [][]int{{5, 199, 5}, {}, {70}} {
			require.NoError(t, b.Fill(staged, index))
			requireTenfold(t, index, &b)
		}
		held := Subset(staged, []int{3, 61, 150}) // finishes where blocks are decoded, with the stage's numbers
		require.NoError(t, b.Fill(held, []int{2, 0}))
		requireTenfold(t, []int{150, 3}, &b)
	}
}

// A window holds samples of the source, not of the stage: 100 bytes a sample rather than a million.
func TestStageWindow(t *testing.T) {
	src := inBlocks(numbered(300), 300)
	wide := Column{Name: "wide", Shape: []int{1 << 18}}
	spec := Spec{Name: "wide", Columns: []Column{wide}}
	var most atomic.Int64
	staged := Stage(src, spec, func(b, raw *Batch, index []int) error {
		b.Resize(raw.N, spec)
		most.Store(max(most.Load(), int64(raw.N)))
		return nil
	})
	p := Plan{N: 300, BatchSize: 2, Partitions: 1, Shuffle: true}
	assert.Equal(t, p.WindowOf(src), p.WindowOf(staged.(Blocks)))
	before := src.rows.Load()
	r := p.Epoch(0).Open(staged, 0, 0)
	defer r.Close()
	for range 4 {
		_, err := r.Next(t.Context())
		require.NoError(t, err)
	}
	assert.Equal(t, before+300, src.rows.Load())
	assert.Equal(t, int64(2), most.Load())
}

// Two stages one after the other, and the epoch in both.
func TestStageOfAStage(t *testing.T) {
	for _, src := range []Source{numbered(40), inBlocks(numbered(40), 15, 25)} {
		first := tenfold(src)
		spec := Spec{Name: "sum", Columns: []Column{{Name: "sum", DType: tensor.Float64}}}
		second := Stage(first, spec, func(b, raw *Batch, index []int) error {
			b.Resize(raw.N, spec)
			for i := range b.N {
				tensor.Data[float64](b.X)[i] = tensor.Data[float64](raw.X)[i] + float64(index[i]+1000*raw.Epoch)
			}
			return nil
		})
		seen := 0
		e := Plan{N: 40, BatchSize: 8, Partitions: 1, Shuffle: true}.Epoch(2)
		for b, err := range each(t.Context(), e.Open(second, 0, 0)) {
			require.NoError(t, err)
			for i, v := range tensor.Data[float64](b.X) {
				number := tensor.Data[int64](b.raw.Col("number"))[i]
				require.Equal(t, tensor.Data[float64](b.raw.X)[i]+float64(number)+2000, v)
				seen++
			}
		}
		assert.Equal(t, 40, seen)
	}
}

func TestStageFails(t *testing.T) {
	odd := errors.New("odd")
	spec := Spec{Name: "s", Columns: []Column{{Name: "v"}}}
	for _, src := range []Source{numbered(40), inBlocks(numbered(40), 15, 25)} {
		for _, c := range []struct {
			name, want string
			finish     func(b, raw *Batch, index []int) error
		}{
			{"error", "step 1: odd", func(b, raw *Batch, index []int) error {
				if b.Resize(raw.N, spec); slices.Contains(index, 9) {
					return odd
				}
				return nil
			}},
			{"exit", "step 0: the source called runtime.Goexit",
				func(*Batch, *Batch, []int) error { runtime.Goexit(); return nil }},
			{"layout", `Stage gave columns w, want v`, func(b, raw *Batch, _ []int) error {
				b.Resize(raw.N, Spec{Columns: []Column{{Name: "w"}}})
				return nil
			}},
			{"number", "gave N = 2", func(b, raw *Batch, _ []int) error { b.Resize(2, spec); return nil }},
		} {
			for workers := range 3 {
				r := Plan{N: 40, BatchSize: 8, Partitions: 1}.Epoch(0).OpenWith(ReadOptions{Workers: workers},
					Stage(src, spec, c.finish), 0, 0)
				var err error
				for err == nil {
					_, err = r.Next(t.Context())
				}
				assert.ErrorContains(t, err, c.want, c.name)
				r.Close()
			}
		}
	}
	assert.Panics(t, func() { Stage(numbered(3), Spec{Target: "t"}, nil) })
}

// A source of blocks that fails in a later window is an error of its step, whatever the number of workers.
func TestStageOfFailingBlocks(t *testing.T) {
	src := inBlocks(numbered(40), 16, 24)
	for workers := range 4 {
		e := Plan{N: 40, BatchSize: 8, Partitions: 1, Window: 16}.Epoch(0)
		r := e.OpenWith(ReadOptions{Workers: workers}, tenfold(failing{src}), 0, 0)
		for range 2 {
			_, err := r.Next(t.Context())
			require.NoError(t, err)
		}
		_, err := r.Next(t.Context())
		assert.ErrorContains(t, err, "step 2: ")
		assert.ErrorContains(t, err, "block 1 is damaged")
		r.Close()
	}
}

func TestSwap(t *testing.T) {
	var a, b Batch
	require.NoError(t, numbered(5).Fill(&a, []int{1, 2}))
	spec := Spec{Columns: []Column{{Name: "label", DType: tensor.Int64}, {Name: "text", Text: true}}}
	b.Resize(2, spec)
	tensor.Data[int64](b.X)[0] = 77
	y := a.Y
	b.Swap("label", &a, "y")
	assert.Same(t, y, b.X)
	assert.Equal(t, int64(77), tensor.Data[int64](a.Y)[0])
	assert.PanicsWithValue(t,
		`dataset: Batch.Swap: 2 samples of column "text", uint8[], with 2 of column "y", int64[]: they differ`,
		func() { b.Swap("text", &a, "y") })
	b.Resize(1, spec)
	assert.Panics(t, func() { b.Swap("label", &a, "y") })
	assert.Panics(t, func() { b.Swap("none", &a, "y") })
}

func TestNarrow(t *testing.T) {
	var b Batch
	spec := Spec{Columns: []Column{{Name: "x", DType: tensor.Uint8, Shape: []int{3, 2}}, {Name: "n"}}}
	fill := func() {
		b.Resize(2, spec)
		for i := range 12 {
			tensor.Data[uint8](b.Col("x"))[i] = uint8(i)
		}
	}
	fill()
	b.Narrow("x", 2, false)
	assert.Equal(t, []int{2, 2, 2}, b.X.Shape())
	assert.Equal(t, []uint8{0, 1, 2, 3, 6, 7, 8, 9}, tensor.Data[uint8](b.X))
	fill() // wide again
	b.Narrow("x", 1, true)
	assert.Equal(t, []uint8{4, 5, 10, 11}, tensor.Data[uint8](b.Col("x")))
	fill()
	b.Narrow("x", 3, true)
	assert.Equal(t, []int{2, 3, 2}, b.X.Shape())
	for _, c := range []struct {
		name string
		n    int
	}{{"x", 0}, {"x", 4}, {"n", 1}} {
		assert.Panics(t, func() { b.Narrow(c.name, c.n, false) }, "%v", c)
	}
	b.Resize(0, spec)
	b.Narrow("x", 1, false)
	assert.Equal(t, []int{0, 1, 2}, b.X.Shape())
}

// After the second batch neither a stage nor the columns it takes over allocate.
func TestStageDoesNotAllocate(t *testing.T) {
	staged := tenfold(numbered(4096))
	var b Batch
	index := count(64)
	fill := func() {
		if err := b.Fill(staged, index); err != nil {
			t.Error(err)
		}
	}
	fill()
	fill()
	assert.Zero(t, alloctest.PerRun(20, fill))
}

// failing is a source of blocks whose second is damaged.
type failing struct{ *cutUp }

func (f failing) ReadBlock(ctx context.Context, b *Batch, block, lo, hi int) error {
	if block == 1 {
		return fmt.Errorf("block %d is damaged", block)
	}
	return f.cutUp.ReadBlock(ctx, b, block, lo, hi)
}
