// Collective operations, measured as nccl-tests and the OSU micro-benchmarks do: size, time, algorithm and bus bandwidth,
// and the number of wrong elements. This file is what one rank does; collectives_jobs.go starts the ranks.

package bench

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/tutti-ml/tutti/collectives"
)

// A CollectiveRow is what was measured of one operation at one length. Sizes are bytes of one rank's buffer, times
// microseconds, bandwidths GB/s (10⁹ bytes).
type CollectiveRow struct {
	Job   string  `json:"job"` // who did it: "tcp ring", "Open MPI tcp"
	Ranks int     `json:"ranks"`
	Op    string  `json:"op"`
	Bytes int     `json:"bytes"`
	Iters int     `json:"iters"`
	Time  float64 `json:"us"`    // median over the calls of a rank, mean over the ranks
	AlgBW float64 `json:"algbw"` // bytes / time
	BusBW float64 `json:"busbw"` // what every rank must send, and receive, at the least, / time
	Wrong int     `json:"wrong"` // elements with a wrong result, over all ranks
}

// setTime fills in the time of one call and what follows from it.
func (r *CollectiveRow) setTime(micros float64) {
	r.Time = micros
	r.AlgBW = float64(r.Bytes) / micros / 1e3
	r.BusBW = r.AlgBW * collectiveOps[r.Op].factor(float64(r.Ranks))
}

// collectiveOp is one operation that can be measured.
type collectiveOp struct {
	factor func(p float64) float64 // busbw / algbw
	// call returns the call to measure, on what was filled with 1 + rank + i%64; its result is in buf, or in recv if recvLen is set.
	call    func(g *collectives.Group, buf, recv []float32) func(context.Context) error
	want    func(p, rank, i, n int) (float32, bool) // element i of the result for n elements in buf; false: any
	recvLen func(p, rank, n int) int                // elements of recv, where the result is not in buf
}

// element is what rank contributes at i: small whole numbers, so that sums are exact in any order.
func element(rank, i int) float32 { return float32(1 + rank + i%64) }

func summed(p, i int) float32 { return float32(p*(1+i%64) + p*(p-1)/2) }

func inSlice(p, rank, i, n int) bool {
	lo, hi := collectives.Slice(n, p, rank)
	return lo <= i && i < hi
}

func owner(p, i, n int) int {
	for r := range p {
		if inSlice(p, r, i, n) {
			return r
		}
	}
	panic(fmt.Sprintf("bench: no rank of %d owns element %d of %d", p, i, n))
}

var collectiveOps = map[string]collectiveOp{
	"all_reduce": {
		func(p float64) float64 { return 2 * (p - 1) / p },
		func(g *collectives.Group, buf, _ []float32) func(context.Context) error {
			return func(ctx context.Context) error { return collectives.AllReduce(ctx, g, buf, collectives.Sum) }
		},
		func(p, _, i, _ int) (float32, bool) { return summed(p, i), true },
		nil,
	},
	"reduce_scatter": {
		func(p float64) float64 { return (p - 1) / p },
		func(g *collectives.Group, buf, _ []float32) func(context.Context) error {
			return func(ctx context.Context) error { return collectives.ReduceScatter(ctx, g, buf, collectives.Sum) }
		},
		func(p, rank, i, n int) (float32, bool) { return summed(p, i), inSlice(p, rank, i, n) },
		nil,
	},
	"all_gather": {
		func(p float64) float64 { return (p - 1) / p },
		func(g *collectives.Group, buf, _ []float32) func(context.Context) error {
			return func(ctx context.Context) error { return collectives.AllGather(ctx, g, buf) }
		},
		func(p, _, i, n int) (float32, bool) { return element(owner(p, i, n), i), true },
		nil,
	},
	"broadcast": {
		func(float64) float64 { return 1 },
		func(g *collectives.Group, buf, _ []float32) func(context.Context) error {
			return func(ctx context.Context) error { return collectives.Broadcast(ctx, g, buf, 0) }
		},
		func(_, _, i, _ int) (float32, bool) { return element(0, i), true },
		nil,
	},
	"reduce": {
		func(float64) float64 { return 1 },
		func(g *collectives.Group, buf, _ []float32) func(context.Context) error {
			return func(ctx context.Context) error { return collectives.Reduce(ctx, g, buf, collectives.Sum, 0) }
		},
		func(p, rank, i, _ int) (float32, bool) { return summed(p, i), rank == 0 },
		nil,
	},
	"gather": {
		func(p float64) float64 { return (p - 1) / p },
		func(g *collectives.Group, buf, _ []float32) func(context.Context) error {
			return func(ctx context.Context) error { return collectives.Gather(ctx, g, buf, 0) }
		},
		func(p, rank, i, n int) (float32, bool) { return element(owner(p, i, n), i), rank == 0 },
		nil,
	},
	"scatter": {
		func(p float64) float64 { return (p - 1) / p },
		func(g *collectives.Group, buf, _ []float32) func(context.Context) error {
			return func(ctx context.Context) error { return collectives.Scatter(ctx, g, buf, 0) }
		},
		func(p, rank, i, n int) (float32, bool) { return element(0, i), inSlice(p, rank, i, n) },
		nil,
	},
	"all_to_all": { // slice r goes to rank r; what comes lies in the order of the ranks
		func(p float64) float64 { return (p - 1) / p },
		func(g *collectives.Group, buf, recv []float32) func(context.Context) error {
			from, to := make([][]float32, g.Size()), make([][]float32, g.Size())
			for r := range from {
				lo, hi := collectives.Slice(len(buf), g.Size(), r)
				mine := len(recv) / g.Size()
				from[r], to[r] = buf[lo:hi], recv[r*mine:(r+1)*mine]
			}
			return func(ctx context.Context) error { return collectives.AllToAll(ctx, g, from, to) }
		},
		func(p, rank, i, n int) (float32, bool) {
			lo, hi := collectives.Slice(n, p, rank)
			return element(i/(hi-lo), lo+i%(hi-lo)), true
		},
		func(p, rank, n int) int {
			lo, hi := collectives.Slice(n, p, rank)
			return p * (hi - lo)
		},
	},
	"sendrecv": { // everybody to the right neighbour at once
		func(float64) float64 { return 1 },
		func(g *collectives.Group, buf, recv []float32) func(context.Context) error {
			p := g.Size()
			if p == 1 {
				return func(context.Context) error { copy(recv, buf); return nil }
			}
			right, left := (g.Rank()+1)%p, (g.Rank()+p-1)%p
			return func(ctx context.Context) error { return collectives.SendRecv(ctx, g, buf, right, recv, left) }
		},
		func(p, rank, i, _ int) (float32, bool) { return element((rank+p-1)%p, i), true },
		func(_, _, n int) int { return n },
	},
}

