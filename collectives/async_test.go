package collectives_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/transport/inproc"
	"github.com/tutti-ml/tutti/internal/alloctest"
)

func TestAsyncDoesNotAllocate(t *testing.T) {
	for _, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			gs := groups(t, w.open(t, 2), collectives.Config{})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			bufs := [2][4][]float32{}
			for r := range bufs {
				for i := range bufs[r] {
					bufs[r][i] = make([]float32, 1000*(i+1))
				}
			}
			step := func(r int) error {
				var hs [4]collectives.Handle
				for i, buf := range bufs[r] {
					hs[i] = collectives.AllReduceAsync(ctx, gs[r], buf, collectives.Sum)
				}
				for _, h := range hs {
					if err := h.Wait(ctx); err != nil {
						return err
					}
				}
				return collectives.AllToAll(ctx, gs[r], bufs[r][:2], bufs[r][2:])
			}
			for r := range bufs { // AllToAll wants equal lengths
				for i := range bufs[r] {
					bufs[r][i] = bufs[r][i][:1000]
				}
			}
			done := make(chan struct{})
			go func() {
				for step(1) == nil {
				}
				close(done)
			}()
			assert.Zero(t, alloctest.PerRun(50, func() { // counts both ranks
				if err := step(0); err != nil {
					t.Error(err)
				}
			}))
			gs[0].Close()
			<-done
		})
	}
}

// A caller who does not want to wait any longer leaves; the operation goes on, and may be waited for again.
func TestWaitMayBeGivenUp(t *testing.T) {
	gs := groups(t, inproc.NewWorld(2), collectives.Config{})
	buf := []int32{1}
	h := collectives.AllReduceAsync(t.Context(), gs[0], buf, collectives.Sum)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, h.Wait(ctx), context.Canceled)
	assert.False(t, h.Done())
	require.NoError(t, collectives.AllReduce(t.Context(), gs[1], []int32{2}, collectives.Sum))
	require.NoError(t, h.Wait(t.Context()))
	require.NoError(t, h.Wait(ctx), "what is done needs no waiting")
	assert.Equal(t, []int32{3}, buf)
	assert.NoError(t, collectives.Handle{}.Wait(ctx), "no operation")
}

// The operation that fails and those behind it report the first error; those before it none.
func TestAsyncFailure(t *testing.T) {
	for _, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			gs := groups(t, w.open(t, 2), collectives.Config{})
			for _, err := range each(gs, func(g *collectives.Group) error {
				good := collectives.AllReduceAsync(t.Context(), g, make([]float32, 10), collectives.Sum)
				bad := collectives.AllReduceAsync(t.Context(), g, make([]float32, 10+g.Rank()), collectives.Sum)
				after := collectives.BarrierAsync(t.Context(), g)
				last, first := after.Wait(t.Context()), bad.Wait(t.Context())
				if first == nil || last != first {
					return fmt.Errorf("the third says %v, the second %v", last, first)
				}
				if err := good.Wait(t.Context()); err != nil {
					return fmt.Errorf("the first was done before: %w", err)
				}
				if h := collectives.BarrierAsync(t.Context(), g); !h.Done() || h.Wait(t.Context()) != first {
					return fmt.Errorf("a broken group begins operations")
				}
				assert.ErrorIs(t, first, collectives.ErrMismatch)
				assert.Contains(t, first.Error(), "length: 1")
				return nil
			}) {
				require.NoError(t, err)
			}
		})
	}
}

// Close ends operations in progress and in line, and the worker with them.
func TestCloseWithOperationsInLine(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			gs := groups(t, w.open(t, 2), collectives.Config{})
			var hs []collectives.Handle
			for range 5 {
				hs = append(hs, collectives.AllReduceAsync(t.Context(), gs[0], make([]float32, 100), collectives.Sum))
			}
			time.Sleep(time.Millisecond)
			require.NoError(t, gs[0].Close())
			for _, h := range hs {
				assert.True(t, h.Done())
				assert.ErrorIs(t, h.Wait(t.Context()), collectives.ErrClosed)
			}
			require.NoError(t, gs[1].Close())
		})
	}
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

// A group made by Split leaves the others alone when it is closed; a closed transport ends them all.
func TestCloseOfSplitGroups(t *testing.T) {
	gs := groups(t, inproc.NewWorld(2), collectives.Config{})
	for _, err := range each(gs, func(g *collectives.Group) error {
		s, err := g.Split(t.Context(), 0, 0)
		if err != nil {
			return err
		}
		if err := collectives.BarrierAsync(t.Context(), s).Wait(t.Context()); err != nil {
			return err
		}
		if err := s.Close(); err != nil {
			return err
		}
		assert.ErrorIs(t, collectives.Barrier(t.Context(), s), collectives.ErrClosed)
		return collectives.Barrier(t.Context(), g)
	}) {
		require.NoError(t, err)
	}
}

func TestSendMismatch(t *testing.T) {
	for _, tt := range []struct {
		name string
		recv func(g *collectives.Group) error
		want string
	}{
		{"length", func(g *collectives.Group) error { return collectives.Recv(t.Context(), g, make([]float32, 4), 0) },
			"Recv: ranks disagree: length: 3 on rank 0, 4 on rank 1"},
		{"type", func(g *collectives.Group) error { return collectives.Recv(t.Context(), g, make([]int32, 3), 0) },
			"Recv: ranks disagree: element type: float32 on rank 0, int32 on rank 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			gs := groups(t, inproc.NewWorld(2), collectives.Config{})
			errs := each(gs, func(g *collectives.Group) error {
				if g.Rank() == 0 {
					return collectives.Send(t.Context(), g, make([]float32, 3), 1)
				}
				return tt.recv(g)
			})
			require.ErrorIs(t, errs[1], collectives.ErrMismatch)
			assert.ErrorContains(t, errs[1], tt.want)
			require.ErrorIs(t, errs[0], collectives.ErrPeerLost)
			assert.ErrorIs(t, errs[0], collectives.ErrMismatch)
		})
	}
}
