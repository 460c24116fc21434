package collectives_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/transport/inproc"
)

// A rank's messages to itself arrive, in order and whole, in a group of any size and in parts of it, whether Send or
// Recv comes first.
func TestSendToSelf(t *testing.T) {
	ctx := t.Context()
	gs := groups(t, inproc.NewWorld(3), collectives.Config{})
	sub := make([]*collectives.Group, 3)
	ended := make(chan error, 3)
	for r, g := range gs {
		go func() {
			var err error
			sub[r], err = g.Split(ctx, r%2, 0)
			ended <- err
		}()
	}
	for range gs {
		require.NoError(t, <-ended)
	}
	for name, g := range map[string]*collectives.Group{"alone": collectives.Alone(), "of three": gs[1], "split": sub[2], "split, one": sub[1]} {
		t.Run(name, func(t *testing.T) {
			me := g.Rank()
			data := []float64{1, 2, 3}
			require.NoError(t, collectives.Send(ctx, g, data, me))
			data[0] = 7 // the message is a copy
			require.NoError(t, collectives.Send(ctx, g, data[:1], me))
			require.NoError(t, collectives.Send(ctx, g, []float64{}, me))
			got := make([]float64, 3)
			require.NoError(t, collectives.Recv(ctx, g, got, me))
			assert.Equal(t, []float64{1, 2, 3}, got)
			require.NoError(t, collectives.Recv(ctx, g, got[:1], me))
			assert.Equal(t, []float64{7, 2, 3}, got)
			require.NoError(t, collectives.Recv(ctx, g, got[:0], me))

			require.NoError(t, collectives.SendRecv(ctx, g, []float64{4, 5, 6}, me, got, me))
			assert.Equal(t, []float64{4, 5, 6}, got)

			first := make(chan error, 1)
			go func() { first <- collectives.Recv(ctx, g, got, me) }()
			time.Sleep(5 * time.Millisecond)
			require.NoError(t, collectives.Send(ctx, g, []float64{7, 8, 9}, me))
			require.NoError(t, <-first)
			assert.Equal(t, []float64{7, 8, 9}, got)
		})
	}
}

// What is no message for whom receives it is an error that says so, as between two ranks; and a Recv that waits in vain
// ends.
func TestSendToSelfFails(t *testing.T) {
	ctx := t.Context()
	g := collectives.Alone()
	require.NoError(t, collectives.Send(ctx, g, []int32{1, 2}, 0))
	err := collectives.Recv(ctx, g, make([]int32, 3), 0)
	require.ErrorIs(t, err, collectives.ErrMismatch)
	require.ErrorContains(t, err, "length: 2 on rank 0, 3 on rank 0")
	require.Error(t, collectives.Send(ctx, g, []int32{1}, 0), "the group is broken")

	g = collectives.Alone()
	require.NoError(t, collectives.Send(ctx, g, []int32{1}, 0))
	err = collectives.Recv(ctx, g, make([]float32, 1), 0)
	require.ErrorIs(t, err, collectives.ErrMismatch)
	require.ErrorContains(t, err, "element type: int32 on rank 0, float32 on rank 0")

	gs := groups(t, inproc.NewWorld(1), collectives.Config{Timeout: 10 * time.Millisecond})
	require.ErrorIs(t, collectives.Recv(context.Background(), gs[0], []int32{0}, 0), collectives.ErrTimeout)

	g = collectives.Alone()
	ended := make(chan error, 1)
	go func() { ended <- collectives.Recv(context.Background(), g, []int32{0}, 0) }()
	time.Sleep(5 * time.Millisecond)
	require.NoError(t, g.Close())
	require.ErrorIs(t, <-ended, collectives.ErrClosed)
}
