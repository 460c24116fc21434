// Vector operations and the matrix-vector product against what the machine allows. What that is, probes in assembly tell, by turns
// with the operation and on its own memory: how long it takes to load, or to load and store, the same elements and do nothing with them;
// and, where that may be less, how long the ports take for the instructions of the inner loop when none waits for another's result.

package bench

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/cpu"
	"github.com/tutti-ml/tutti/internal/parallel"
)

// A VecRow is what was measured of one operation on float32: its median time, the median time of the probe that limits it, and the
// share of that limit that was reached.
type VecRow struct {
	Name        string
	Time, Limit time.Duration
	By          string // the probe: "load", "pair", "copy", "update" or "ports"
	GBs         float64
	Fraction    float64 // Limit / Time
}

// A vecCase is an operation on x and y, and the probes of its limit: streams through the same memory, the fastest of which counts, and
// its mix of instructions, if it has one.
type vecCase struct {
	name   string
	bytes  int // read and written by elements of x and y
	x, y   []float32
	by     string
	stream []kernel.Stream
	mix    string
	spread bool // over all threads; otherwise the operation runs on its caller alone
	run    func()
}

func vecCases() []vecCase {
	const large, order = 1_000_000, 4096
	rng := rand.New(rand.NewPCG(1, 2))
	a := make([]float32, order*order)
	for i := range a[:large] {
		a[i] = float32(rng.NormFloat64())
	}
	for done := large; done < len(a); done *= 2 {
		copy(a[done:], a[:done])
	}
	x, y := a[:large], make([]float32, large)
	var im blas.Implementation
	var cases []vecCase
	for _, n := range []int{1000, large} {
		x, y := x[:n], y[:n]
		cases = append(cases,
			vecCase{fmt.Sprintf("axpy %d", n), 12 * n, x, y, "update", kernel.Updates, "", false, func() { im.Saxpy(n, 1e-6, x, 1, y, 1) }},
			vecCase{fmt.Sprintf("dot %d", n), 8 * n, x, y, "pair", kernel.Pairs, "", false, func() { im.Sdot(n, x, 1, y, 1) }},
			vecCase{fmt.Sprintf("nrm2 %d", n), 4 * n, x, y, "load", kernel.Loads, "nrm2", false, func() { im.Snrm2(n, x, 1) }})
	}
	return append(cases,
		vecCase{fmt.Sprintf("exp %d", large), 8 * large, x, y, "copy", kernel.Copies, "exp", true, func() { vec.Exp(y, x) }},
		vecCase{fmt.Sprintf("tanh %d", large), 8 * large, x, y, "copy", kernel.Copies, "tanh", true, func() { vec.Tanh(y, x) }},
		vecCase{fmt.Sprintf("softmax of 1000 rows, %d", large), 8 * large, x, y, "copy", kernel.Copies, "softmax", true,
			func() { vec.Softmax(y, x, 1000, large/1000) }},
		vecCase{"gemv 4096×4096", 4 * len(a), a, a, "load", kernel.Loads, "", true, func() { im.Sgemv(blas.NoTrans, order, order, 1, a, order, x, 1, 0, y, 1) }})
}

// MeasureVec measures every operation for about budget, its limits by turns with it, on as many threads as it uses.
func MeasureVec(budget time.Duration) []VecRow {
	var rows []VecRow
	for _, c := range vecCases() {
		rows = append(rows, c.measure(budget))
	}
	return rows
}

func (c vecCase) measure(budget time.Duration) VecRow {
	probes := append([]func(){c.run}, streams(c.stream, c.x, c.y, c.spread)...)
	memory := len(probes)
	for _, m := range kernel.Mixes {
		if m.Kernel == c.mix && m.ISA <= cpu.Best() {
			probes = append(probes, share(len(c.x), c.spread, func(lo, hi int) { m.Run(hi - lo) }))
		}
	}
	times := Measure(budget, probes...)
	row := VecRow{Name: c.name, Time: times[0], By: c.by, Limit: fastest(times[1:memory])}
	if ports := times[memory:]; len(ports) > 0 && ports[0] > row.Limit {
		row.Limit, row.By = ports[0], "ports"
	}
	row.GBs = float64(c.bytes) / float64(max(1, row.Time.Nanoseconds()))
	row.Fraction = float64(row.Limit) / float64(max(1, row.Time))
	return row
}

// Vec measures vector operations for about budget each, and writes a table to w.
func Vec(w io.Writer, budget time.Duration) error {
	if _, err := fmt.Fprintf(w, "%s, %d threads; float32\n%-26s %12s %8s %8s %s\n", cpu.Best(), runtime.GOMAXPROCS(0),
		"operation", "time", "GB/s", "of limit", "limit"); err != nil {
		return err
	}
	for _, row := range MeasureVec(budget) {
		if _, err := fmt.Fprintf(w, "%-26s %12v %8.1f %6.0f %% %s\n", row.Name, row.Time, row.GBs, 100*row.Fraction, row.By); err != nil {
			return err
		}
	}
	return nil
}

// streams returns the members of a table that run on this machine, each moving all of x and y.
func streams(table []kernel.Stream, x, y []float32, spread bool) []func() {
	var fs []func()
	for _, s := range table {
		if s.ISA <= cpu.Best() && (s.ISA > cpu.Generic || cpu.Best() == cpu.Generic) {
			fs = append(fs, share(len(x), spread, func(lo, hi int) { s.Run(x[lo:hi], y[lo:hi]) }))
		}
	}
	return fs
}

// share returns a function that calls f on [0, n) here, or, if spread, on even pieces of it on all threads. n is a multiple of 8, and so
// are the pieces.
func share(n int, spread bool, f func(lo, hi int)) func() {
	threads := runtime.GOMAXPROCS(0)
	if !spread || threads == 1 {
		return func() { f(0, n) }
	}
	const unit = 64
	units := (n + unit - 1) / unit
	pieces := func(lo, hi int) { f(lo*unit, min(hi*unit, n)) }
	return func() { parallel.For(units, (units+threads-1)/threads, pieces) }
}

func fastest(times []time.Duration) time.Duration {
	best := times[0]
	for _, t := range times {
		best = min(best, t)
	}
	return best
}

// A MachineMemory is how fast one thread and all of them read and copy 64 MiB, in GB/s; a copy counts what it reads and writes.
type MachineMemory struct{ Read1, Copy1, Read, Copy float64 }

// Memory measures main memory, in about a second.
func Memory() MachineMemory {
	const bytes = 64 << 20
	x := make([]float32, bytes/4)
	for i := range x { // every page is to be memory of its own
		x[i] = 1
	}
	gbs := func(table []kernel.Stream, x, y []float32, spread bool) float64 {
		return rate(bytes, fastest(Measure(100*time.Millisecond, streams(table, x, y, spread)...)))
	}
	half, other := x[:len(x)/2], x[len(x)/2:]
	return MachineMemory{Read1: gbs(kernel.Loads, x, x, false), Copy1: gbs(kernel.Copies, half, other, false),
		Read: gbs(kernel.Loads, x, x, true), Copy: gbs(kernel.Copies, half, other, true)}
}
