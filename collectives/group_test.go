package collectives_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/collectivestest"
	"github.com/tutti-ml/tutti/collectives/transport"
	"github.com/tutti-ml/tutti/collectives/transport/faulty"
	"github.com/tutti-ml/tutti/collectives/transport/inproc"
	"github.com/tutti-ml/tutti/internal/alloctest"
)

// each runs fn on every group at once and returns the errors by rank.
func each(gs []*collectives.Group, fn func(g *collectives.Group) error) []error {
	errs := make([]error, len(gs))
	var wg sync.WaitGroup
	for r, g := range gs {
		wg.Go(func() { errs[r] = fn(g) })
	}
	wg.Wait()
	return errs
}

// portable are the algorithms that run over every transport.
var portable = slices.DeleteFunc(collectives.Algorithms(), func(a collectives.Algorithm) bool { return a == collectives.Native })

// Ranks that do not agree are told, all of them, at once; the text names two ranks and both values.
func TestDisagreement(t *testing.T) {
	ctx := context.Background()
	sum := func(n int) func(g *collectives.Group) error {
		return func(g *collectives.Group) error {
			return collectives.AllReduce(ctx, g, make([]float32, n), collectives.Sum)
		}
	}
	for _, tt := range []struct {
		name string
		odd  func(g *collectives.Group) error // what rank 2 does while the others sum 10 float32
		text []string
	}{
		{"length", sum(11), []string{"length: 11 on rank 2, 10 on rank 3", "length: 10 on rank 1, 11 on rank 2"}},
		{"long", sum(1 << 20), []string{"length: 1048576 on rank 2, 10 on rank 3", "length: 10 on rank 1, 1048576 on rank 2"}},
		{"type", func(g *collectives.Group) error {
			return collectives.AllReduce(ctx, g, make([]int32, 10), collectives.Sum)
		}, []string{"element type: int32 on rank 2, float32 on rank 3", "element type: float32 on rank 1, int32 on rank 2"}},
		{"reduction", func(g *collectives.Group) error {
			return collectives.AllReduce(ctx, g, make([]float32, 10), collectives.Max)
		}, []string{"reduction: max on rank 2, sum on rank 3", "reduction: sum on rank 1, max on rank 2"}},
		{"operation", func(g *collectives.Group) error {
			return collectives.Broadcast(ctx, g, make([]float32, 10), 0)
		}, []string{"operation: Broadcast on rank 2, AllReduce on rank 3", "operation: AllReduce on rank 1, Broadcast on rank 2"}},
		{"compression", func(g *collectives.Group) error {
			return collectives.AllReduceCompressed(ctx, g, make([]float32, 10), collectives.Sum, collectives.BFloat16Wire)
		}, []string{"operation: AllReduceCompressed on rank 2, AllReduce on rank 3", "operation: AllReduce on rank 1, AllReduceCompressed on rank 2"}},
		{"sparse", func(g *collectives.Group) error {
			_, err := collectives.AllReduceRows(ctx, g, 10, collectives.Rows[float32]{Width: 3}, collectives.Sum)
			return err
		}, []string{"operation: AllReduceRows on rank 2, AllReduce on rank 3", "operation: AllReduce on rank 1, AllReduceRows on rank 2"}},
		{"barrier", func(g *collectives.Group) error { return collectives.Barrier(ctx, g) },
			[]string{"operation: Barrier on rank 2, AllReduce on rank 3", "operation: AllReduce on rank 1, Barrier on rank 2"}},
		{"varying", func(g *collectives.Group) error {
			_, _, err := collectives.AllGatherV(ctx, g, nil, make([]float32, 10))
			return err
		}, []string{"operation: AllGatherV on rank 2, AllReduce on rank 3", "operation: AllReduce on rank 1, AllGatherV on rank 2"}},
	} {
		for _, w := range worlds {
			for _, alg := range portable {
				t.Run(fmt.Sprintf("%s/%s/%v", tt.name, w.name, alg), func(t *testing.T) {
					gs := groups(t, w.open(t, 4), collectives.Config{Algorithm: alg, Timeout: 20 * time.Second})
					errs := each(gs, func(g *collectives.Group) error {
						if g.Rank() == 2 {
							return tt.odd(g)
						}
						return sum(10)(g)
					})
					for r, err := range errs {
						require.ErrorIs(t, err, collectives.ErrMismatch, "rank %d", r)
						assert.True(t, strings.Contains(err.Error(), tt.text[0]) || strings.Contains(err.Error(), tt.text[1]),
							"rank %d: %v\nwant one of %q", r, err, tt.text)
					}
				})
			}
		}
	}
}

