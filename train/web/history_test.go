package web

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/summary"
)

func newHistory() *history {
	h := &history{}
	h.reset()
	return h
}

// TestHistoryIsExact gives a history runs of many lengths: whatever is merged, its buckets say exactly what was in the
// steps that they cover, and cover every step once. Losses are whole numbers, so that every order of adding is exact.
func TestHistoryIsExact(t *testing.T) {
	for _, n := range []int{1, 2, points - 1, points, points + 1, 2*points + 1, 10007, 100003} {
		h, rng := newHistory(), rand.New(rand.NewPCG(1, uint64(n)))
		loss := make([]float64, n+1)
		for g := 1; g <= n; g++ {
			loss[g] = float64(rng.IntN(1000))
			h.add(&summary.Step{Global: g, Samples: 3, Loss: loss[g], Rate: float64(g), Elapsed: 5,
				Phases: summary.Phases{Sync: 2}, Values: []summary.Value{{Name: "norm", Value: 2 * loss[g]}}})
		}
		require.LessOrEqual(t, len(h.buckets), points)
		if n >= points {
			require.GreaterOrEqual(t, len(h.buckets), points/2, "%d steps", n)
		}
		next := 1
		for _, b := range h.buckets {
			require.Equal(t, next, b.first, "%d steps: buckets follow one another", n)
			next = b.last + 1
			sum, low, high := 0.0, math.Inf(1), math.Inf(-1)
			for g := b.first; g <= b.last; g++ {
				sum += loss[g]
				low, high = min(low, loss[g]), max(high, loss[g])
			}
			k := b.last - b.first + 1
			require.Equal(t, bucket{first: b.first, last: b.last, n: k, samples: 3 * k, elapsed: time.Duration(5 * k),
				phases: summary.Phases{Sync: time.Duration(2 * k)}, rate: float64(b.last), loss: mean{sum, k}, low: low, high: high,
				values: [valueNames]mean{{2 * sum, k}}}, b, "%d steps", n)
		}
		require.Equal(t, n+1, next)
	}
}

// TestHistoryIsBounded takes in every tenth of 10⁷ steps, in less than 1 MB, and tells of them no more than of 1024.
func TestHistoryIsBounded(t *testing.T) {
	const n = 1_000_000
	s := newState()
	s.start(summary.Run{Model: "m"})
	e := summary.Step{Samples: 1, Elapsed: time.Millisecond, Rate: 0.123456789,
		Values: []summary.Value{{Name: "a"}, {Name: "b"}}}
	for g := 1; g <= n; g++ {
		e.Global, e.Loss = 10*g, 1/float64(g)
		s.step(&e)
	}
	require.Equal(t, points, cap(s.steps.buckets))
	require.Less(t, uintptr(points)*unsafe.Sizeof(bucket{}), uintptr(400<<10))
	text, err := json.Marshal(s.whole(false))
	require.NoError(t, err)
	require.Less(t, len(text), points*200)
	samples := 0
	for _, b := range s.steps.buckets {
		samples += b.samples
	}
	require.Equal(t, n, samples)
}

// TestHistoryGoesBack takes steps again from one before the last: what was taken there is forgotten.
func TestHistoryGoesBack(t *testing.T) {
	h := newHistory()
	add := func(g int, loss float64) { h.add(&summary.Step{Global: g, Loss: loss}) }
	for g := 1; g <= 10; g++ {
		add(g, 1)
	}
	changes := h.changes
	add(6, 2)
	require.Len(t, h.buckets, 6)
	require.Equal(t, 6, h.buckets[5].last)
	require.Equal(t, 2.0, h.buckets[5].loss.value())
	require.Greater(t, h.changes, changes)
	add(6, 3) // and the same step once more
	require.Len(t, h.buckets, 6)
	require.Equal(t, 3.0, h.buckets[5].loss.value())
}

// TestHistoryOfFarSteps takes steps that lie far apart, up to the last int: the buckets grow until they fit.
func TestHistoryOfFarSteps(t *testing.T) {
	h := newHistory()
	for g := 1; g < math.MaxInt/2; g *= 2 {
		for d := range 100 {
			h.add(&summary.Step{Global: g + d*max(1, g/100), Loss: 1})
		}
	}
	h.add(&summary.Step{Global: math.MaxInt, Loss: 1})
	require.LessOrEqual(t, len(h.buckets), points)
	require.Equal(t, math.MaxInt, h.buckets[len(h.buckets)-1].last)
}

// TestHistoryOfNumbersThatAreNone leaves losses that are not finite out of means, and counts them.
func TestHistoryOfNumbersThatAreNone(t *testing.T) {
	h := newHistory()
	h.add(&summary.Step{Global: 1, Loss: math.NaN()})
	h.width = 4 // all further ones in one bucket
	for g, loss := range []float64{4: 2, 5: math.Inf(1), 6: 4, 7: math.NaN()} {
		if g >= 4 {
			h.add(&summary.Step{Global: g, Loss: loss})
		}
	}
	text, err := json.Marshal(encodeSteps(h.buckets, 0, h.width, h.names).Columns)
	require.NoError(t, err)
	var columns map[string][]*float64
	require.NoError(t, json.Unmarshal(text, &columns))
	require.Equal(t, []*float64{nil, new(3.0)}, columns["loss"])
	require.Equal(t, []*float64{nil, new(2.0)}, columns["loss_min"])
	require.Equal(t, []*float64{nil, new(4.0)}, columns["loss_max"])
	require.Equal(t, []*float64{new(1.0), new(2.0)}, columns["not_finite"])
}

// TestRecords takes in many epochs: a bounded number stays, evenly, the last one always.
func TestRecords(t *testing.T) {
	var r records
	r.reset()
	for e := 1; e <= 5000; e++ {
		r.add(record{epoch: e, global: 10 * e}, []summary.Value{{Name: "loss", Value: float64(e)}}, nil)
		require.LessOrEqual(t, len(r.list), recordsKept)
		require.Equal(t, e, r.list[len(r.list)-1].epoch)
	}
	require.Equal(t, 16, r.stride) // 5000/16 = 312 ≤ 512 < 5000/8
	for i, m := range r.list {
		if i < len(r.list)-1 {
			require.Equal(t, 16*(i+1), m.epoch)
		}
		require.Equal(t, float64(m.epoch), m.value(0))
	}
	for i := range 2 * recordNames { // names that come and come
		r.add(record{epoch: 5001 + i, global: 60000 + i}, nil, []summary.Value{{Name: string(rune('ā' + i))}})
	}
	require.Len(t, r.names, recordNames)
}

// TestStepAllocatesNothing, once the values of a step have been seen.
func TestStepAllocatesNothing(t *testing.T) {
	s := &Server{state: newState()}
	e := summary.Step{Samples: 1, Loss: 1, Elapsed: 1, Values: []summary.Value{{Name: "norm", Value: 1}}}
	step := func() {
		e.Global++
		s.Step(e)
	}
	step()
	require.Zero(t, testing.AllocsPerRun(5*points, step)) // through several doublings
}

func BenchmarkStep(b *testing.B) {
	s := &Server{state: newState()}
	e := summary.Step{Samples: 64, Loss: 1, Elapsed: time.Millisecond, Values: []summary.Value{{Name: "norm", Value: 1}}}
	b.ReportAllocs()
	for b.Loop() {
		e.Global++
		s.Step(e)
	}
}
