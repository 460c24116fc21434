package faulty_test

import (
	"errors"
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
)

// A plan that does no harm leaves a plain transport, so this tests the algorithms without the optional interfaces.
func TestConformance(t *testing.T) {
	if testing.Short() {
		defer func(all []int) { collectivestest.Sizes = all }(collectivestest.Sizes)
		collectivestest.Sizes = []int{2, 3}
	}
	collectivestest.Run(t, func(_ *testing.T, n int) []transport.Transport { return world(n, 0) })
}

func world(n int, delay time.Duration) []transport.Transport {
	ts := inproc.NewWorld(n)
	for r := range ts {
		ts[r] = faulty.Wrap(ts[r], faulty.Plan{Seed: uint64(r), Delay: delay})
	}
	return ts
}

// Messages may take their time, in any order between ranks: the bits stay the same.
func TestDelaysKeepBits(t *testing.T) {
	for _, alg := range []collectives.Algorithm{collectives.Naive, collectives.Ring, collectives.Shuffle} {
		t.Run(alg.String(), func(t *testing.T) {
			var results [2][]float32
			for i, delay := range []time.Duration{0, 5 * time.Millisecond} {
				var wg sync.WaitGroup
				for r, e := range world(5, delay) {
					wg.Go(func() {
						g, err := collectives.New(e, collectives.Config{Algorithm: alg})
						require.NoError(t, err)
						defer g.Close()
						buf := collectivestest.Input[float32](r, 5003)
						for range 3 {
							assert.NoError(t, collectives.AllReduce(t.Context(), g, buf, collectives.Mean))
						}
						if r == 2 {
							results[i] = buf
						}
					})
				}
				wg.Wait()
			}
			assert.Equal(t, results[0], results[1])
		})
	}
}

// Whatever happens to rank 1, every rank either has the right sum or an error; nobody waits for ever; and somebody has an
// error that tells what happened.
func TestFailures(t *testing.T) {
	const n = 40_000
	for _, tt := range []struct {
		name string
		plan faulty.Plan
		want []error // one rank at least returns an error wrapping each of these
	}{
		{"drop all", faulty.Plan{Drop: 1}, []error{collectives.ErrTimeout, collectives.ErrPeerLost}},
		{"drop half", faulty.Plan{Drop: 0.5, Seed: 3}, []error{collectives.ErrTimeout, collectives.ErrPeerLost}},
		{"cut at once", faulty.Plan{CutAfter: 1}, []error{collectives.ErrTimeout}},
		{"cut later", faulty.Plan{CutAfter: 50_000}, []error{collectives.ErrTimeout}},
		{"truncate header", faulty.Plan{TruncateAfter: 1}, []error{collectives.ErrMismatch, collectives.ErrPeerLost}},
		{"truncate data", faulty.Plan{TruncateAfter: 1000}, []error{collectives.ErrMismatch, collectives.ErrPeerLost}},
		{"close", faulty.Plan{CloseAfter: 1000}, []error{collectives.ErrClosed, collectives.ErrPeerLost}},
	} {
		for _, alg := range []collectives.Algorithm{collectives.Naive, collectives.Ring, collectives.Shuffle} {
			t.Run(tt.name+"/"+alg.String(), func(t *testing.T) {
				ts := inproc.NewWorld(4)
				ts[1] = faulty.Wrap(ts[1], tt.plan)
				want, _ := collectivestest.Reference[int64](4, n, collectives.Sum)
				errs := make([]error, 4)
				var wg sync.WaitGroup
				for r := range ts {
					wg.Go(func() {
						g, err := collectives.New(ts[r], collectives.Config{Algorithm: alg, Timeout: 250 * time.Millisecond})
						require.NoError(t, err)
						defer g.Close()
						buf := collectivestest.Input[int64](r, n)
						errs[r] = collectives.AllReduce(t.Context(), g, buf, collectives.Sum)
						if errs[r] == nil {
							assert.Equal(t, want, buf, "rank %d has no error", r)
							return
						}
						again := collectives.Barrier(t.Context(), g)
						assert.Equal(t, errs[r], again, "a broken group stays broken")
					})
				}
				wg.Wait()
				for _, w := range tt.want {
					found := false
					for _, err := range errs {
						found = found || errors.Is(err, w)
					}
					assert.True(t, found, "no rank says %q: %v", w, errs)
				}
			})
		}
	}
}