// CollectiveOps lists the operations that can be measured.
func CollectiveOps() []string {
	ops := make([]string, 0, len(collectiveOps))
	for name := range collectiveOps {
		ops = append(ops, name)
	}
	slices.Sort(ops)
	return ops
}

// A CollectiveCase says what to measure.
type CollectiveCase struct {
	Op     string        // one of CollectiveOps
	Sizes  []int         // in bytes, multiples of 4
	Budget time.Duration // to spend on each size
}

// Validate names the first field that cannot be, and its value.
func (c CollectiveCase) Validate() error {
	if _, ok := collectiveOps[c.Op]; !ok {
		return fmt.Errorf("bench: operation %q: want one of %v", c.Op, CollectiveOps())
	}
	if len(c.Sizes) == 0 {
		return fmt.Errorf("bench: no sizes")
	}
	for _, s := range c.Sizes {
		if s < 4 || s%4 != 0 || s > 1<<40 {
			return fmt.Errorf("bench: size %d: want a multiple of 4, the size of a float32", s)
		}
	}
	return nil
}

// MeasureCollective measures c on g, all of whose ranks call it, and hands each row to emit, on rank 0.
func MeasureCollective(ctx context.Context, g *collectives.Group, job string, c CollectiveCase, emit func(CollectiveRow) error) error {
	if err := c.Validate(); err != nil {
		return err
	}
	op := collectiveOps[c.Op]
	for _, size := range c.Sizes {
		buf := make([]float32, size/4)
		var recv []float32
		if op.recvLen != nil {
			recv = make([]float32, op.recvLen(g.Size(), g.Rank(), len(buf)))
		}
		call := op.call(g, buf, recv)
		row := CollectiveRow{Job: job, Ranks: g.Size(), Op: c.Op, Bytes: size}
		if err := row.check(ctx, g, op, call, buf, recv); err != nil {
			return err
		}
		clear(buf) // sums of zeros neither overflow nor become denormal
		if err := row.measure(ctx, g, call, c.Budget); err != nil {
			return err
		}
		if g.Rank() == 0 {
			if err := emit(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// check counts the wrong elements of one call.
func (r *CollectiveRow) check(ctx context.Context, g *collectives.Group, op collectiveOp, call func(context.Context) error, buf, recv []float32) error {
	for i := range buf {
		buf[i] = element(g.Rank(), i)
	}
	if err := call(ctx); err != nil {
		return err
	}
	result := buf
	if op.recvLen != nil {
		result = recv
	}
	wrong := []int64{0}
	for i, x := range result {
		if want, matters := op.want(g.Size(), g.Rank(), i, len(buf)); matters && x != want {
			wrong[0]++
		}
	}
	if err := collectives.AllReduce(ctx, g, wrong, collectives.Sum); err != nil {
		return err
	}
	r.Wrong = int(wrong[0])
	return nil
}

// measure times as many calls as fit the budget, at least 5, after 3 that warm up.
func (r *CollectiveRow) measure(ctx context.Context, g *collectives.Group, run func(context.Context) error, budget time.Duration) error {
	call := func() (time.Duration, error) {
		start := time.Now()
		err := run(ctx)
		return time.Since(start), err
	}
	slowest := []float64{0}
	for range 3 {
		d, err := call()
		if err != nil {
			return err
		}
		slowest[0] = float64(d)
	}
	if err := collectives.AllReduce(ctx, g, slowest, collectives.Max); err != nil {
		return err
	}
	r.Iters = max(5, min(10_000, int(float64(budget)/slowest[0])))
	times := make([]time.Duration, r.Iters)
	for i := range times {
		var err error
		if times[i], err = call(); err != nil {
			return err
		}
	}
	slices.Sort(times)
	median := []float64{float64(times[len(times)/2].Nanoseconds()) / 1e3}
	if err := collectives.AllReduce(ctx, g, median, collectives.Mean); err != nil {
		return err
	}
	r.setTime(median[0])
	return nil
}

// WriteCollectiveHeader and Write lay rows out as nccl-tests does.
func WriteCollectiveHeader(w io.Writer) {
	fmt.Fprintf(w, "# %-26s %5s %-14s %12s %11s %6s %8s %9s %9s %7s\n",
		"job", "ranks", "op", "size B", "count", "type", "time µs", "algbw", "busbw", "#wrong")
}

// Write writes one line.
func (r CollectiveRow) Write(w io.Writer) error {
	_, err := fmt.Fprintf(w, "  %-26s %5d %-14s %12d %11d %6s %8.1f %9.2f %9.2f %7d\n",
		r.Job, r.Ranks, r.Op, r.Bytes, r.Bytes/4, "f32", r.Time, r.AlgBW, r.BusBW, r.Wrong)
	return err
}
