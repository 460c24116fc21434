package collectives_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/transport/inproc"
	"golang.org/x/sync/errgroup"
)

func TestAllReduceSums(t *testing.T) {
	ts := inproc.NewWorld(3)
	var eg errgroup.Group
	for r := range ts {
		eg.Go(func() error {
			g, err := collectives.New(ts[r], collectives.Config{})
			if err != nil {
				return err
			}
			defer g.Close()
			buf := []float32{float32(r), 1}
			if err := collectives.AllReduce(context.Background(), g, buf, collectives.Sum); err != nil {
				return err
			}
			require.Equal(t, []float32{3, 3}, buf)
			return collectives.Barrier(context.Background(), g)
		})
	}
	require.NoError(t, eg.Wait())
}
