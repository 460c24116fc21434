//go:build linux

// Command torch compares training and inference of whole models with PyTorch on the same processor, by turns in one run:
// bench/torch/run builds and starts it.
//
// For each case, each side is a process of its own (this program again, with -serve, and peer.py), so that memory is counted
// from nothing. A turn is a fraction of a second; between turns both are idle, so that threads that spin after a step do not
// disturb the other's. Of each side the shortest and the median step are kept.
package main

import (
	"bufio"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

//go:embed peer.py
var peer string

// A process answers turns.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func start(name string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(name, args...)}
	p.cmd.Stderr = os.Stderr
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	return p, p.cmd.Start()
}

// A figure is what a turn found: nanoseconds of the shortest and the median step, and the process's peak memory.
type figure struct {
	best, median float64
	memory       int     // KiB
	allocations  float64 // on the heap, a step; only of this module
	collection   float64 // garbage collection's share of the processors' time; only of this module
}

func (p *process) turn(budget time.Duration) (f figure, err error) {
	if _, err = fmt.Fprintln(p.in, budget.Microseconds()); err != nil {
		return f, err
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		return f, fmt.Errorf("ended: %w", err)
	}
	_, err = fmt.Sscan(line, &f.best, &f.median, &f.memory, &f.allocations, &f.collection)
	return f, err
}

func (p *process) end() error {
	p.in.Close()
	return p.cmd.Wait()
}

// serve is this module's side: peer.py's protocol, and two more figures a line.
func serve(c benchCase) error {
	step := c.step(rand.New(rand.NewPCG(1, 2)))
	for range 3 {
		step()
	}
	samples := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/user:cpu-seconds"}}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var budget int64
		if _, err := fmt.Sscan(in.Text(), &budget); err != nil {
			return err
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		metrics.Read(samples)
		gc, user := samples[0].Value.Float64(), samples[1].Value.Float64()
		times := make([]float64, 0, 1<<16)
		for begin := time.Now(); len(times) == 0 || time.Since(begin) < time.Duration(budget)*time.Microsecond; {
			from := time.Now()
			step()
			times = append(times, float64(time.Since(from).Nanoseconds()))
		}
		runtime.ReadMemStats(&after)
		metrics.Read(samples)
		gc, user = samples[0].Value.Float64()-gc, samples[1].Value.Float64()-user
		var usage unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
			return err
		}
		steps := float64(len(times))
		slices.Sort(times)
		fmt.Println(times[0], times[len(times)/2], usage.Maxrss, float64(after.Mallocs-before.Mallocs)/steps, gc/max(gc+user, 1e-9))
	}
	return nil
}

// kept is what is known of one side of a case after several turns.
type kept struct {
	figure
	medians []float64
}

func (k *kept) add(f figure) {
	k.medians = append(k.medians, f.median)
	slices.Sort(k.medians)
	if k.best != 0 {
		f.best = min(f.best, k.best)
	}
	k.figure = f
	k.median = k.medians[len(k.medians)/2]
}

func compare(c benchCase, python string, rounds int, budget, pause time.Duration) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	threads := runtime.GOMAXPROCS(0)
	ours, err := start(self, "-serve", c.name)
	if err != nil {
		return err
	}
	theirs, err := start(python, "-c", peer, c.name, fmt.Sprint(threads))
	if err != nil {
		return fmt.Errorf("starting PyTorch: %w", err)
	}
	var all [2]kept
	for range rounds {
		for i, p := range []*process{ours, theirs} {
			f, err := p.turn(budget)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", c.name, []string{"tutti", "PyTorch"}[i], err)
			}
			all[i].add(f)
			time.Sleep(pause)
		}
	}
	if err := ours.end(); err != nil {
		return err
	}
	if err := theirs.end(); err != nil {
		return err
	}
	rate := func(ns float64) float64 { return float64(c.batch) * 1e9 / ns }
	fmt.Printf("%-42s %5d  %9.0f (%9.0f)  %9.0f (%9.0f)  %5.2f (%5.2f)  %5.2f  %11.0f %5.1f %%\n", c.title, c.batch,
		rate(all[0].best), rate(all[0].median), rate(all[1].best), rate(all[1].median),
		all[1].best/all[0].best, all[1].median/all[0].median, float64(all[0].memory)/float64(all[1].memory),
		all[0].allocations, 100*all[0].collection)
	return nil
}

func run() error {
	var (
		python = flag.String("python", "python3", "an interpreter that has PyTorch")
		only   = flag.String("case", "", "cases, separated by commas; all by default")
		rounds = flag.Int("rounds", 5, "turns of each side")
		budget = flag.Duration("turn", 400*time.Millisecond, "length of a turn")
		pause  = flag.Duration("pause", 50*time.Millisecond, "idle time between turns")
		server = flag.String("serve", "", "be this module's side of a case")
	)
	flag.Parse()
	if *server != "" {
		for _, c := range cases {
			if c.name == *server {
				return serve(c)
			}
		}
		return fmt.Errorf("no case %q", *server)
	}
	fmt.Printf("%d threads; samples/s best (median); ratios to PyTorch, of best and of medians; peak memory in PyTorch's; allocations and GC a step\n", runtime.GOMAXPROCS(0))
	fmt.Printf("%-42s %5s  %21s  %21s  %13s  %5s  %11s %7s\n", "", "batch", "tutti", "PyTorch", "ratio", "mem", "allocations", "GC")
	for _, c := range cases {
		if *only == "" || slices.Contains(strings.Split(*only, ","), c.name) {
			if err := compare(c, *python, *rounds, *budget, *pause); err != nil {
				return err
			}
		}
	}
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "torch:", err)
		os.Exit(1)
	}
}