func TestAlgorithmsDisagree(t *testing.T) {
	ts := inproc.NewWorld(2)
	var gs []*collectives.Group
	for r, alg := range []collectives.Algorithm{collectives.Ring, collectives.Naive} {
		gs = append(gs, groups(t, ts[r:r+1], collectives.Config{Algorithm: alg})...)
	}
	for _, err := range each(gs, func(g *collectives.Group) error {
		return collectives.AllReduce(context.Background(), g, make([]uint8, 100), collectives.Sum)
	}) {
		require.ErrorIs(t, err, collectives.ErrMismatch)
		assert.Contains(t, err.Error(), "algorithm: ")
	}
}

// A rank that does not come makes the others fail with ErrTimeout, or with the news that one of them gave up.
func TestTimeout(t *testing.T) {
	for _, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			gs := groups(t, w.open(t, 3), collectives.Config{Timeout: 50 * time.Millisecond})
			timeouts := 0
			for r, err := range each(gs[:2], func(g *collectives.Group) error { return collectives.Barrier(context.Background(), g) }) {
				require.Error(t, err)
				switch {
				case errors.Is(err, collectives.ErrTimeout):
					timeouts++
					assert.ErrorIs(t, err, context.DeadlineExceeded)
				default:
					assert.ErrorIs(t, err, collectives.ErrPeerLost, "rank %d", r)
				}
			}
			assert.Positive(t, timeouts)
		})
	}
}

// Under Patiently a rank may come as late as it likes, and the next operation is bounded again; a rank that is gone
// ends the wait.
func TestPatiently(t *testing.T) {
	for _, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			gs := groups(t, w.open(t, 3), collectives.Config{Timeout: 50 * time.Millisecond})
			patient := collectives.Patiently(context.Background())
			for _, err := range each(gs, func(g *collectives.Group) error {
				if err := collectives.Barrier(context.Background(), g); err != nil {
					return err
				}
				if g.Rank() == 1 {
					time.Sleep(150 * time.Millisecond)
				}
				if err := collectives.Barrier(patient, g); err != nil {
					return err
				}
				return collectives.AllReduce(context.Background(), g, make([]float32, 9), collectives.Sum)
			}) {
				require.NoError(t, err)
			}
			time.AfterFunc(150*time.Millisecond, func() { gs[2].Close() })
			for r, err := range each(gs[:2], func(g *collectives.Group) error {
				return collectives.Barrier(patient,
					g)
			}) {
				require.ErrorIs(t, err, collectives.ErrPeerLost, "rank %d", r)
				require.NotErrorIs(t, err, collectives.ErrTimeout)
			}
		})
	}
}

func TestCancellation(t *testing.T) {
	for _, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			gs := groups(t, w.open(t, 2), collectives.Config{})
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			for range 3 { // the context is good for several operations
				for _, err := range each(gs, func(g *collectives.Group) error { return collectives.Barrier(ctx, g) }) {
					require.NoError(t, err)
				}
			}
			time.AfterFunc(20*time.Millisecond, cancel)
			err := collectives.Broadcast(ctx, gs[1], []int64{1}, 0)
			require.ErrorIs(t, err, context.Canceled)
			require.NotErrorIs(t, err, collectives.ErrTimeout)
			assert.Equal(t, err, collectives.Barrier(context.Background(), gs[1]), "broken for good, by the same error")
			assert.Equal(t, err, gs[1].Err())
			for err = nil; err == nil; { // a root has only to send: its first may be done before the news comes
				err = collectives.Broadcast(context.Background(), gs[0], []int64{1}, 0)
			}
			require.ErrorIs(t, err, collectives.ErrPeerLost)
			require.NotErrorIs(t, err, context.Canceled, "it was not this rank that was cancelled")
			assert.Contains(t, err.Error(), "rank 1")
			assert.Contains(t, err.Error(), "context canceled")
		})
	}
}

