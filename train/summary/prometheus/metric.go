package prometheus

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
)

// number is a float64 that goroutines share.
type number struct{ bits atomic.Uint64 }

func (n *number) load() float64   { return math.Float64frombits(n.bits.Load()) }
func (n *number) store(v float64) { n.bits.Store(math.Float64bits(v)) }

func (n *number) add(v float64) {
	for {
		old := n.bits.Load()
		if n.bits.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v)) {
			return
		}
	}
}

// Counter is a number that only grows. By convention its name ends in _total.
type Counter struct{ n number }

// Counter returns the counter of that name and those labels (names and values in turn), and makes it if it is not
// there, with 0. A name that the format does not allow, or that something else than a counter has, panics.
func (r *Registry) Counter(name, help string, labels ...string) *Counter {
	return register(r, name, help, "counter", labels, func() *Counter { return &Counter{} })
}

// Add adds v, which panics if it is negative or NaN.
func (c *Counter) Add(v float64) {
	if !(v >= 0) {
		panic(fmt.Sprintf("prometheus: Counter.Add: %v, want at least 0", v))
	}
	c.n.add(v)
}

// Value returns the sum.
func (c *Counter) Value() float64 { return c.n.load() }

func (c *Counter) append(b []byte, name, labels string) []byte {
	return sample(b, name, labels, "", c.n.load())
}

// Gauge is a number that is what it was last set to.
type Gauge struct{ n number }

// Gauge is [Registry.Counter] for a gauge.
func (r *Registry) Gauge(name, help string, labels ...string) *Gauge {
	return register(r, name, help, "gauge", labels, func() *Gauge { return &Gauge{} })
}

// Set makes v the value. NaN and infinities are values.
func (g *Gauge) Set(v float64) { g.n.store(v) }

// Value returns what was set last.
func (g *Gauge) Value() float64 { return g.n.load() }

func (g *Gauge) append(b []byte, name, labels string) []byte {
	return sample(b, name, labels, "", g.n.load())
}

// Histogram counts observations by size.
type Histogram struct {
	mu     sync.Mutex
	limits []float64 // rising; the last bucket, of what is above all, has none
	counts []uint64  // of each bucket alone
	sum    float64
}

// Histogram is [Registry.Counter] for a histogram. limits are the largest values that its buckets hold, rising,
// without +Inf, which every histogram has. A histogram that is there keeps its limits.
func (r *Registry) Histogram(name, help string, limits []float64, labels ...string) *Histogram {
	for i, v := range limits {
		if math.IsNaN(v) || math.IsInf(v, 1) || i > 0 && v <= limits[i-1] {
			panic(fmt.Sprintf("prometheus: Histogram: %s has the limits %v, want rising numbers", name, limits))
		}
	}
	return register(r, name, help, "histogram", labels, func() *Histogram {
		return &Histogram{limits: slices.Clone(limits), counts: make([]uint64, len(limits)+1)}
	})
}

// Observe counts v. NaN counts as above all limits.
func (h *Histogram) Observe(v float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := 0
	for i < len(h.limits) && !(v <= h.limits[i]) {
		i++
	}
	h.counts[i]++
	h.sum += v
}

func (h *Histogram) append(b []byte, name, labels string) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	total := uint64(0)
	for i, c := range h.counts {
		total += c
		limit := math.Inf(1)
		if i < len(h.limits) {
			limit = h.limits[i]
		}
		le := `le="` + string(float(nil, limit)) + `"`
		if labels != "" {
			le = labels + "," + le
		}
		b = sample(b, name, le, "_bucket", float64(total))
	}
	b = sample(b, name, labels, "_sum", h.sum)
	return sample(b, name, labels, "_count", float64(total))
}

// sample appends one line.
func sample(b []byte, name, labels, suffix string, v float64) []byte {
	b = append(append(b, name...), suffix...)
	if labels != "" {
		b = append(append(append(b, '{'), labels...), '}')
	}
	return append(float(append(b, ' '), v), '\n')
}

// float appends v as the format writes it: NaN, +Inf, -Inf, or as Go does.
func float(b []byte, v float64) []byte {
	if math.IsInf(v, 1) {
		return append(b, "+Inf"...)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}
