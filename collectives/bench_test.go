package collectives_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/transport"
	"github.com/tutti-ml/tutti/collectives/transport/inproc"
	"github.com/tutti-ml/tutti/collectives/transport/tcp"
)

// worlds are the transports that tests and benchmarks of this package run over.
var worlds = []struct {
	name string
	open func(t testing.TB, n int) []transport.Transport
}{
	{"inproc", func(_ testing.TB, n int) []transport.Transport { return inproc.NewWorld(n) }},
	{"tcp", tcpWorld},
}

func tcpWorld(t testing.TB, n int) []transport.Transport {
	t.Helper()
	store, ts := transport.NewMemStore(), make([]transport.Transport, n)
	var eg errgroup.Group
	for r := range n {
		eg.Go(func() error {
			e, err := tcp.Open(context.Background(), tcp.Config{Rank: r, Size: n, Store: store, Carrier: tcp.TCP})
			ts[r] = e
			return err
		})
	}
	require.NoError(t, eg.Wait())
	return ts
}

// groups returns a group for each end; they are closed when the test ends.
func groups(t testing.TB, ts []transport.Transport, c collectives.Config) []*collectives.Group {
	t.Helper()
	gs := make([]*collectives.Group, len(ts))
	for r := range ts {
		var err error
		gs[r], err = collectives.New(ts[r], c)
		require.NoError(t, err)
	}
	t.Cleanup(func() {
		var wg sync.WaitGroup
		for _, g := range gs {
			wg.Go(func() { g.Close() })
		}
		wg.Wait()
	})
	return gs
}

// BenchmarkAllReduce measures float32 AllReduce of ranks in one process. GB/s is the bus bandwidth, 2(P−1)/P·bytes/time,
// which is what each rank moves each way whatever the algorithm.
func BenchmarkAllReduce(b *testing.B) {
	for _, w := range worlds {
		for _, alg := range []collectives.Algorithm{collectives.Ring, collectives.Shuffle} {
			for _, n := range []int{2, 4} {
				for _, bytes := range []int{4 << 10, 1 << 20, 64 << 20} {
					b.Run(fmt.Sprintf("%s/%v/ranks=%d/bytes=%d", w.name, alg, n, bytes), func(b *testing.B) {
						benchAllReduce(b, groups(b, w.open(b, n), collectives.Config{Algorithm: alg}), bytes)
					})
				}
			}
		}
	}
}

func benchAllReduce(b *testing.B, gs []*collectives.Group, bytes int) {
	ctx := context.Background()
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, g := range gs[1:] {
		wg.Go(func() { // as long as rank 0 takes part
			buf := make([]float32, bytes/4)
			for collectives.AllReduce(ctx, g, buf, collectives.Sum) == nil {
			}
		})
	}
	defer gs[0].Close()
	buf := make([]float32, bytes/4)
	step := func() {
		if err := collectives.AllReduce(ctx, gs[0], buf, collectives.Sum); err != nil {
			b.Fatal(err)
		}
	}
	for range 3 {
		step()
	}
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		step()
	}
	p := float64(len(gs))
	b.ReportMetric(2*(p-1)/p*float64(bytes)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
}