func TestClose(t *testing.T) {
	for _, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			gs := groups(t, w.open(t, 2), collectives.Config{})
			time.AfterFunc(20*time.Millisecond, func() { gs[0].Close() })
			errs := each(gs, func(g *collectives.Group) error {
				if g.Rank() == 1 {
					return collectives.Broadcast(context.Background(), g, make([]float32, 5), 0)
				}
				return collectives.Reduce(context.Background(), g, make([]float32, 5), collectives.Sum, 0)
			})
			// The two disagree, or the close comes first; whichever, both end.
			for _, err := range errs {
				require.Error(t, err)
			}
			require.NoError(t, gs[0].Close())
			require.NoError(t, gs[0].Close())

			waiting := groups(t, w.open(t, 2), collectives.Config{})
			time.AfterFunc(20*time.Millisecond, func() { waiting[0].Close() })
			err := collectives.Barrier(context.Background(), waiting[1])
			require.ErrorIs(t, err, collectives.ErrPeerLost)
			assert.Contains(t, err.Error(), "rank 0 lost: it closed its transport")
			require.NoError(t, waiting[0].Close())
			require.ErrorIs(t, collectives.Barrier(context.Background(), waiting[0]), collectives.ErrClosed)
		})
	}
}

func TestNoGoroutineStays(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 5 {
		for _, w := range worlds {
			gs := groups(t, w.open(t, 4), collectives.Config{})
			each(gs, func(g *collectives.Group) error {
				return collectives.AllReduce(context.Background(), g, make([]float32, 1000), collectives.Sum)
			})
			each(gs, (*collectives.Group).Close)
		}
	}
	for range 200 { // a goroutine that has nothing left to do may need a moment to be gone
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	stacks := make([]byte, 1<<20)
	t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
}

// plainWorld is a world of transports without any optional interface but Aborter.
func plainWorld(_ testing.TB, n int) []transport.Transport {
	ts := inproc.NewWorld(n)
	for r := range ts {
		ts[r] = faulty.Wrap(ts[r], faulty.Plan{})
	}
	return ts
}

// The same algorithm gives the same bits over every transport, with and without the optional interfaces.
// (Hierarchical's order is the placement's, and the transports place ranks differently.)
func TestBitsAcrossTransports(t *testing.T) {
	for _, alg := range portable {
		if alg == collectives.Hierarchical {
			continue
		}
		for _, size := range []int{3, 4} {
			t.Run(fmt.Sprintf("%v/%d", alg, size), func(t *testing.T) {
				for _, n := range []int{1, 257, 4099, 100_003, 300_001} {
					var want []float32
					for _, open := range []func(testing.TB, int) []transport.Transport{worlds[0].open, worlds[1].open, plainWorld} {
						gs := groups(t, open(t, size), collectives.Config{Algorithm: alg})
						for r, err := range each(gs, func(g *collectives.Group) error {
							buf := collectivestest.Input[float32](g.Rank(), n)
							if err := collectives.AllReduce(t.Context(), g, buf, collectives.Sum); err != nil {
								return err
							}
							if g.Rank() == 0 && want == nil {
								want = buf
							}
							if err := collectives.Barrier(t.Context(), g); err != nil { // want is there
								return err
							}
							if !slices.Equal(want, buf) {
								return fmt.Errorf("other bits than on rank 0 in one process")
							}
							return nil
						}) {
							require.NoError(t, err, "rank %d, length %d", r, n)
						}
					}
				}
			})
		}
	}
}

// conformance is the suite that these tests run.
func conformance() func(context.Context, *collectives.Group) (uint64, error) {
	if testing.Short() {
		return collectivestest.Quick
	}
	return collectivestest.Check
}

// Without any optional interface everything works as well.
func TestPlainTransport(t *testing.T) {
	for _, alg := range portable {
		t.Run(alg.String(), func(t *testing.T) {
			if testing.Short() && alg != collectives.Ring && alg != collectives.Hierarchical {
				return // a goroutine for each send
			}
			for r, err := range each(groups(t, plainWorld(t, 3), collectives.Config{Algorithm: alg}), func(g *collectives.Group) error {
				_, err := conformance()(t.Context(), g)
				return err
			}) {
				require.NoError(t, err, "rank %d", r)
			}
		})
	}
}

// Shuffle sums along one tree over the ranks for every element, however long the vector and whichever path it takes.
func TestShuffleOrderIsTheTree(t *testing.T) {
	const size = 6
	tree := func(x [][]float32, i int) float32 {
		return ((x[0][i] + x[1][i]) + (x[2][i] + x[3][i])) + (x[4][i] + x[5][i])
	}
	for _, n := range []int{1, 5, 100, 5000, 400_001} { // whole, cut, cut into segments
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			in, want := make([][]float32, size), make([]float32, n)
			for r := range in {
				in[r] = collectivestest.Input[float32](r, n)
			}
			for i := range want {
				want[i] = tree(in, i)
			}
			gs := groups(t, inproc.NewWorld(size), collectives.Config{Algorithm: collectives.Shuffle})
			for _, err := range each(gs, func(g *collectives.Group) error {
				buf := collectivestest.Input[float32](g.Rank(), n)
				if err := collectives.AllReduce(context.Background(), g, buf, collectives.Sum); err != nil {
					return err
				}
				if !assert.ObjectsAreEqual(want, buf) {
					return fmt.Errorf("rank %d: another order than the tree's", g.Rank())
				}
				return nil
			}) {
				require.NoError(t, err)
			}
		})
	}
}

