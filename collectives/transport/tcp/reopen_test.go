package tcp_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/transport"
	"github.com/tutti-ml/tutti/collectives/transport/tcp"
)

// The survivors of lost ranks close their group and open another through the same store, with the next epoch and ranks
// counted anew; and again, until one is left.
func TestSurvivorsReopen(t *testing.T) {
	store := transport.NewMemStore()
	type member struct {
		name int // for life; its bit in the sum
		g    *collectives.Group
	}
	join := func(names []int, epoch uint32) []member {
		ms := make([]member, len(names))
		var wg sync.WaitGroup
		for rank, name := range names {
			wg.Go(func() {
				tr, err := tcp.Open(t.Context(), tcp.Config{Rank: rank, Size: len(names), Store: store, Secret: []byte("s"), Epoch: epoch})
				if assert.NoError(t, err) {
					g, err := collectives.New(tr, collectives.Config{})
					assert.NoError(t, err)
					ms[rank] = member{name, g}
				}
			})
		}
		wg.Wait()
		require.False(t, t.Failed())
		return ms
	}
	sum := func(m member) (int64, error) {
		buf := []int64{1 << m.name}
		err := collectives.AllReduce(t.Context(), m.g, buf, collectives.Sum)
		return buf[0], err
	}
	for names, epoch := []int{0, 1, 2, 3, 4}, uint32(0); len(names) > 0; epoch++ {
		ms := join(names, epoch)
		var want int64
		for _, n := range names {
			want |= 1 << n
		}
		victim := int(epoch) % len(names)
		var wg, summed sync.WaitGroup
		summed.Add(len(ms))
		for rank, m := range ms {
			wg.Go(func() {
				got, err := sum(m)
				assert.NoError(t, err)
				assert.Equal(t, want, got, "epoch %d", epoch)
				summed.Done()
				if rank == victim {
					summed.Wait() // word of a loss may overtake what is still under way
					m.g.Close()
					return
				}
				_, err = sum(m)
				var lost *collectives.PeerLostError
				if assert.True(t, errors.As(err, &lost), "%v", err) {
					assert.Equal(t, victim, lost.Rank)
				}
				m.g.Close()
			})
		}
		wg.Wait()
		names = slices.Delete(names, victim, victim+1)
	}
}
