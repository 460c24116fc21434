package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
)

// cutUp is a source in memory that gives itself out as blocks.
type cutUp struct {
	*Memory
	sizes  []int
	starts []int
	reads  atomic.Int64
	rows   atomic.Int64
	before func(ctx context.Context, block, lo, hi int) error
}

func (c *cutUp) Blocks() []int                    { return c.sizes }
func (c *cutUp) Fill(b *Batch, index []int) error { return b.Gather(c, index) }
func (c *cutUp) ReadBlock(ctx context.Context, b *Batch, block, lo, hi int) error {
	c.reads.Add(1)
	c.rows.Add(int64(hi - lo))
	if lo < 0 || lo >= hi || hi > c.sizes[block] {
		panic(fmt.Sprintf("rows %d to %d of a block of %d", lo, hi, c.sizes[block]))
	}
	if c.before != nil {
		if err := c.before(ctx, block, lo, hi); err != nil {
			return err
		}
	}
	index := count(hi - lo)
	for i := range index {
		index[i] += c.starts[block] + lo
	}
	return c.Memory.Fill(b, index)
}

// inBlocks cuts m into blocks of the given sizes.
func inBlocks(m *Memory, sizes ...int) *cutUp {
	c := &cutUp{Memory: m, sizes: sizes}
	at := 0
	for _, n := range sizes {
		c.starts = append(c.starts, at)
		at += n
	}
	if at != m.n {
		panic(fmt.Sprintf("blocks of %d samples for %d", at, m.n))
	}
	return c
}

// randomSizes cuts n samples at random, some blocks being empty.
func randomSizes(rng *rand.Rand, n int) []int {
	var sizes []int
	for n > 0 {
		k := min(n, rng.IntN(1+n/max(1, rng.IntN(8))))
		sizes = append(sizes, k)
		n -= k
	}
	return append(sizes, 0)
}

// Over random layouts, batch sizes, partitions and windows: every sample comes exactly once an epoch, with the
// content of its number; batches have the sizes that Part gives; Rows names what Next gives; and an epoch opened at
// any step goes on with the same batches.
func TestBlocksGiveEverySampleOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 7))
	for range 60 {
		n := rng.IntN(120)
		src := inBlocks(many(n), randomSizes(rng, n)...)
		p := Plan{N: n, BatchSize: 1 + rng.IntN(40), Partitions: 1 + rng.IntN(6), Shuffle: rng.IntN(4) > 0,
			Seed: rng.Uint64(), Window: rng.IntN(2) * (1 + rng.IntN(150))}
		name := fmt.Sprintf("%+v in blocks of %v", p, src.sizes)
		e := p.Epoch(rng.IntN(3))
		seen := make([]int, n)
		for part := range p.Partitions {
			var steps [][]int
			o := ReadOptions{Decoders: 1 + rng.IntN(3), Bytes: 1 + rng.IntN(20_000), Ahead: 1 + rng.IntN(3)}
			for b, err := range each(t.Context(), e.OpenWith(o, src, part, 0)) {
				require.NoError(t, err, name)
				rows := e.Rows(src, len(steps), part)
				require.Len(t, rows, len(e.Part(len(steps), part)), name)
				requireMany(t, rows, b)
				steps = append(steps, rows)
				for _, row := range rows {
					seen[row]++
				}
			}
			require.Len(t, steps, p.Steps(), name)
			from := rng.IntN(p.Steps() + 1)
			for b, err := range each(t.Context(), e.Open(src, part, from)) {
				require.NoError(t, err, name)
				requireMany(t, steps[from], b)
				from++
			}
			require.Equal(t, p.Steps(), from, name)
		}
		for i, k := range seen {
			require.Equal(t, 1, k, "sample %d of %s", i, name)
		}
	}
}

// Without Shuffle the batches are those of any source.
func TestBlocksWithoutShuffle(t *testing.T) {
	src := inBlocks(numbered(53), 7, 0, 40, 6)
	for _, parts := range []int{1, 3} {
		e := Plan{N: 53, BatchSize: 10, Partitions: parts, Window: 9}.Epoch(1)
		for part := range parts {
			step := 0
			for b, err := range each(t.Context(), e.Open(src, part, 0)) {
				require.NoError(t, err)
				requireSamples(t, e.Part(step, part), b)
				step++
			}
		}
	}
}

