package dataset

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
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

// numbered returns n samples; sample i is the vector [i, -i] with label i.
func numbered(n int) *Memory {
	x, y := make([]float32, 2*n), make([]int64, n)
	for i := range n {
		x[2*i], x[2*i+1], y[i] = float32(i), -float32(i), int64(i)
	}
	return FromTensors(tensor.FromSlice(x, n, 2), tensor.FromSlice(y, n))
}

// requireSamples checks that b holds the samples of numbered with the given numbers.
func requireSamples(t *testing.T, want []int, b *Batch) {
	t.Helper()
	require.Equal(t, len(want), b.N)
	require.Equal(t, []int{len(want), 2}, slices.Clone(b.X.Shape()))
	require.Equal(t, []int{len(want)}, slices.Clone(b.Y.Shape()))
	x, y := tensor.Data[float32](b.X), tensor.Data[int64](b.Y)
	for i, s := range want {
		require.Equal(t, []float32{float32(s), -float32(s)}, x[2*i:2*i+2])
		require.Equal(t, int64(s), y[i])
	}
}

// each ranges over the batches of r, with an error at last if there is one, and closes r.
func each(ctx context.Context, r *Reader) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		defer r.Close()
		for {
			b, err := r.Next(ctx)
			if err == io.EOF || !yield(b, err) || err != nil {
				return
			}
		}
	}
}

func TestReaderGivesThePart(t *testing.T) {
	src := numbered(29)
	for _, parts := range []int{1, 2, 3, 7, 11} { // 11 parts of a batch of 8: three are always empty
		p := Plan{N: 29, BatchSize: 8, Partitions: parts, Shuffle: true, Seed: 3}
		e := p.Epoch(1)
		for part := range parts {
			for from := range p.Steps() + 1 {
				step := from
				for b, err := range each(t.Context(), e.Open(src, part, from)) {
					require.NoError(t, err)
					requireSamples(t, e.Part(step, part), b)
					step++
				}
				require.Equal(t, p.Steps(), step, "parts %d, part %d, from step %d", parts, part, from)
			}
		}
	}
}

func TestEpochCanBeOpenedAgain(t *testing.T) {
	e := Plan{N: 5, BatchSize: 2, Partitions: 1}.Epoch(0)
	for range 2 {
		var sizes []int
		for b, err := range each(t.Context(), e.Open(numbered(5), 0, 0)) {
			require.NoError(t, err)
			sizes = append(sizes, b.N)
		}
		assert.Equal(t, []int{2, 2, 1}, sizes)
	}
}

func TestReaderOfNothing(t *testing.T) {
	for range each(t.Context(), (Plan{BatchSize: 2, Partitions: 1}).Epoch(0).Open(numbered(0), 0, 0)) {
		t.Fatal("a batch of an epoch without samples")
	}
}

// A batch stays as it is until the next one is asked for, though the reader is filling the other buffer meanwhile.
func TestBatchIsOwnedUntilTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := Plan{N: 64, BatchSize: 4, Partitions: 1}.Epoch(0)
		step := 0
		for b, err := range each(t.Context(), e.Open(numbered(64), 0, 0)) {
			require.NoError(t, err)
			synctest.Wait() // until the reader has done all it can
			requireSamples(t, e.Part(step, 0), b)
			step++
		}
	})
}

// probe counts Fills and runs before, if set, at the start of each.
type probe struct {
	Source
	fills  atomic.Int64
	before func(fill int64) error
}

func (p *probe) Fill(b *Batch, index []int) error {
	n := p.fills.Add(1)
	if p.before != nil {
		if err := p.before(n); err != nil {
			return err
		}
	}
	return p.Source.Fill(b, index)
}

func TestReaderReadsOneAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &probe{Source: numbered(10)}
		taken := int64(0)
		for _, err := range each(t.Context(), (Plan{N: 10, BatchSize: 1, Partitions: 1}).Epoch(0).Open(src, 0, 0)) {
			require.NoError(t, err)
			taken++
			synctest.Wait()
			assert.Equal(t, min(taken+1, 10), src.fills.Load(), "Fills after %d batches were taken", taken)
		}
	})
}