// Returning while a neighbour still reads this rank's buffer would let the caller's next write corrupt the neighbour's
// result: so write at once, many times.
func TestBufferIsFreeOnReturn(t *testing.T) {
	const n = 300_000
	rounds := 10
	if testing.Short() {
		rounds = 3
	}
	for _, w := range worlds {
		for _, alg := range portable[2:] { // but Auto and Naive
			t.Run(w.name+"/"+alg.String(), func(t *testing.T) {
				gs := groups(t, w.open(t, 3), collectives.Config{Algorithm: alg})
				for _, err := range each(gs, func(g *collectives.Group) error {
					buf := make([]int32, n)
					for i := range rounds {
						for j := range buf {
							buf[j] = int32(i + g.Rank())
						}
						if err := collectives.AllReduce(context.Background(), g, buf, collectives.Sum); err != nil {
							return err
						}
						for j, x := range buf {
							if want := int32(3*i + 3); x != want {
								return fmt.Errorf("round %d, element %d = %d, want %d", i, j, x, want)
							}
							buf[j] = -1 << 20
						}
					}
					return nil
				}) {
					require.NoError(t, err)
				}
			})
		}
	}
}

func TestOneAtATime(t *testing.T) {
	gs := groups(t, inproc.NewWorld(2), collectives.Config{})
	started, ended := make(chan struct{}), make(chan struct{})
	go func() {
		close(started)
		collectives.Barrier(context.Background(), gs[0])
		close(ended)
	}()
	<-started
	time.Sleep(20 * time.Millisecond)
	assert.Panics(t, func() { collectives.Barrier(context.Background(), gs[0]) })
	gs[0].Close()
	<-ended
}

