package launch

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
)

func TestLocal(t *testing.T) {
	for _, n := range []int{1, 2, 3, 8} {
		var calls atomic.Int64
		err := Local(t.Context(), n, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
			calls.Add(1)
			buf := []int64{int64(g.Rank()) + 1}
			if err := collectives.AllReduce(ctx, g, buf, collectives.Sum); err != nil {
				return err
			}
			assert.Equal(t, int64(n*(n+1)/2), buf[0], "1 + … + %d", n)
			assert.Equal(t, n, g.Size())
			return nil
		})
		require.NoError(t, err)
		assert.EqualValues(t, n, calls.Load())
	}
}

func TestLocalFailures(t *testing.T) {
	nan, disk := errors.New("the loss is NaN"), errors.New("disk full")
	wait := func(ctx context.Context, g *collectives.Group) error { return collectives.Barrier(ctx, g) }
	for _, c := range []struct {
		name string
		fn   func(ctx context.Context, g *collectives.Group) error
		want string
		is   []error
	}{
		{"one fails, the others wait for it", func(ctx context.Context, g *collectives.Group) error {
			if g.Rank() == 2 {
				return nan
			}
			return wait(ctx, g)
		}, "rank 2: the loss is NaN", []error{nan}},
		{"one fails, the others wait for their context", func(ctx context.Context, g *collectives.Group) error {
			if g.Rank() == 0 {
				return nan
			}
			<-ctx.Done()
			return ctx.Err()
		}, "rank 0: the loss is NaN", []error{nan}},
		{"the cause is there to read", func(ctx context.Context, g *collectives.Group) error {
			if g.Rank() == 0 {
				return nan
			}
			<-ctx.Done()
			assert.ErrorIs(t, context.Cause(ctx), nan)
			return nil
		}, "rank 0: the loss is NaN", []error{nan}},
		{"one panics", func(ctx context.Context, g *collectives.Group) error {
			if g.Rank() == 1 {
				panic(disk)
			}
			return wait(ctx, g)
		}, "rank 1: panic: disk full", []error{disk}},
		{"one leaves early", func(ctx context.Context, g *collectives.Group) error {
			if g.Rank() == 1 {
				return nil
			}
			return wait(ctx, g)
		}, "rank 1 lost", []error{collectives.ErrPeerLost}},
		{"lengths differ", func(ctx context.Context, g *collectives.Group) error {
			return collectives.AllReduce(ctx, g, make([]float32, 3+g.Rank()), collectives.Sum)
		}, "length", []error{collectives.ErrMismatch}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Local(t.Context(), 4, collectives.Config{Timeout: 20 * time.Second}, c.fn)
			require.ErrorContains(t, err, c.want)
			for _, is := range c.is {
				assert.ErrorIs(t, err, is)
			}
			assert.NotErrorIs(t, err, collectives.ErrTimeout)
			assert.NotErrorIs(t, err, context.Canceled)
		})
	}
}

func TestLocalTwoFailures(t *testing.T) {
	nan, disk := errors.New("the loss is NaN"), errors.New("disk full")
	err := Local(t.Context(), 2, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
		if g.Rank() == 1 {
			return nan
		}
		<-ctx.Done()
		return disk
	})
	require.EqualError(t, err, "rank 1: the loss is NaN\nrank 0: disk full")
}

// shares divides work in a way that cannot be: a user's function that panics.
func shares(work []int, rank int) int { return work[len(work)+rank] }

func TestLocalPanicHasItsPlaceAndStack(t *testing.T) {
	err := Local(t.Context(), 2, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
		if g.Rank() == 1 {
			return collectives.Barrier(ctx, g)
		}
		shares(nil, g.Rank())
		return nil
	})
	var p *PanicError
	require.ErrorAs(t, err, &p)
	assert.Regexp(t, `^rank 0: panic: runtime error: index out of range \[0\] with length 0 `+
		`\(local_test.go:\d+, launch.shares\)$`, err.Error())
	assert.Contains(t, string(p.Stack), "TestLocalPanicHasItsPlaceAndStack")
	assert.NotContains(t, fmt.Sprintf("%v", err), "goroutine")
	assert.Contains(t, fmt.Sprintf("%+v", err), "launch.shares(")
	assert.Contains(t, fmt.Sprintf("%+v", p), "launch.shares(")
}

// A rank whose goroutine ends without a word has failed, and the others with it.
func TestLocalGoexit(t *testing.T) {
	err := Local(t.Context(), 3, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
		if g.Rank() == 2 {
			runtime.Goexit()
		}
		return collectives.Barrier(ctx, g)
	})
	require.EqualError(t, err, "rank 2: its goroutine was ended by runtime.Goexit")
}

// ofRank is an error of another rank, as package train's are.
type ofRank int

func (r ofRank) Error() string { return fmt.Sprintf("rank %d failed", int(r)) }
func (r ofRank) OfRank() int   { return int(r) }

// A rank that only says that another failed is not the one to be named, though it was first.
func TestLocalNamesTheOneThatFailed(t *testing.T) {
	broken := errors.New("broken")
	err := Local(t.Context(), 2, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
		if g.Rank() == 1 {
			return fmt.Errorf("step 3: %w", ofRank(0))
		}
		<-ctx.Done()
		return broken
	})
	require.EqualError(t, err, "rank 0: broken")
	err = Local(t.Context(), 2, collectives.Config{}, func(context.Context, *collectives.Group) error {
		return ofRank(5)
	})
	require.ErrorContains(t, err, "rank 5 failed", "none tells why")
}

func TestLocalCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := Local(ctx, 3, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
		return collectives.Barrier(ctx, g)
	})
	require.ErrorIs(t, err, context.Canceled)
}

func TestLocalMisuse(t *testing.T) {
	assert.PanicsWithValue(t, "launch: Local: 0 ranks", func() { Local(t.Context(), 0, collectives.Config{}, nil) }) // it panics
	require.Error(t, Local(t.Context(), 2, collectives.Config{Algorithm: 99}, nil))
	require.Error(t, Local(t.Context(), 2, collectives.Config{Algorithm: collectives.Native}, nil), "there is none in process")
}