// However a loop ends, its goroutine has ended with it. Inside a synctest bubble a goroutine left behind fails the
// test.
func TestReaderLeavesNoGoroutine(t *testing.T) {
	e := Plan{N: 10, BatchSize: 1, Partitions: 1}.Epoch(0)
	failed := errors.New("disk on fire")
	for name, run := range map[string]func(ctx context.Context, cancel func()){
		"break at once": func(ctx context.Context, _ func()) {
			for range each(ctx, e.Open(numbered(10), 0, 0)) {
				break
			}
		},
		"break later": func(ctx context.Context, _ func()) {
			for b := range each(ctx, e.Open(numbered(10), 0, 0)) {
				if tensor.Data[int64](b.Y)[0] == 5 {
					break
				}
			}
		},
		"panic of the consumer": func(ctx context.Context, _ func()) {
			assert.PanicsWithValue(t, "consumer", func() {
				for range each(ctx, e.Open(numbered(10), 0, 0)) {
					panic("consumer")
				}
			})
		},
		"cancelled": func(ctx context.Context, cancel func()) {
			var errs []error
			for b, err := range each(ctx, e.Open(numbered(10), 0, 0)) {
				if errs = append(errs, err); b != nil && b.N == 1 {
					cancel()
				}
			}
			require.Len(t, errs, 2, "after cancel the next is an error, and the last")
			assert.ErrorIs(t, errs[1], context.Canceled)
			assert.EqualError(t, errs[1], "dataset: tensors: step 1: context canceled")
		},
		"source fails": func(ctx context.Context, _ func()) {
			src := &probe{Source: numbered(10), before: func(fill int64) error {
				if fill == 4 {
					return failed
				}
				return nil
			}}
			n := 0
			for b, err := range each(ctx, e.Open(src, 0, 0)) {
				if n++; n < 4 {
					require.NoError(t, err)
					continue
				}
				assert.Nil(t, b)
				assert.ErrorIs(t, err, failed)
				assert.EqualError(t, err, "dataset: tensors: step 3: disk on fire")
			}
			assert.Equal(t, 4, n)
		},
		"source panics": func(ctx context.Context, _ func()) {
			src := &probe{Source: numbered(10), before: func(int64) error { panic("source") }}
			assert.PanicsWithValue(t, "source", func() {
				for range each(ctx, e.Open(src, 0, 0)) {
				}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				run(ctx, cancel)
			})
		})
	}
}

func TestReaderCancelledBefore(t *testing.T) {
	cause := errors.New("out of time")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	n := 0
	for b, err := range each(ctx, (Plan{N: 4, BatchSize: 1, Partitions: 1}).Epoch(0).Open(numbered(4), 0, 0)) {
		assert.Nil(t, b)
		assert.ErrorIs(t, err, cause)
		n++
	}
	assert.Equal(t, 1, n)
}

// After the second batch an epoch allocates nothing. The whole process is counted, so the limit leaves room for a
// stray one of the runtime's, and is far below one a batch.
func TestReaderDoesNotAllocate(t *testing.T) {
	const steps = 1000
	var before, after runtime.MemStats
	step := 0
	e := Plan{N: 8 * steps, BatchSize: 8, Partitions: 2}.Epoch(0)
	for _, err := range each(t.Context(), e.Open(numbered(8*steps), 0, 0)) {
		require.NoError(t, err)
		switch step++; step {
		case 10:
			runtime.ReadMemStats(&before)
		case steps:
			runtime.ReadMemStats(&after)
		}
	}
	assert.Less(t, after.Mallocs-before.Mallocs, uint64(steps/10))
}