func TestMisusePanics(t *testing.T) {
	gs := groups(t, inproc.NewWorld(2), collectives.Config{})
	ctx := context.Background()
	assert.PanicsWithValue(t, "collectives: Broadcast: root 2 in a group of 2", func() { collectives.Broadcast(ctx, gs[0], []uint8{1}, 2) })
	assert.PanicsWithValue(t, "collectives: AllToAll: 2 and 1 slices for 2 ranks", func() { collectives.AllToAll(ctx, gs[0], make([][]uint8, 2), make([][]uint8, 1)) })
	assert.PanicsWithValue(t, "collectives: AllToAll: rank 0 sends itself 4 elements and expects 3", func() {
		collectives.AllToAll(ctx, gs[0], [][]uint8{make([]uint8, 4), nil}, [][]uint8{make([]uint8, 3), nil})
	})
	assert.PanicsWithValue(t, "collectives: AllToAllV: 3 slices for 2 ranks", func() { collectives.AllToAllV(ctx, gs[0], make([][]uint8, 3)) })
	assert.PanicsWithValue(t, "collectives: AllReduceRows: row 7 of 7", func() {
		collectives.AllReduceRows(ctx, gs[0], 7, collectives.Rows[float32]{Index: []int64{7}, Data: make([]float32, 2), Width: 2}, collectives.Sum)
	})
	assert.PanicsWithValue(t, "collectives: AllReduceRows: 1 rows of width 2, and 3 elements", func() {
		collectives.AllReduceRows(ctx, gs[0], 7, collectives.Rows[float32]{Index: []int64{1}, Data: make([]float32, 3), Width: 2}, collectives.Sum)
	})
	assert.PanicsWithValue(t, "collectives: AllReduceCompressed: operation max, want sum or mean", func() {
		collectives.AllReduceCompressed(ctx, gs[0], nil, collectives.Max, collectives.BFloat16Wire)
	})
	assert.PanicsWithValue(t, "collectives: Send: rank 2 of a group of 2", func() { collectives.Send(ctx, gs[0], []int32{1}, 2) })
	assert.PanicsWithValue(t, "collectives: Slice: 5 elements, rank 2 of 2", func() { collectives.Slice(5, 2, 2) })
}

func TestConfig(t *testing.T) {
	_, err := collectives.New(inproc.NewWorld(1)[0], collectives.Config{Algorithm: 99})
	assert.EqualError(t, err, "collectives: Config.Algorithm: 99 is none of the 7 known algorithms")
	_, err = collectives.New(inproc.NewWorld(1)[0], collectives.Config{Algorithm: collectives.Native})
	assert.ErrorContains(t, err, "has no collectives of its own")
	for _, a := range collectives.Algorithms() {
		got, err := collectives.ParseAlgorithm(a.String())
		assert.NoError(t, err)
		assert.Equal(t, a, got)
	}
	_, err = collectives.ParseAlgorithm("tree")
	assert.EqualError(t, err, `collectives: algorithm "tree": want one of [auto naive ring shuffle halving hierarchical native]`)
}

func TestSlice(t *testing.T) {
	for _, tt := range []struct {
		n, size int
		want    []int // where the slices begin, and the last ends
	}{
		{0, 3, []int{0, 0, 0, 0}}, {1, 3, []int{0, 1, 1, 1}}, {3, 3, []int{0, 1, 2, 3}}, {5, 3, []int{0, 2, 4, 5}}, {7, 1, []int{0, 7}},
	} {
		for r := range tt.size {
			lo, hi := collectives.Slice(tt.n, tt.size, r)
			assert.Equal(t, tt.want[r:r+2], []int{lo, hi}, "Slice(%d, %d, %d)", tt.n, tt.size, r)
		}
	}
}

func TestAllReduceDoesNotAllocate(t *testing.T) {
	long := 200_000
	if testing.Short() {
		long = 70_000 // more than a segment still
	}
	for _, alg := range portable {
		for _, n := range []int{100, long} {
			t.Run(fmt.Sprintf("%v/%d", alg, n), func(t *testing.T) {
				gs := groups(t, inproc.NewWorld(2), collectives.Config{Algorithm: alg})
				bufs := [2][]float32{make([]float32, n), make([]float32, n)}
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				step := func(r int) error { return collectives.AllReduce(ctx, gs[r], bufs[r], collectives.Sum) }
				done := make(chan struct{})
				go func() {
					for step(1) == nil {
					}
					close(done)
				}()
				assert.Zero(t, alloctest.PerRun(100, func() { // counts both ranks
					if err := step(0); err != nil {
						t.Error(err)
					}
				}))
				gs[0].Close()
				<-done
			})
		}
	}
}