// The order is written out: a change of it changes every model that was trained from files. With pcg and order as in
// TestShuffleGolden (order taking the generator):
//
//	M = 2**64-1
//	def mix(z):
//	    z = (z + 0x9e3779b97f4a7c15) & M
//	    z = (z ^ z>>30) * 0xbf58476d1ce4e5b9 & M; z = (z ^ z>>27) * 0x94d049bb133111eb & M; return z ^ z>>31
//	def line(sizes, seed, epoch):
//	    starts = [sum(sizes[:i]) for i in range(len(sizes))]
//	    return [starts[b]+i for b in order(len(sizes), pcg(seed, epoch)) for i in range(sizes[b])]
//	def run(l, batch, parts, part, window, seed, epoch):
//	    share = lambda n, p: n//parts + (p < n%parts)
//	    length = lambda p: sum(share(min(batch, len(l)-s), p) for s in range(0, len(l), batch))
//	    at = sum(map(length, range(part))); mine = l[at:at+length(part)]; out = []
//	    for w in range(0, len(mine), window):
//	        hi = (mix(mix(seed) + 3*mix(epoch+1) + 5*mix(part+1) & M))
//	        m = mine[w:w+window]; out += [m[i] for i in order(len(m), pcg(hi, w//window))]
//	    return out
//	l = line([3, 5, 0, 4], 7, 2)
//	print(run(l, 5, 2, 0, 4, 7, 2), run(l, 5, 2, 1, 4, 7, 2))
func TestBlocksGolden(t *testing.T) {
	src := inBlocks(numbered(12), 3, 5, 0, 4)
	e := Plan{N: 12, BatchSize: 5, Partitions: 2, Shuffle: true, Seed: 7, Window: 4}.Epoch(2)
	var got [2][]int
	for part := range 2 {
		for step := range 3 {
			got[part] = append(got[part], e.Rows(src, step, part)...)
		}
	}
	assert.Equal(t, [2][]int{{4, 5, 6, 3, 7, 0, 1}, {2, 10, 8, 9, 11}}, got)
}

// The numbers of rows of ReadBlock add up to the partition's own, and each is read once, for any window: no other
// partition's row is decoded.
func TestBlocksAreReadOnce(t *testing.T) {
	src := inBlocks(numbered(1000), 300, 1, 299, 400)
	for _, window := range []int{1, 17, 1000, 5000} {
		e := Plan{N: 1000, BatchSize: 64, Partitions: 4, Shuffle: true, Seed: 3, Window: window}.Epoch(0)
		src.rows.Store(0)
		want := 0
		for step := range e.Plan().Steps() {
			want += len(e.Part(step, 2))
		}
		for _, err := range each(t.Context(), e.Open(src, 2, 0)) {
			require.NoError(t, err)
		}
		assert.Equal(t, int64(want), src.rows.Load(), "window %d", window)
	}
}

// In mid-epoch what is read before the first batch is a window's rows at most.
func TestBlocksOpenAtTheCostOfAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := inBlocks(numbered(10_000), 5000, 5000)
		e := Plan{N: 10_000, BatchSize: 10, Partitions: 1, Shuffle: true, Window: 100}.Epoch(0)
		r := e.OpenWith(ReadOptions{Bytes: 1}, src, 0, 755)
		defer r.Close()
		b, err := r.Next(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		requireSamples(t, e.Rows(src, 755, 0), b)
		assert.LessOrEqual(t, src.rows.Load(), int64(100))
	})
}

// While the consumer does nothing, reading stops at the window and the budget.
func TestBlocksPushBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := inBlocks(numbered(100_000), 100_000)
		row := src.Spec().RowBytes() // 16 bytes
		e := Plan{N: 100_000, BatchSize: 1, Partitions: 1, Shuffle: true, Window: 500}.Epoch(0)
		r := e.OpenWith(ReadOptions{Bytes: 2000 * row}, src, 0, 0)
		defer r.Close()
		_, err := r.Next(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		assert.Equal(t, int64(2500), src.rows.Load())
		for range 500 {
			_, err := r.Next(t.Context())
			require.NoError(t, err)
		}
		synctest.Wait()
		assert.Equal(t, int64(3000), src.rows.Load())
	})
}

