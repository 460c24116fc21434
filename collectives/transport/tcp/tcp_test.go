package tcp_test

import (
	"maps"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
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

// carriers are those that this system has.
func carriers() []tcp.Carrier {
	switch runtime.GOOS {
	case "linux":
		return []tcp.Carrier{tcp.TCP, tcp.Unix, tcp.Shm}
	case "windows":
		return []tcp.Carrier{tcp.TCP}
	}
	return []tcp.Carrier{tcp.TCP, tcp.Unix}
}

// The bits are the same whatever the carrier, but for Auto, which chooses by it.
func TestConformance(t *testing.T) {
	if testing.Short() {
		defer func(all []int) { collectivestest.Sizes = all }(collectivestest.Sizes)
		collectivestest.Sizes = []int{3}
	}
	sums := map[tcp.Carrier]map[string]uint64{}
	for _, carrier := range carriers() {
		if carrier == tcp.Unix || testing.Short() && carrier != carriers()[len(carriers())-1] {
			continue // unix sockets are TCP's code after Open: TestCarriersMoveEveryLength looks at them
		}
		t.Run(string(carrier), func(t *testing.T) {
			sums[carrier] = collectivestest.Run(t, func(t *testing.T, n int) []transport.Transport {
				return ends(open(t, n, func(c *tcp.Config) { c.Carrier = carrier }))
			})
		})
		maps.DeleteFunc(sums[carrier], func(name string, _ uint64) bool { return strings.HasPrefix(name, "auto/") })
		if first := sums[tcp.TCP]; first != nil {
			assert.Equal(t, first, sums[carrier], "digests over %s", carrier)
		}
	}
}

// Ranks that can be reached over a unix socket say on which host they are; others count as alone.
func TestHost(t *testing.T) {
	for _, carrier := range carriers() {
		ts := open(t, 2, func(c *tcp.Config) { c.Carrier = carrier })
		for _, e := range ts {
			assert.Equal(t, carrier != tcp.TCP, e.Host(0) == e.Host(1), "%v: %q and %q", carrier, e.Host(0), e.Host(1))
		}
		assert.Equal(t, ts[0].Host(1), ts[1].Host(1))
	}
}
