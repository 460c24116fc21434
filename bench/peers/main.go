//go:build linux

// Command peers compares this module's BLAS with C libraries by turns, in one run: bench/peers/run builds and starts it.
//
// The peers run in a process of their own (c/peer.c), called from C as their own users call them: what cgo would cost a Go
// program is not held against them. A turn is some milliseconds; between turns everybody is idle, so that a library whose
// threads spin after a call does not disturb the next one's turn. Of each side the shortest and the median time of a call are
// kept, and the ratios are of those: on a machine that does other work at the same time, the shortest is the one to trust.
// With one thread, a call of more than half a millisecond, which is seldom left alone, is measured in CPU time.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tutti-ml/tutti/bench"
	"github.com/tutti-ml/tutti/blas"
)

// A task is one routine on one size, in the words of c/peer.c.
type task struct {
	op, typ, ta, tb string
	m, n, k         int
}

func (t task) String() string {
	if t.op == "gemm" {
		return fmt.Sprintf("%sgemm %s%s %d×%d×%d", t.typ, t.ta, t.tb, t.m, t.n, t.k)
	}
	if t.op == "gemv" {
		return fmt.Sprintf("%sgemv %s %d×%d", t.typ, t.ta, t.m, t.n)
	}
	return fmt.Sprintf("%s%s %d", t.typ, t.op, t.m)
}

func (t task) flops() float64 {
	switch t.op {
	case "gemm":
		return 2 * float64(t.m) * float64(t.n) * float64(t.k)
	case "gemv":
		return 2 * float64(t.m) * float64(t.n)
	case "asum", "amax":
		return float64(t.m)
	}
	return 2 * float64(t.m)
}

var sets = map[string]func() []task{
	"square": func() (all []task) {
		for _, n := range []int{256, 512, 1024, 2048} {
			for _, ops := range []string{"NN", "NT", "TN"} {
				if n > 1024 && ops != "NN" {
					continue
				}
				all = append(all, gemms(ops, n, n, n)...)
			}
		}
		return all
	},
	"small": func() (all []task) {
		for _, n := range []int{8, 12, 16, 24, 32, 48, 64, 96, 128} {
			for _, ops := range []string{"NN", "NT", "TN"} {
				all = append(all, gemms(ops, n, n, n)...)
			}
		}
		return all
	},
	"network": func() (all []task) {
		for _, s := range [][3]int{{128, 512, 784}, {128, 10, 512}, {64, 3136, 576}, {256, 196, 2304}, {8, 4096, 4096}} {
			m, n, k := s[0], s[1], s[2]
			all = append(all, task{"gemm", "s", "N", "N", m, n, k}, // forward
				task{"gemm", "s", "N", "T", m, n, k},
				task{"gemm", "s", "N", "T", m, k, n}, // gradient of A
				task{"gemm", "s", "T", "N", k, n, m}) // gradient of B
		}
		return all
	},
	"vector": func() (all []task) {
		all = append(all, task{"gemm", "s", "N", "N", 1, 4096, 4096}, task{"gemm", "s", "N", "T", 1, 4096, 4096})
		for _, n := range []int{256, 1024, 4096} {
			all = append(all, task{"gemv", "s", "N", "N", n, n, 0}, task{"gemv", "s", "T", "N", n, n, 0})
		}
		for _, n := range []int{1000, 1000000} {
			for _, op := range []string{"axpy", "dot", "nrm2", "asum", "amax"} {
				all = append(all, task{op, "s", "N", "N", n, 0, 0}, task{op, "d", "N", "N", n, 0, 0})
			}
		}
		return all
	},
}

func gemms(ops string, m, n, k int) []task {
	return []task{{"gemm", "s", ops[:1], ops[1:], m, n, k}, {"gemm", "d", ops[:1], ops[1:], m, n, k}}
}

// A side answers turns: the shortest and the median time of a call, in nanoseconds.
type side interface {
	turn(t task, budget time.Duration) (best, median float64, err error)
}

// A process is a peer.
type process struct {
	in  io.Writer
	out *bufio.Reader
}

func start(program, library string) (*process, error) {
	cmd := exec.Command(program, library)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{in, bufio.NewReader(out)}, nil
}

func (p *process) turn(t task, budget time.Duration) (best, median float64, err error) {
	if _, err = fmt.Fprintf(p.in, "%s %s %s %s %d %d %d %d\n", t.op, t.typ, t.ta, t.tb, t.m, t.n, t.k, budget.Microseconds()); err != nil {
		return 0, 0, err
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		return 0, 0, fmt.Errorf("peer ended: %w", err)
	}
	_, err = fmt.Sscan(line, &best, &median)
	return best, median, err
}

// ours is this module, in this process.
type ours struct {
	last task
	call func()
}

func (o *ours) turn(t task, budget time.Duration) (best, median float64, err error) {
	if t != o.last {
		if o.last, o.call = t, prepare[float32](t); t.typ == "d" {
			o.call = prepare[float64](t)
		}
		runtime.GC()
		o.call()
	}
	from := time.Now()
	o.call()
	took := time.Since(from)
	reps := int(20*time.Microsecond/(took+1)) + 1 // so that the clock costs nothing
	clock := wall
	if took > 500*time.Microsecond && runtime.GOMAXPROCS(0) == 1 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		clock = cpuTime
	}
	var times []float64
	for begin := clock(); len(times) == 0 || clock()-begin < budget; {
		from := clock()
		for range reps {
			o.call()
		}
		times = append(times, float64(clock()-from)/float64(reps))
	}
	slices.Sort(times)
	return times[0], times[len(times)/2], nil
}