// Decoders work side by side, and no more of them than were asked for.
func TestBlocksDecodeInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := inBlocks(numbered(100), slices.Repeat([]int{10}, 10)...)
		var now, most atomic.Int64
		src.before = func(context.Context, int, int, int) error {
			for n := now.Add(1); n > most.Load(); {
				most.Store(n)
			}
			time.Sleep(time.Second)
			now.Add(-1)
			return nil
		}
		start := time.Now()
		e := Plan{N: 100, BatchSize: 50, Partitions: 1, Shuffle: true, Window: 100}.Epoch(0)
		for _, err := range each(t.Context(), e.OpenWith(ReadOptions{Decoders: 5}, src, 0, 0)) {
			require.NoError(t, err)
		}
		assert.Equal(t, int64(5), most.Load())
		assert.Equal(t, 2*time.Second, time.Since(start), "ten blocks by five")
	})
}

// However a reader of blocks ends, its goroutines end; inside the bubble one left behind fails the test.
func TestBlocksLeaveNoGoroutine(t *testing.T) {
	failed := errors.New("disk on fire")
	for name, run := range map[string]func(t *testing.T, e *Epoch, src *cutUp){
		"closed at once": func(t *testing.T, e *Epoch, src *cutUp) { e.Open(src, 0, 0).Close() },
		"closed in the midst": func(t *testing.T, e *Epoch, src *cutUp) {
			r := e.Open(src, 0, 2)
			_, err := r.Next(t.Context())
			require.NoError(t, err)
			r.Close()
		},
		"closed while it waits for a block": func(t *testing.T, e *Epoch, src *cutUp) {
			src.before = func(ctx context.Context, _, _, _ int) error { <-ctx.Done(); return ctx.Err() }
			r := e.Open(src, 0, 0)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := r.Next(ctx)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			r.Close()
		},
		"a block fails": func(t *testing.T, e *Epoch, src *cutUp) {
			src.before = func(_ context.Context, block, _, _ int) error {
				if block == 1 {
					return failed
				}
				return nil
			}
			r := e.Open(src, 0, 0)
			defer r.Close()
			var err error
			for err == nil {
				_, err = r.Next(t.Context())
			}
			assert.ErrorIs(t, err, failed)
			assert.Regexp(t, `^dataset: tensors: step \d+: block 1, rows \d+ to \d+: disk on fire$`, err.Error())
			_, again := r.Next(t.Context())
			assert.Equal(t, err, again)
		},
		"a block panics": func(t *testing.T, e *Epoch, src *cutUp) {
			src.before = func(context.Context, int, int, int) error { panic("source") }
			r := e.Open(src, 0, 0)
			defer r.Close()
			assert.PanicsWithValue(t, "source", func() { r.Next(t.Context()) })
		},
		"a block ends its goroutine": func(t *testing.T, e *Epoch, src *cutUp) {
			src.before = func(context.Context, int, int, int) error { runtime.Goexit(); return nil }
			r := e.Open(src, 0, 0)
			defer r.Close()
			_, err := r.Next(t.Context())
			assert.ErrorIs(t, err, ErrExit)
		},
		"to the end": func(t *testing.T, e *Epoch, src *cutUp) {
			r := e.Open(src, 0, 0)
			var err error
			for err == nil {
				_, err = r.Next(t.Context())
			}
			assert.Equal(t, io.EOF, err)
			r.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := Plan{N: 30, BatchSize: 2, Partitions: 1, Shuffle: true, Seed: 5, Window: 4}.Epoch(0)
				run(t, e, inBlocks(numbered(30), 10, 10, 10))
			})
		})
	}
}

// liar gives one row fewer than it was asked for, once.
type liar struct{ *cutUp }

func (l liar) ReadBlock(ctx context.Context, b *Batch, block, lo, hi int) error {
	if hi-lo > 1 {
		hi--
	}
	return l.cutUp.ReadBlock(ctx, b, block, lo, hi)
}

