package collectivestest

import (
	"context"
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/collectives"
)

// checkScatter scatters and gathers again.
func checkScatter[T collectives.Elem](ctx context.Context, g *collectives.Group, n int) error {
	root := n % g.Size()
	whole, mine := input[T](root, n), input[T](g.Rank(), n)
	got, want := guarded(mine), slices.Clone(mine)
	lo, hi := collectives.Slice(n, g.Size(), g.Rank())
	copy(want[lo:hi], whole[lo:hi])
	if g.Rank() == root {
		want = whole
	}
	if err := collectives.Scatter(ctx, g, got.s, root); err != nil {
		return err
	}
	if err := got.differ(want, make([]float64, n)); err != nil {
		return fmt.Errorf("in Scatter from %d: %w", root, err)
	}
	return nil
}

// checkPoint sends to the right and receives from the left: at once, then one after the other, the even ranks first.
func checkPoint[T collectives.Elem](ctx context.Context, g *collectives.Group, n int) error {
	if g.Size() == 1 {
		return nil
	}
	left, right := (g.Rank()+g.Size()-1)%g.Size(), (g.Rank()+1)%g.Size()
	send, got := guarded(input[T](g.Rank(), n)), guarded(make([]T, n))
	for _, f := range []struct {
		name string
		do   func() error
	}{
		{"SendRecv", func() error { return collectives.SendRecv(ctx, g, send.s, right, got.s, left) }},
		{"Send and Recv", func() error {
			first := func() error { return collectives.Send(ctx, g, send.s, right) }
			then := func() error { return collectives.Recv(ctx, g, got.s, left) }
			if g.Rank()%2 == 1 {
				first, then = then, first
			}
			if err := first(); err != nil {
				return err
			}
			return then()
		}},
	} {
		clear(got.s)
		if err := f.do(); err != nil {
			return err
		}
		if err := got.differ(input[T](left, n), make([]float64, n)); err != nil {
			return fmt.Errorf("in %s from %d: %w", f.name, left, err)
		}
	}
	return send.differ(input[T](g.Rank(), n), make([]float64, n))
}

// checkAsync begins several operations before it waits for any, with a blocking one among them.
func checkAsync[T collectives.Elem](ctx context.Context, g *collectives.Group, n int) error {
	want, tol := Reference[T](g.Size(), n, collectives.Sum)
	var bufs []buffer[T]
	var handles []collectives.Handle
	for range 3 {
		bufs = append(bufs, guarded(input[T](g.Rank(), n)))
	}
	for _, b := range bufs[:2] {
		handles = append(handles, collectives.AllReduceAsync(ctx, g, b.s, collectives.Sum))
	}
	shared := guarded(input[T](g.Rank(), n))
	handles = append(handles, collectives.BroadcastAsync(ctx, g, shared.s, 0))
	if err := collectives.AllReduce(ctx, g, bufs[2].s, collectives.Sum); err != nil {
		return err
	}
	for i, h := range handles {
		if !h.Done() { // they end in order
			return fmt.Errorf("operation %d goes on, and a later one has ended", i)
		}
		if err := h.Wait(ctx); err != nil {
			return err
		}
	}
	for i, b := range bufs {
		if err := b.differ(want, tol); err != nil {
			return fmt.Errorf("in AllReduceAsync %d: %w", i, err)
		}
		if !slices.Equal(b.s, bufs[0].s) {
			return fmt.Errorf("AllReduceAsync %d has other bits than 0", i)
		}
	}
	if err := shared.differ(input[T](0, n), make([]float64, n)); err != nil {
		return fmt.Errorf("in BroadcastAsync: %w", err)
	}
	return nil
}

// checkSplit cuts g in odd and even ranks, numbered backwards, and one group without rank 0; it works on all at the same
// time, on g too.
func checkSplit(ctx context.Context, g *collectives.Group) error {
	const n = 1000
	half, err := g.Split(ctx, g.Rank()%2, -g.Rank())
	if err != nil {
		return err
	}
	defer half.Close()
	color := 7
	if g.Rank() == 0 {
		color = -1
	}
	rest, err := g.Split(ctx, color, 0)
	if err != nil {
		return err
	}
	if (rest == nil) != (g.Rank() == 0) {
		return fmt.Errorf("in Split: rank %d, color %d: got %v", g.Rank(), color, rest)
	}
	groups := map[string]*collectives.Group{"all": g, "half": half}
	members := map[string][]int{}
	for r := range g.Size() {
		members["all"] = append(members["all"], r)
		if r%2 == g.Rank()%2 {
			members["half"] = append([]int{r}, members["half"]...)
		}
		if r > 0 {
			members["rest"] = append(members["rest"], r)
		}
	}
	if rest != nil {
		defer rest.Close()
		groups["rest"] = rest
	}
	handles, bufs := map[string]collectives.Handle{}, map[string][]int64{}
	for name, s := range groups { // in any order: they are independent
		if place := slices.Index(members[name], g.Rank()); s.Rank() != place || s.Size() != len(members[name]) {
			return fmt.Errorf("in Split: %s: rank %d is %d of %d, want %d of %v", name, g.Rank(), s.Rank(), s.Size(), place, members[name])
		}
		bufs[name] = Input[int64](g.Rank(), n)
		handles[name] = collectives.AllReduceAsync(ctx, s, bufs[name], collectives.Sum)
	}
	for name, h := range handles {
		if err := h.Wait(ctx); err != nil {
			return err
		}
		want := make([]int64, n)
		for _, r := range members[name] {
			for i, x := range input[int64](r, n) {
				want[i] += x
			}
		}
		if !slices.Equal(bufs[name], want) {
			return fmt.Errorf("in AllReduce on group %s: wrong sum", name)
		}
	}
	if rest == nil {
		return nil
	}
	quarter, err := rest.Split(ctx, rest.Rank()%2, 0) // a group of a group
	if err != nil {
		return err
	}
	defer quarter.Close()
	root := []int64{int64(g.Rank())}
	if err := collectives.Broadcast(ctx, quarter, root, 0); err != nil {
		return err
	}
	if want := int64(1 + rest.Rank()%2); root[0] != want {
		return fmt.Errorf("in Broadcast on a group of a group: from rank %d, want %d", root[0], want)
	}
	return nil
}