// The end, an error of the source and Close are for good; a context's error is not.
func TestReaderGoesOnGivingItsEnd(t *testing.T) {
	e := Plan{N: 3, BatchSize: 1, Partitions: 1}.Epoch(0)
	r := e.Open(numbered(3), 0, 1)
	b, err := r.Next(t.Context())
	require.NoError(t, err)
	requireSamples(t, []int{1}, b)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = r.Next(cancelled)
	assert.EqualError(t, err, "dataset: tensors: step 2: context canceled")
	b, err = r.Next(t.Context())
	require.NoError(t, err)
	requireSamples(t, []int{2}, b)
	for range 2 {
		_, err = r.Next(t.Context())
		assert.Equal(t, io.EOF, err)
	}
	r.Close()
	r.Close()

	failed := errors.New("disk on fire")
	r = e.Open(&probe{Source: numbered(3), before: func(int64) error { return failed }}, 0, 0)
	for range 2 {
		_, err = r.Next(t.Context())
		assert.EqualError(t, err, "dataset: tensors: step 0: disk on fire")
	}
	r.Close()

	r = e.Open(&probe{Source: numbered(3), before: func(int64) error { panic("source") }}, 0, 0)
	assert.PanicsWithValue(t, "source", func() { r.Next(t.Context()) })
	_, err = r.Next(t.Context())
	assert.EqualError(t, err, "dataset: tensors: step 0: the source panicked: source")
	r.Close()

	r = e.Open(numbered(3), 0, 0)
	r.Close()
	_, err = r.Next(t.Context())
	assert.ErrorIs(t, err, fs.ErrClosed)
}

// Many workers, further ahead: the batches and their order are the same.
func TestReaderWithWorkers(t *testing.T) {
	src := numbered(200)
	e := Plan{N: 200, BatchSize: 3, Partitions: 2, Shuffle: true, Seed: 9}.Epoch(2)
	for _, o := range []ReadOptions{{Workers: 4}, {Workers: 3, Ahead: 7}, {Ahead: 5}} {
		slow := &probe{Source: src, before: func(fill int64) error {
			for range fill % 7 {
				runtime.Gosched()
			}
			return nil
		}}
		step := 5
		for b, err := range each(t.Context(), e.OpenWith(o, slow, 1, 5)) {
			require.NoError(t, err)
			requireSamples(t, e.Part(step, 1), b)
			require.Equal(t, 2, b.Epoch)
			step++
		}
		require.Equal(t, e.Plan().Steps(), step)
	}
}

// As many batches are filled at once as there are workers, and no more are begun than Ahead says.
func TestReaderWorkersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &probe{Source: numbered(100), before: func(int64) error { time.Sleep(time.Second); return nil }}
		r := Plan{N: 100, BatchSize: 1, Partitions: 1}.Epoch(0).OpenWith(ReadOptions{Workers: 4}, src, 0, 0)
		defer r.Close()
		_, err := r.Next(t.Context())
		require.NoError(t, err)
		time.Sleep(time.Minute)
		assert.Equal(t, int64(5), src.fills.Load(), "one with the consumer, four ahead")
	})
}

func TestReaderOfASourceThatExits(t *testing.T) {
	src := &probe{Source: numbered(3), before: func(int64) error { runtime.Goexit(); return nil }}
	r := Plan{N: 3, BatchSize: 1, Partitions: 1}.Epoch(0).Open(src, 0, 0)
	defer r.Close()
	_, err := r.Next(t.Context())
	assert.ErrorIs(t, err, ErrExit)
}

func count(n int) []int {
	index := make([]int, n)
	for i := range index {
		index[i] = i
	}
	return index
}

// As many and as large samples as Fashion-MNIST has.
func BenchmarkReader(b *testing.B) {
	const n = 60_000
	src := FromTensors(tensor.New(tensor.Uint8, n, 1, 28, 28), tensor.New(tensor.Int64, n))
	e := Plan{N: n, BatchSize: 128, Partitions: 1, Shuffle: true}.Epoch(0)
	b.SetBytes(n * 28 * 28 * 4)
	for b.Loop() {
		for _, err := range each(b.Context(), e.Open(src, 0, 0)) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkEpoch(b *testing.B) {
	p := Plan{N: 60_000, BatchSize: 128, Partitions: 1, Shuffle: true}
	for b.Loop() {
		p.Epoch(1)
	}
}

// Samples of 64 bytes in blocks of 8000, shuffled in windows of 65,536: what the reader adds to copying them.
func BenchmarkBlocks(b *testing.B) {
	const n = 400_000
	src := inBlocks(FromTensors(tensor.New(tensor.Float32, n, 14), tensor.New(tensor.Int64, n)),
		slices.Repeat([]int{8000}, n/8000)...)
	e := Plan{N: n, BatchSize: 128, Partitions: 1, Shuffle: true}.Epoch(0)
	b.SetBytes(n * 64)
	for b.Loop() {
		for _, err := range each(b.Context(), e.Open(src, 0, 0)) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
