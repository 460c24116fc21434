package train

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/tensor"
)

func setOf(sizes ...int) *autograd.Set {
	var params []*autograd.Param
	for _, n := range sizes {
		params = append(params, autograd.NewParam(tensor.New(tensor.Float32, n)))
	}
	return autograd.NewSet(params)
}

func TestCutBuckets(t *testing.T) {
	const mi = 1 << 18 // elements in a MiB
	for _, c := range []struct {
		name  string
		sizes []int
		limit int
		want  []span
	}{
		{"one parameter", []int{100}, 40, []span{{0, 100}}},
		{"less than a bucket", []int{10, 20, 30}, defaultBucket, []span{{0, 60}}},
		{"exact", []int{10, 10, 10}, 40, []span{{20, 30}, {10, 20}, {0, 10}}},
		{"whole parameters", []int{3, 100, 2, 5, 4}, 40, []span{{103, 114}, {3, 103}, {0, 3}}},
		{"all at once", []int{10, 20, 30}, -1, []span{{0, 60}}},
		{"the first is small", []int{mi, 4 * mi, mi, mi}, 4 << 20, []span{{6 * mi, 7 * mi}, {mi, 6 * mi}, {0, mi}}},
		{"empty ones", []int{0, 10, 0, 10, 0}, 40, []span{{10, 20}, {0, 10}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, cutBuckets(setOf(c.sizes...), c.limit))
		})
	}
}

// Buckets go out in order, once both replicas are done, whatever the order in which gradients come; the last, and what a
// batch does not use, at the end.
func TestOverlapOrder(t *testing.T) {
	set := setOf(10, 10, 10, 10)
	p := set.Params()
	var sent []int
	o := newOverlap(set, cutBuckets(set, 40), 2, func(_ context.Context, i int) { sent = append(sent, i) })
	require.Len(t, o.whole, 4)
	for range 2 { // steps
		sent = nil
		o.begin(t.Context())
		for _, c := range []struct {
			param int
			want  []int // sent so far
		}{
			{3, nil}, {2, nil}, {2, nil}, // bucket 1 must wait for bucket 0
			{3, []int{0, 1}}, {0, []int{0, 1}}, {0, []int{0, 1}}, {1, []int{0, 1}}, // one replica does not use parameter 1
		} {
			o.ready(p[c.param])
			require.Equal(t, c.want, sent)
		}
		o.ready(autograd.NewParam(tensor.New(tensor.Float32, 1))) // frozen
		o.rest()
		require.Equal(t, []int{0, 1, 2, 3}, sent)
	}
}

// What is sent plus what is still owed is what was to be sent: the error does not grow with the steps.
func TestFeedback(t *testing.T) {
	const n, steps = 10_000, 50
	for _, wire := range []collectives.Wire{collectives.BFloat16Wire, collectives.Float16Wire} {
		t.Run(wire.String(), func(t *testing.T) {
			f, rng := newFeedback(wire, n), rand.New(rand.NewPCG(1, 2))
			sent, want := make([]float64, n), make([]float64, n)
			g := make([]float32, n)
			for range steps {
				for i := range g {
					g[i] = rng.Float32() + 0.1
					want[i] += float64(g[i])
				}
				lost := slices.Clone(g) // by a step that is not taken
				f.apply(lost, 0)
				f.apply(g[:n/3], 0)
				f.apply(g[n/3:], n/3)
				f.commit(update{})
				require.Equal(t, lost, g)
				for i, x := range g {
					sent[i] += float64(x)
				}
			}
			worst := 0.0
			for i := range want {
				// one rounding of a number below 2 to 8 bits, and a float32 rounding a step
				require.InDelta(t, want[i], sent[i], 2*0x1p-8+steps*0x1p-23)
				worst = max(worst, want[i]-sent[i])
				require.InDelta(t, want[i], sent[i]+float64(f.rest[i]), steps*0x1p-23)
			}
			require.Positive(t, worst, "numbers were rounded")
			f.forget()
			require.Equal(t, make([]float32, n), f.rest)
		})
	}
}
