package collectives_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/transport"
	"github.com/tutti-ml/tutti/collectives/transport/inproc"
)

type posting interface {
	transport.Transport
	transport.Exchanger
	transport.Poster
	transport.Aborter
}

// placed is a transport that claims other hosts, and counts what goes between them.
type placed struct {
	posting
	hosts string        // a letter for each rank
	far   *atomic.Int64 // bytes this rank has sent to other hosts
}

func (p placed) Host(rank int) string { return p.hosts[rank : rank+1] }

func (p placed) Send(ctx context.Context, to int, tag transport.Tag, b []byte) error {
	if p.hosts[to] != p.hosts[p.Rank()] {
		p.far.Add(int64(len(b)))
	}
	return p.posting.Send(ctx, to, tag, b)
}

func placedWorld(hosts string) []transport.Transport {
	ts := inproc.NewWorld(len(hosts))
	for r, t := range ts {
		ts[r] = placed{t.(posting), hosts, new(atomic.Int64)}
	}
	return ts
}

// Every way in which ranks can be spread over hosts.
func TestHierarchical(t *testing.T) {
	placements := []string{"aab", "aba", "aabb", "aa", "ab", "abb", "abab", "aaabb", "abcab", "aabbccc"}
	if testing.Short() {
		placements = placements[:3]
	}
	for _, hosts := range placements {
		t.Run(hosts, func(t *testing.T) {
			gs := groups(t, placedWorld(hosts), collectives.Config{Algorithm: collectives.Hierarchical})
			for r, err := range each(gs, func(g *collectives.Group) error {
				_, err := conformance()(t.Context(), g)
				return err
			}) {
				require.NoError(t, err, "rank %d", r)
			}
		})
	}
}

// Between hosts a leader sends 2(H−1)/H·S bytes and nobody else any; 40 ranks' worth of headers are little beside it.
func TestHierarchicalBytesBetweenHosts(t *testing.T) {
	const n = 1 << 20
	ts := placedWorld("aaabbb")
	gs := groups(t, ts, collectives.Config{Algorithm: collectives.Hierarchical})
	for _, err := range each(gs, func(g *collectives.Group) error {
		return collectives.AllReduce(t.Context(), g, make([]float32, n), collectives.Sum)
	}) {
		require.NoError(t, err)
	}
	for r, tr := range ts {
		want := 0
		if r%3 == 0 {
			want = 4 * n // two hosts: 2·½·S
		}
		assert.InDelta(t, want, tr.(placed).far.Load(), 100, "rank %d", r)
	}
}

func TestAutoChoosesByHosts(t *testing.T) {
	for hosts, want := range map[string]collectives.Algorithm{"aabb": collectives.Hierarchical, "abcd": collectives.Ring, "aaaa": collectives.Ring} {
		gs := groups(t, placedWorld(hosts), collectives.Config{})
		assert.Equal(t, want, gs[0].Choice(2<<20), hosts)
		assert.Equal(t, collectives.Shuffle, gs[0].Choice(100), hosts)
	}
}

// sharing is a transport whose ranks of one host share memory.
type sharing struct{ placed }

func (sharing) SharesMemory() bool { return true }

// Without costs the carrier decides: through shared memory a ring, but for the shortest vectors; a part of the ranks, if it
// lies on one host, does as a whole world there.
func TestAutoChoosesByCarrier(t *testing.T) {
	world := func(hosts string) []transport.Transport {
		ts := placedWorld(hosts)
		for r, t := range ts {
			ts[r] = sharing{t.(placed)}
		}
		return ts
	}
	shared := groups(t, world("aaaa"), collectives.Config{})
	assert.Equal(t, "auto: shuffle below 8 KiB, ring above", shared[0].Explain())
	assert.Equal(t, collectives.Shuffle, shared[0].Choice(4<<10))
	assert.Equal(t, collectives.Ring, shared[0].Choice(4<<10+1))
	assert.Equal(t, "auto: shuffle below 2 MiB, ring above", groups(t, world("abcd"), collectives.Config{})[0].Explain())
	gs := groups(t, world("aabb"), collectives.Config{})
	assert.Equal(t, collectives.Hierarchical, gs[0].Choice(64<<10))
	for r, err := range each(gs, func(g *collectives.Group) error {
		part, err := g.Split(t.Context(), g.Rank()/2, g.Rank())
		if err != nil {
			return err
		}
		assert.Equal(t, collectives.Ring, part.Choice(64<<10))
		return collectives.AllReduce(t.Context(), part, make([]float32, 16<<10), collectives.Sum)
	}) {
		require.NoError(t, err, "rank %d", r)
	}
}

// Whatever the costs, all ranks choose alike, and Tune's are sane enough to choose by.
func TestTune(t *testing.T) {
	for _, w := range worlds {
		for _, size := range []int{2, 3, 4} {
			t.Run(fmt.Sprintf("%s/%d", w.name, size), func(t *testing.T) {
				gs := groups(t, w.open(t, size), collectives.Config{})
				explained := make([]string, size)
				for r, err := range each(gs, func(g *collectives.Group) error {
					costs, err := collectives.Tune(t.Context(), g)
					if err != nil {
						return err
					}
					assert.Positive(t, costs.Alpha)
					assert.Positive(t, costs.Ring)
					assert.Positive(t, costs.AllToAll)
					explained[g.Rank()] = g.Explain()
					return collectives.AllReduce(t.Context(), g, make([]float32, 300_000), collectives.Sum)
				}) {
					require.NoError(t, err, "rank %d", r)
					assert.Equal(t, explained[0], explained[r])
				}
				assert.Contains(t, explained[0], "auto: ")
				assert.Contains(t, explained[0], "ns/B")
				t.Log(explained[0])
			})
		}
	}
}

func TestChoiceByCosts(t *testing.T) {
	slow := collectives.Costs{Alpha: 1_000_000, Gap: 500_000, Ring: 0.1, AllToAll: 0.1, MeasuredOn: 16} // every message counts
	crowded := collectives.Costs{Alpha: 1_000, Gap: 100, Ring: 0.5, AllToAll: 5, MeasuredOn: 16}        // all to all congests
	for _, tt := range []struct {
		name  string
		costs collectives.Costs
		bytes int
		want  collectives.Algorithm
	}{
		{"latency", slow, 1 << 10, collectives.Halving},
		{"latency", slow, 64 << 10, collectives.Halving},
		{"congestion", crowded, 64 << 20, collectives.Halving}, // as many bytes as the ring in fewer steps
		{"not measured", collectives.Costs{}, 1 << 20, collectives.Shuffle},
		{"not measured", collectives.Costs{}, 1<<20 + 1, collectives.Ring},
	} {
		t.Run(fmt.Sprintf("%s/%d", tt.name, tt.bytes), func(t *testing.T) {
			gs := groups(t, inproc.NewWorld(16), collectives.Config{Costs: tt.costs})
			assert.Equal(t, tt.want, gs[0].Choice(tt.bytes))
		})
	}
	gs := groups(t, inproc.NewWorld(2), collectives.Config{})
	assert.Equal(t, "auto: shuffle below 2 MiB, ring above", gs[0].Explain())
	gs = groups(t, inproc.NewWorld(2), collectives.Config{Algorithm: collectives.Ring})
	assert.Equal(t, "ring, as configured", gs[0].Explain())
}