func TestBlocksOfAnotherNumber(t *testing.T) {
	src := liar{inBlocks(numbered(10), 4, 6)}
	r := Plan{N: 10, BatchSize: 10, Partitions: 1, Shuffle: true, Seed: 5}.Epoch(0).Open(src, 0, 0)
	defer r.Close()
	_, err := r.Next(t.Context())
	assert.ErrorContains(t, err, "ReadBlock was asked for")
	short := inBlocks(numbered(10), 4, 6)
	short.sizes = []int{4, 5}
	assert.PanicsWithValue(t, "dataset: Epoch.Open: the blocks of tensors have 9 samples, Len says 10", func() {
		Plan{N: 10, BatchSize: 10, Partitions: 1, Shuffle: true}.Epoch(0).Open(short, 0, 0)
	})
}

// endless is 10⁹ samples in 10⁴ blocks; a sample's label is its number.
type endless struct{ sizes []int }

func (endless) Len() int                           { return 1e9 }
func (endless) Spec() Spec                         { return XY("endless", nil, 1<<40, nil) }
func (e endless) Blocks() []int                    { return e.sizes }
func (e endless) Fill(b *Batch, index []int) error { return b.Gather(&e, index) }
func (e endless) ReadBlock(_ context.Context, b *Batch, block, lo, hi int) error {
	b.Resize(hi-lo, e.Spec())
	b.X.Zero()
	for i := range hi - lo {
		tensor.Data[int64](b.Y)[i] = int64(block)*1e5 + int64(lo+i)
	}
	return nil
}

// Nothing is kept for each of a billion samples: 8 bytes each would be 8 GB, and one 125 MB. What is allocated until
// the first batch is in hand is the order of 10,000 blocks and a window's rows.
func TestBlocksOfABillion(t *testing.T) {
	src := &endless{slices.Repeat([]int{1e5}, 1e4)}
	p := Plan{N: 1e9, BatchSize: 1024, Partitions: 64, Shuffle: true, Seed: 2, Window: 10_000}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	e := p.Epoch(3)
	r := e.Open(src, 17, 500_000)
	b, err := r.Next(t.Context())
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	r.Close()
	rows := e.Rows(src, 500_000, 17)
	require.Len(t, rows, 16)
	for i, row := range rows {
		assert.Equal(t, int64(row), tensor.Data[int64](b.Y)[i])
	}
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(10<<20))
	require.NoError(t, b.Fill(src, []int{999_999_999, 0}))
	assert.Equal(t, []int64{999_999_999, 0}, tensor.Data[int64](b.Y))
}

// Any samples in any order, by number, as evaluation and other users of Fill ask for them.
func TestGather(t *testing.T) {
	src := inBlocks(many(300), 0, 100, 0, 0, 1, 199, 0)
	rng := rand.New(rand.NewPCG(2, 2))
	var b Batch
	for range 50 {
		index := make([]int, rng.IntN(20))
		for i := range index {
			index[i] = rng.IntN(300)
		}
		require.NoError(t, b.Fill(src, index))
		requireMany(t, index, &b)
	}
	src.reads.Store(0)
	var c Batch
	for lo := 0; lo < 300; lo += 10 {
		index := count(10)
		for i := range index {
			index[i] += lo
		}
		require.NoError(t, c.Fill(src, index))
	}
	assert.Equal(t, int64(3), src.reads.Load(), "going forward each block is read once")
	assert.PanicsWithValue(t, "dataset: Fill: sample 300 of columns, which has 300", func() { b.Fill(src, []int{300}) })
	other := inBlocks(many(2), 2)
	require.NoError(t, b.Fill(other, []int{1}))
	requireMany(t, []int{1}, &b)
	src.before = func(context.Context, int, int, int) error { return errors.New("disk on fire") }
	assert.EqualError(t, b.Fill(src, []int{0}), "disk on fire")
}

// After the first windows an epoch allocates nothing for its rows.
func TestBlocksReuseMemory(t *testing.T) {
	const n = 64_000
	src := inBlocks(numbered(n), slices.Repeat([]int{8000}, 8)...)
	var before, after runtime.MemStats
	step := 0
	e := Plan{N: n, BatchSize: 100, Partitions: 1, Shuffle: true, Window: 4000}.Epoch(0)
	for _, err := range each(t.Context(), e.Open(src, 0, 0)) {
		require.NoError(t, err)
		switch step++; step {
		case 300:
			runtime.ReadMemStats(&before)
		case 640:
			runtime.ReadMemStats(&after)
		}
	}
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(34_000*16/2), "half of what the rows take")
}
