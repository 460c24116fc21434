package collectives

import (
	"context"
	"fmt"
	"slices"
)

// Operations whose lengths differ from rank to rank. Each first makes the lengths known, then moves the data.

// AllGatherV appends every rank's mine to dst, in rank order, and returns the extended slice and the number of elements
// that came from each rank. All ranks get the same. The lengths of mine may differ and may be 0. It allocates what dst
// lacks in capacity, and the counts. dst and mine must not overlap.
func AllGatherV[T Elem](ctx context.Context, g *Group, dst, mine []T) (all []T, counts []int, err error) {
	all, counts = dst, make([]int, g.size)
	counts[g.rank] = len(mine)
	if g.size == 1 {
		all = append(all, mine...)
	}
	err = g.run(ctx, call{kind: kindAllGatherV, dtype: dtypeOf[T](), do: func(c *call) error {
		lens := make([]int64, g.size)
		lens[g.rank] = int64(len(mine))
		c.buf, c.offsets = bytesOf(lens), make([]int, g.size+1)
		for r := range lens {
			c.offsets[r+1] = 8 * (r + 1)
		}
		if err := algorithms[c.alg].allGather(c); err != nil {
			return err
		}
		total, w := 0, c.dtype.Size()
		for r, n := range lens {
			if n < 0 || n > maxElems-int64(total) {
				return fmt.Errorf("%w: rank %d announces %d elements", ErrMismatch, r, n)
			}
			counts[r] = int(n)
			total += int(n)
			c.offsets[r+1] = total * w
		}
		all = slices.Grow(dst, total)[:len(dst)+total]
		c.buf = bytesOf(all[len(dst):])
		copy(c.part(g.rank), bytesOf(mine))
		c.alg = g.choose(c.kind, len(c.buf))
		c.tag |= 1
		return algorithms[c.alg].allGather(c)
	}})
	if err != nil {
		return dst, nil, err
	}
	return all, counts, nil
}

// maxElems bounds what a rank may announce, so that lengths in bytes cannot overflow.
const maxElems = 1 << 48

// AllToAllV sends send[r] to rank r, for every r, and returns what the ranks sent to this one: recv[r] came from rank r
// and recv[g.Rank()] is a copy of send[g.Rank()]. The lengths may differ and may be 0. The result is newly allocated.
// It panics unless there is one slice for each rank. Every algorithm does it alike: each rank writes to every other,
// its right neighbour first.
func AllToAllV[T Elem](ctx context.Context, g *Group, send [][]T) (recv [][]T, err error) {
	if len(send) != g.size {
		panic(fmt.Sprintf("collectives: AllToAllV: %d slices for %d ranks", len(send), g.size))
	}
	return allToAllV(ctx, g, call{kind: kindAllToAllV}, send)
}

// allToAllV does AllToAllV as part of c, on which the ranks must agree.
func allToAllV[T Elem](ctx context.Context, g *Group, c call, send [][]T) (recv [][]T, err error) {
	recv = make([][]T, g.size)
	recv[g.rank] = slices.Clone(send[g.rank])
	c.dtype = dtypeOf[T]()
	c.do = func(c *call) error {
		ours, theirs := make([]int64, g.size), make([]int64, g.size)
		for r := range send {
			ours[r] = int64(len(send[r]))
		}
		lens := func(s []int64) func(int) []byte { return func(r int) []byte { return bytesOf(s[r : r+1]) } }
		c.postAll(0, true, lens(theirs))
		if err := c.swapAll(0, true, lens(ours), lens(theirs)); err != nil {
			return err
		}
		for r, n := range theirs {
			if r == g.rank {
				continue
			}
			if n < 0 || n > maxElems {
				return fmt.Errorf("%w: rank %d announces %d elements", ErrMismatch, r, n)
			}
			recv[r] = make([]T, n)
		}
		c.tag |= 1
		out := func(r int) []byte { return bytesOf(send[r]) }
		in := func(r int) []byte { return bytesOf(recv[r]) }
		c.postAll(0, false, in)
		return c.swapAll(0, false, out, in)
	}
	if err := g.run(ctx, c); err != nil {
		return nil, err
	}
	return recv, nil
}