var epoch = time.Now()

func wall() time.Duration { return time.Since(epoch) }

// cpuTime returns the CPU time of this thread.
func cpuTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}

func random[T blas.Float](n int) []T {
	s := make([]T, n+64)
	for i := range s {
		s[i] = T(rand.Float64() - 0.5)
	}
	return s
}

// prepare returns the call that t asks for.
func prepare[T blas.Float](t task) func() {
	trans := func(s string) blas.Transpose {
		if s == "T" {
			return blas.Trans
		}
		return blas.NoTrans
	}
	m, n, k := t.m, t.n, t.k
	if t.op == "gemm" {
		a, b, c := random[T](m*k), random[T](k*n), make([]T, m*n)
		lda, ldb := k, n
		if t.ta == "T" {
			lda = m
		}
		if t.tb == "T" {
			ldb = k
		}
		return func() { blas.Gemm(trans(t.ta), trans(t.tb), m, n, k, 1, a, lda, b, ldb, 0, c, n) }
	}
	im := blas.Implementation{}
	a, x, y := random[T](m*max(n, 1)), random[T](max(m, n)), make([]T, max(m, n))
	switch a := any(a).(type) {
	case []float32:
		x, y := any(x).([]float32), any(y).([]float32)
		return map[string]func(){
			"gemv": func() { im.Sgemv(trans(t.ta), m, n, 1, a, n, x, 1, 0, y, 1) },
			"dot":  func() { im.Sdot(m, a, 1, x, 1) },
			"axpy": func() { im.Saxpy(m, 1e-9, a, 1, x, 1) },
			"nrm2": func() { im.Snrm2(m, a, 1) },
			"asum": func() { im.Sasum(m, a, 1) },
			"amax": func() { im.Isamax(m, a, 1) },
		}[t.op]
	case []float64:
		x, y := any(x).([]float64), any(y).([]float64)
		return map[string]func(){
			"gemv": func() { im.Dgemv(trans(t.ta), m, n, 1, a, n, x, 1, 0, y, 1) },
			"dot":  func() { im.Ddot(m, a, 1, x, 1) },
			"axpy": func() { im.Daxpy(m, 1e-9, a, 1, x, 1) },
			"nrm2": func() { im.Dnrm2(m, a, 1) },
			"asum": func() { im.Dasum(m, a, 1) },
			"amax": func() { im.Idamax(m, a, 1) },
		}[t.op]
	}
	panic("peers: prepare: unknown type")
}

// kept is what is known of one side: the shortest time, and the medians of its turns.
type kept struct {
	best    float64
	medians []float64
}

func (k *kept) add(best, median float64) {
	if k.best == 0 || best < k.best {
		k.best = best
	}
	k.medians = append(k.medians, median)
}

func (k *kept) median() float64 {
	slices.Sort(k.medians)
	return k.medians[len(k.medians)/2]
}

func run() error {
	var (
		program = flag.String("peer", "", "the program built from c/peer.c")
		names   = flag.String("libraries", "", "name=library.so, separated by commas")
		set     = flag.String("set", "square,small,network,vector", "what to measure")
		rounds  = flag.Int("rounds", 7, "turns of each side")
		budget  = flag.Duration("turn", 10*time.Millisecond, "length of a turn")
		pause   = flag.Duration("pause", time.Millisecond, "idle time between turns")
	)
	flag.Parse()

	threads := runtime.GOMAXPROCS(0)
	sides, titles := []side{new(ours)}, []string{"tutti"}
	for _, l := range strings.Split(*names, ",") {
		name, library, _ := strings.Cut(l, "=")
		p, err := start(*program, library)
		if err != nil {
			return fmt.Errorf("starting %s: %w", name, err)
		}
		sides, titles = append(sides, p), append(titles, name)
	}

	peak := bench.Peak()
	fmt.Printf("%v, %d threads; FMA peak of a thread %.1f f32, %.1f f64 GFLOP/s\n", blas.Implementation{}, threads, peak.F32, peak.F64)
	fmt.Printf("GFLOP/s best (median); the ratio is to the better of the peers, of best and of medians\n")
	fmt.Printf("%-24s", "")
	for _, title := range titles {
		fmt.Printf(" %16s", title)
	}
	fmt.Printf(" %8s %15s\n", "of peak", "ratio")
	for _, name := range strings.Split(*set, ",") {
		tasks, ok := sets[name]
		if !ok {
			return fmt.Errorf("no set %q", name)
		}
		for _, t := range tasks() {
			all := make([]kept, len(sides))
			for range *rounds {
				for i, s := range sides {
					best, median, err := s.turn(t, *budget)
					if err != nil {
						return fmt.Errorf("%s: %v: %w", titles[i], t, err)
					}
					all[i].add(best, median)
					time.Sleep(*pause)
				}
			}
			fmt.Printf("%-24v", t)
			bestPeer, medianPeer := 0.0, 0.0
			for i := range all {
				best, median := t.flops()/all[i].best, t.flops()/all[i].median()
				fmt.Printf(" %7.1f (%6.1f)", best, median)
				if i > 0 {
					bestPeer, medianPeer = max(bestPeer, best), max(medianPeer, median)
				}
			}
			limit := peak.F32
			if t.typ == "d" {
				limit = peak.F64
			}
			best, median := t.flops()/all[0].best, t.flops()/all[0].median()
			fmt.Printf(" %6.0f %% %6.2f (%5.2f)\n", 100*best/limit/float64(threads), best/bestPeer, median/medianPeer)
		}
	}
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}
