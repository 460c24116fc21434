package collectivestest

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/tutti-ml/tutti/collectives"
)

// check runs every operation on vectors of n elements of type T. Those that only move data look at no type and no length,
// so one of the types and the longest vector are left out for some.
func check[T collectives.Elem](ctx context.Context, g *collectives.Group, n int, h *hash, quick bool) error {
	for _, op := range Ops {
		if quick && n > 257 && op != collectives.Mean {
			continue
		}
		if n > 257 && op != collectives.Sum && op != collectives.Mean {
			continue // long vectors are for the cutting into slices and segments, which all reductions share
		}
		if err := checkReductions[T](ctx, g, n, op, h); err != nil {
			return err
		}
	}
	checks := []func(context.Context, *collectives.Group, int) error{
		checkGathers[T], checkBroadcast[T], checkAllGatherV[T], checkAllToAll[T],
	}
	if _, wide := any(*new(T)).(float64); n <= 4099 && !wide {
		checks = append(checks, checkScatter[T], checkPoint[T], checkAsync[T])
	}
	for _, f := range checks {
		if err := f(ctx, g, n); err != nil {
			return err
		}
	}
	return collectives.Barrier(ctx, g)
}

func checkReductions[T collectives.Elem](ctx context.Context, g *collectives.Group, n int, op collectives.Op, h *hash) error {
	size, rank := g.Size(), g.Rank()
	want, tol := Reference[T](size, n, op)

	all := guarded(input[T](rank, n))
	if err := collectives.AllReduce(ctx, g, all.s, op); err != nil {
		return err
	}
	if err := all.differ(want, tol); err != nil {
		return fmt.Errorf("AllReduce %v: %w", op, err)
	}
	add(h, all.s)

	lo, hi := collectives.Slice(n, size, rank)
	scattered := guarded(input[T](rank, n))
	if err := collectives.ReduceScatter(ctx, g, scattered.s, op); err != nil {
		return err
	}
	if err := scattered.slice(lo, hi).differ(want[lo:hi], tol[lo:hi]); err != nil {
		return fmt.Errorf("ReduceScatter %v: slice [%d, %d): %w", op, lo, hi, err)
	}
	// Scattering and gathering is what AllReduce does: the same bits, on every rank.
	if err := collectives.AllGather(ctx, g, scattered.s); err != nil {
		return err
	}
	if err := scattered.differ(want, tol); err != nil {
		return fmt.Errorf("after ReduceScatter and AllGather %v: %w", op, err)
	}
	add(h, scattered.s)

	root := n % size
	reduced := guarded(input[T](rank, n))
	if err := collectives.Reduce(ctx, g, reduced.s, op, root); err != nil {
		return err
	}
	if rank == root {
		if err := reduced.differ(want, tol); err != nil {
			return fmt.Errorf("in Reduce %v: %w", op, err)
		}
	}
	return reduced.guards()
}

func checkGathers[T collectives.Elem](ctx context.Context, g *collectives.Group, n int) error {
	size, rank := g.Size(), g.Rank()
	want, mine := make([]T, n), make([]T, n)
	for r := range size {
		lo, hi := collectives.Slice(n, size, r)
		copy(want[lo:hi], input[T](r, n)[lo:hi])
		if r == rank {
			copy(mine[lo:hi], want[lo:hi])
		}
	}
	exact := make([]float64, n)
	got := guarded(mine)
	if err := collectives.AllGather(ctx, g, got.s); err != nil {
		return err
	}
	if err := got.differ(want, exact); err != nil {
		return fmt.Errorf("AllGather: %w", err)
	}
	root := size - 1
	got = guarded(mine)
	if err := collectives.Gather(ctx, g, got.s, root); err != nil {
		return err
	}
	if rank != root {
		want = mine // not written
	}
	if err := got.differ(want, exact); err != nil {
		return fmt.Errorf("in Gather: %w", err)
	}
	return nil
}

func checkBroadcast[T collectives.Elem](ctx context.Context, g *collectives.Group, n int) error {
	for root := range g.Size() {
		if n > 4099 && root > 1 {
			break
		}
		got := guarded(input[T](g.Rank(), n))
		if err := collectives.Broadcast(ctx, g, got.s, root); err != nil {
			return err
		}
		if err := got.differ(input[T](root, n), make([]float64, n)); err != nil {
			return fmt.Errorf("in Broadcast from %d: %w", root, err)
		}
	}
	return nil
}

