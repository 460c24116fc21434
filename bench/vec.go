// Vector operations and the matrix-vector product against what the machine allows: how fast Go's copy, or a plain reduction of one
// vector, goes through memory of the same size, measured by turns with them, or how many multiplications the ports take. A
// kernel that reads two vectors at once, or writes what it has just read, may go faster than these.

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

// A VecRow is what was measured of one operation on float32: the median time, the least time that the machine allows, and
// the share of that limit that was reached.
type VecRow struct {
	Name        string
	Time, Limit time.Duration
	By          string // what limits: "read", "copy" or "ports"
	GBs         float64
	Fraction    float64 // Limit / Time
}

// A vecCase is an operation, the bytes it reads and writes, those of its operands, which it may do more than once, and the vector instructions on multiplying ports that 8 elements
// of n take at least (multiplications and fused additions of the AVX2 kernel), 0 where memory alone can be the limit.
type vecCase struct {
	name   string
	n      int
	bytes  int
	span   int
	writes bool
	mults  int
	run    func()
}

func vecCases() []vecCase {
	const large, order = 1_000_000, 4096
	rng := rand.New(rand.NewPCG(1, 2))
	a := make([]float32, order*order)
	for i := range a {
		a[i] = float32(rng.NormFloat64())
	}
	x, y := a[:large], make([]float32, large)
	var im blas.Implementation
	var cases []vecCase
	for _, n := range []int{1000, large} {
		add := func(name string, bytes, span int, writes bool, mults int, run func()) {
			cases = append(cases, vecCase{fmt.Sprintf("%s %d", name, n), n, bytes * n, span * n, writes, mults, run})
		}
		add("axpy", 12, 8, true, 1, func() { im.Saxpy(n, 1e-6, x, 1, y, 1) })
		add("dot", 8, 8, false, 1, func() { im.Sdot(n, x, 1, y, 1) })
		add("nrm2", 4, 4, false, 2, func() { im.Snrm2(n, x, 1) }) // in float64: two vectors
		if n == large {
			add("exp", 8, 8, true, 9, func() { vec.Exp(y, x) })
			add("tanh", 8, 8, true, 17, func() { vec.Tanh(y, x) })
			add("softmax of 1000 rows,", 8, 8, true, 10, func() { vec.Softmax(y, x, 1000, n/1000) })
		}
	}
	return append(cases, vecCase{"gemv 4096×4096", order * order, 4 * order * order, 4 * order * order, false, 1, func() {
		im.Sgemv(blas.NoTrans, order, order, 1, a, order, x, 1, 0, y, 1)
	}})
}

// MeasureVec measures every operation for about budget, its limits by turns with it, on as many threads as it uses: those of
// level 1 run on the caller alone.
func MeasureVec(budget time.Duration) []VecRow {
	var rows []VecRow
	for _, c := range vecCases() {
		rows = append(rows, c.measure(budget))
	}
	return rows
}

func (c vecCase) measure(budget time.Duration) VecRow {
	threads := 1
	if c.mults > 2 || c.n > 1_000_000 {
		threads = runtime.GOMAXPROCS(0)
	}
	s := newStream(c.span, threads)
	probe, by := s.read, "read"
	if c.writes {
		probe, by = s.copy, "copy"
	}
	times := Measure(budget, c.run, probe)
	row := VecRow{Name: c.name, Time: times[0], By: by}
	row.Limit = time.Duration(float64(times[1]) * float64(c.bytes) / float64(c.span))
	if isa := cpu.Best(); isa >= cpu.AVX2 {
		lanes := 8.0
		if isa >= cpu.AVX512 {
			lanes = 16
		}
		perSecond := Peak().F32 * 1e9 / 2 / lanes * float64(threads) // vector instructions
		ports := time.Duration(float64(c.mults) * float64(c.n) / 8 / perSecond * 1e9)
		if ports > row.Limit {
			row.Limit, row.By = ports, "ports"
		}
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

// A stream reads or copies memory and does nothing else.
type stream struct {
	from, to []float32
	grain    int
	sums     func(lo, hi int)
	copies   func(lo, hi int)
}

// newStream returns a stream that moves bytes in all, on so many threads.
func newStream(bytes, threads int) *stream {
	n := bytes / 4
	s := &stream{from: make([]float32, n), to: make([]float32, n/2), grain: (n + threads - 1) / threads}
	for i := range s.from { // every page is to be memory of its own
		s.from[i] = 1
	}
	for i := range s.to {
		s.to[i] = 1
	}
	isa := cpu.Best()
	s.sums = func(lo, hi int) { kernel.MaxAbs(isa, s.from[lo:hi]) }
	s.copies = func(lo, hi int) { copy(s.to[lo:hi], s.from[lo:hi]) }
	return s
}

func (s *stream) read() { parallel.For(len(s.from), s.grain, s.sums) }
func (s *stream) copy() { parallel.For(len(s.to), s.grain/2+1, s.copies) }

// A MachineMemory is how fast one thread and all of them read and copy 64 MiB, in GB/s; a copy counts what it reads and writes.
type MachineMemory struct{ Read1, Copy1, Read, Copy float64 }

// Memory measures main memory, in about a second.
func Memory() MachineMemory {
	const bytes = 64 << 20
	one, all := newStream(bytes, 1), newStream(bytes, runtime.GOMAXPROCS(0))
	t := Measure(300*time.Millisecond, one.read, one.copy, all.read, all.copy)
	gbs := func(d time.Duration) float64 { return rate(bytes, d) }
	return MachineMemory{Read1: gbs(t[0]), Copy1: gbs(t[1]), Read: gbs(t[2]), Copy: gbs(t[3])}
}
