package tcp_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/tutti-ml/tutti/collectives/collectivestest"
	"github.com/tutti-ml/tutti/collectives/transport"
	"github.com/tutti-ml/tutti/collectives/transport/tcp"
)

// open returns the ends of a world of n ranks that meet over loopback, each configured by adjust if that is not nil.
func open(t *testing.T, n int, adjust func(*tcp.Config)) []*tcp.Transport {
	t.Helper()
	store := transport.NewMemStore()
	ts := make([]*tcp.Transport, n)
	var eg errgroup.Group
	for r := range n {
		eg.Go(func() (err error) {
			c := tcp.Config{Rank: r, Size: n, Store: store, Secret: []byte("test")}
			if adjust != nil {
				adjust(&c)
			}
			ts[r], err = tcp.Open(t.Context(), c)
			return err
		})
	}
	require.NoError(t, eg.Wait())
	t.Cleanup(func() {
		var eg errgroup.Group
		for _, e := range ts {
			eg.Go(e.Close)
		}
		require.NoError(t, eg.Wait())
	})
	return ts
}

func ends(ts []*tcp.Transport) []transport.Transport {
	es := make([]transport.Transport, len(ts))
	for i := range ts {
		es[i] = ts[i]
	}
	return es
}

func TestConformance(t *testing.T) {
	collectivestest.Run(t, func(t *testing.T, n int) []transport.Transport { return ends(open(t, n, nil)) })
}