func checkAllGatherV[T collectives.Elem](ctx context.Context, g *collectives.Group, n int) error {
	count := func(r int) int { return n * (r % 3) / (1 + r) } // rank 0 has none
	var want []T
	var counts []int
	for r := range g.Size() {
		want = append(want, input[T](r, count(r))...)
		counts = append(counts, count(r))
	}
	prefix := []T{1, 2, 3}
	mine := guarded(input[T](g.Rank(), count(g.Rank())))
	all, gotCounts, err := collectives.AllGatherV(ctx, g, slices.Clone(prefix), mine.s)
	if err != nil {
		return err
	}
	if !slices.Equal(counts, gotCounts) {
		return fmt.Errorf("AllGatherV: counts %v, want %v", gotCounts, counts)
	}
	if !slices.Equal(all[:3], prefix) || !slices.Equal(all[3:], want) {
		return fmt.Errorf("in AllGatherV: wrong elements for counts %v", counts)
	}
	bounds := make([]int, 1, g.Size()+1) // the same, in place
	for _, n := range counts {
		bounds = append(bounds, bounds[len(bounds)-1]+n)
	}
	got := guarded(make([]T, len(want)))
	copy(got.s[bounds[g.Rank()]:bounds[g.Rank()+1]], mine.s)
	if err := collectives.AllGatherSlices(ctx, g, got.s, bounds); err != nil {
		return err
	}
	if err := got.differ(want, make([]float64, len(want))); err != nil {
		return fmt.Errorf("in AllGatherSlices: %w", err)
	}
	return mine.differ(input[T](g.Rank(), count(g.Rank())), make([]float64, len(mine.s)))
}

func checkAllToAll[T collectives.Elem](ctx context.Context, g *collectives.Group, n int) error {
	piece := func(from, to int) []T { return input[T](from*100+to, n*((from+2*to)%4)/8) }
	send := make([][]T, g.Size())
	for to := range send {
		send[to] = piece(g.Rank(), to)
	}
	recv, err := collectives.AllToAllV(ctx, g, send)
	if err != nil {
		return err
	}
	known := make([][]T, g.Size())
	for from := range known {
		known[from] = make([]T, len(piece(from, g.Rank())))
	}
	if err := collectives.AllToAll(ctx, g, send, known); err != nil {
		return err
	}
	for from := range recv {
		if !slices.Equal(recv[from], piece(from, g.Rank())) {
			return fmt.Errorf("in AllToAllV: wrong elements from rank %d", from)
		}
		if !slices.Equal(known[from], piece(from, g.Rank())) {
			return fmt.Errorf("in AllToAll: wrong elements from rank %d", from)
		}
		if !slices.Equal(send[from], piece(g.Rank(), from)) {
			return fmt.Errorf("in AllToAll: the input for rank %d was written to", from)
		}
	}
	return nil
}

// buffer is a vector between guards that nobody may write.
type buffer[T collectives.Elem] struct{ s, mem []T }

const guard = 7

func guarded[T collectives.Elem](s []T) buffer[T] {
	mem := make([]T, len(s)+2*guard)
	for i := range mem {
		mem[i] = 99
	}
	copy(mem[guard:], s)
	return buffer[T]{s: mem[guard : guard+len(s) : guard+len(s)], mem: mem}
}

func (b buffer[T]) slice(lo, hi int) buffer[T] { return buffer[T]{s: b.s[lo:hi], mem: b.mem} }

func (b buffer[T]) guards() error {
	for i := range guard {
		if j := len(b.mem) - 1 - i; b.mem[i] != 99 || b.mem[j] != 99 {
			return fmt.Errorf("written outside the buffer of %d elements", len(b.mem)-2*guard)
		}
	}
	return nil
}

// differ returns the first element that is further from want than its tolerance.
func (b buffer[T]) differ(want []T, tolerance []float64) error {
	if len(b.s) != len(want) {
		return fmt.Errorf("%d elements, want %d", len(b.s), len(want))
	}
	for i, x := range b.s {
		if x != want[i] && !(math.Abs(float64(x)-float64(want[i])) <= tolerance[i]) {
			return fmt.Errorf("element %d = %v, want %v ± %g", i, x, want[i], tolerance[i])
		}
	}
	return b.guards()
}
