package web

import (
	"math"
	"time"

	"github.com/tutti-ml/tutti/train/summary"
)

const (
	points     = 1024 // buckets of a history, at most
	valueNames = 8    // names of a step's Values that it keeps track of, at most
)

// history is a run's steps in bounded memory. A bucket covers width steps in a row, a power of two. When all buckets
// are taken, width doubles, and neighbours are merged. So a long run is kept as 512 to 1024 buckets, some 300 KB,
// whatever its length. What a bucket says is exact: means, least and greatest over its steps, none left out.
type history struct {
	width   int
	buckets []bucket
	names   []string // of the steps' Values, in the order they were first seen
	changes int      // counts what moved buckets that a reader may hold already
}

// bucket is what is kept of the steps first … last.
type bucket struct {
	first, last int
	n           int // steps
	samples     int
	elapsed     time.Duration
	phases      summary.Phases
	rate        float64 // learning rate of the last step
	loss        mean
	low, high   float64 // of the losses that are finite
	values      [valueNames]mean
}

// mean is a sum of numbers that are finite, and how many they are.
type mean struct {
	sum float64
	n   int
}

func (m *mean) add(x float64) {
	if finite(x) {
		m.sum += x
		m.n++
	}
}

func (m *mean) merge(o mean) { m.sum, m.n = m.sum+o.sum, m.n+o.n }

// value is the mean, NaN if nothing was finite.
func (m mean) value() float64 { return m.sum / float64(m.n) }

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// reset forgets all steps.
func (h *history) reset() {
	if h.buckets == nil {
		h.buckets = make([]bucket, 0, points)
	}
	*h = history{width: 1, buckets: h.buckets[:0], changes: h.changes + 1}
}

// add takes a step in. A step that is not behind the last one takes the place of the steps from there on.
func (h *history) add(e *summary.Step) {
	if n := len(h.buckets); n > 0 && e.Global <= h.buckets[n-1].last {
		h.cut(e.Global)
	}
	for !h.covers(e.Global) && len(h.buckets) == points {
		h.double()
	}
	if !h.covers(e.Global) {
		h.buckets = append(h.buckets, bucket{first: e.Global, low: math.Inf(1), high: math.Inf(-1)})
	}
	b := &h.buckets[len(h.buckets)-1]
	b.last = e.Global
	b.n++
	b.samples += e.Samples
	b.elapsed += elapsed(e)
	b.phases = b.phases.Add(e.Phases)
	b.rate = e.Rate
	b.loss.add(e.Loss)
	if finite(e.Loss) {
		b.low, b.high = min(b.low, e.Loss), max(b.high, e.Loss)
	}
	for i := range e.Values {
		if at := h.name(e.Values[i].Name); at >= 0 {
			b.values[at].add(e.Values[i].Value)
		}
	}
}

// elapsed is how long a step took: what it says, or else the sum of its phases.
func elapsed(e *summary.Step) time.Duration {
	if e.Elapsed > 0 {
		return e.Elapsed
	}
	return e.Phases.Total()
}

// covers says whether step belongs into the last bucket.
func (h *history) covers(step int) bool {
	n := len(h.buckets)
	return n > 0 && h.buckets[n-1].first/h.width == step/h.width
}

// name gives the place of a value's name, or −1 if there are too many.
func (h *history) name(name string) int {
	for i := range h.names {
		if h.names[i] == name {
			return i
		}
	}
	if len(h.names) == valueNames || len(name) > nameBytes {
		return -1
	}
	h.names = append(h.names, clip(name, nameBytes))
	h.changes++ // a reader's buckets lack the column
	return len(h.names) - 1
}

// double makes buckets twice as wide and merges those that fall into one.
func (h *history) double() {
	h.width *= 2
	kept := 0
	for i := range h.buckets {
		b := &h.buckets[i]
		if kept > 0 && h.buckets[kept-1].first/h.width == b.first/h.width {
			h.buckets[kept-1].merge(b)
			continue
		}
		h.buckets[kept] = *b
		kept++
	}
	h.buckets = h.buckets[:kept]
	h.changes++
}

// merge takes in the steps of o, which come after b's.
func (b *bucket) merge(o *bucket) {
	b.last = o.last
	b.n += o.n
	b.samples += o.samples
	b.elapsed += o.elapsed
	b.phases = b.phases.Add(o.phases)
	b.rate = o.rate
	b.loss.merge(o.loss)
	b.low, b.high = min(b.low, o.low), max(b.high, o.high)
	for i := range b.values {
		b.values[i].merge(o.values[i])
	}
}

// cut forgets the steps from step on, for they are taken again. A bucket that has some of them is forgotten whole.
func (h *history) cut(step int) {
	n := len(h.buckets)
	for n > 0 && h.buckets[n-1].last >= step {
		n--
	}
	if n < len(h.buckets) {
		h.buckets = h.buckets[:n]
		h.changes++
	}
}
