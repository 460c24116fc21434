package collectives

import (
	"context"
	"fmt"
	"slices"
)

// Slice returns the elements [lo, hi) of n that are rank's when size ranks share a vector: n/size each, and one more for
// the first n%size ranks (BigDL's rule). Together the slices cover [0, n) in rank order. Lengths are elements.
func Slice(n, size, rank int) (lo, hi int) {
	if n < 0 || size < 1 || rank < 0 || rank >= size {
		panic(fmt.Sprintf("collectives: Slice: %d elements, rank %d of %d", n, rank, size))
	}
	each, longer := n/size, n%size
	lo = rank*each + min(rank, longer)
	hi = lo + each
	if rank < longer {
		hi++
	}
	return lo, hi
}

// AllReduce replaces buf, on every rank, with the element-wise combination of all ranks' buf. All ranks end with the same
// bits. The lengths must agree.
func AllReduce[T Elem](ctx context.Context, g *Group, buf []T, op Op) error {
	return g.run(ctx, allReduceOf(buf, op))
}

// Reduce replaces buf on rank root with the element-wise combination of all ranks' buf. On the other ranks buf is left
// with unspecified content.
func Reduce[T Elem](ctx context.Context, g *Group, buf []T, op Op, root int) error {
	return g.run(ctx, reduceOf(g, buf, op, root))
}

// ReduceScatter combines the ranks' buf element by element and leaves to each rank its slice of the result, in place:
// buf[lo:hi] where lo, hi = Slice(len(buf), g.Size(), g.Rank()). The rest of buf is left with unspecified content.
func ReduceScatter[T Elem](ctx context.Context, g *Group, buf []T, op Op) error {
	return g.run(ctx, reduceScatterOf(buf, op))
}

// AllGather fills buf, on every rank, with the slices that the ranks hold: rank r contributes buf[lo:hi] where
// lo, hi = Slice(len(buf), g.Size(), r). It undoes what ReduceScatter leaves open.
func AllGather[T Elem](ctx context.Context, g *Group, buf []T) error {
	return g.run(ctx, allGatherOf(buf))
}

// AllGatherSlices is AllGather of slices that end where bounds says: rank r contributes buf[bounds[r]:bounds[r+1]]. All
// ranks give the same bounds. It panics unless they are g.Size()+1 numbers that go up from 0 to len(buf).
func AllGatherSlices[T Elem](ctx context.Context, g *Group, buf []T, bounds []int) error {
	return g.run(ctx, allGatherSlicesOf(g, buf, bounds))
}

// Gather fills buf on rank root as AllGather does on all. On the other ranks buf is not written.
func Gather[T Elem](ctx context.Context, g *Group, buf []T, root int) error {
	return g.run(ctx, gatherOf(g, buf, root))
}

// Scatter gives each rank its slice of root's buf: on rank r it fills buf[lo:hi] where lo, hi = Slice(len(buf), g.Size(), r),
// and leaves the rest as it is. It is Gather's inverse.
func Scatter[T Elem](ctx context.Context, g *Group, buf []T, root int) error {
	return g.run(ctx, scatterOf(g, buf, root))
}

// Broadcast copies root's buf to every other rank's. The lengths must agree.
func Broadcast[T Elem](ctx context.Context, g *Group, buf []T, root int) error {
	return g.run(ctx, broadcastOf(g, buf, root))
}

// Barrier returns when every rank has called it, and so when every operation begun before it is done on all ranks.
func Barrier(ctx context.Context, g *Group) error { return g.run(ctx, barrierCall()) }

// What each operation is, for the blocking form and the asynchronous one.

func allReduceOf[T Elem](buf []T, op Op) call {
	return call{kind: kindAllReduce, dtype: dtypeOf[T](), op: op, n: len(buf), buf: bytesOf(buf),
		do: (*call).allReduce}
}

func reduceOf[T Elem](g *Group, buf []T, op Op, root int) call {
	g.checkRoot("Reduce", root)
	return call{kind: kindReduce, dtype: dtypeOf[T](), op: op, root: root, n: len(buf), buf: bytesOf(buf),
		do: (*call).reduce}
}

func reduceScatterOf[T Elem](buf []T, op Op) call {
	return call{kind: kindReduceScatter, dtype: dtypeOf[T](), op: op, n: len(buf), buf: bytesOf(buf),
		do: (*call).reduceScatter}
}

func allGatherOf[T Elem](buf []T) call {
	return call{kind: kindAllGather, dtype: dtypeOf[T](), n: len(buf), buf: bytesOf(buf),
		do: (*call).allGather}
}

func allGatherSlicesOf[T Elem](g *Group, buf []T, bounds []int) call {
	c := allGatherOf(buf)
	if len(bounds) != g.size+1 || bounds[0] != 0 || bounds[g.size] != len(buf) || !slices.IsSorted(bounds) {
		panic(fmt.Sprintf("collectives: AllGatherSlices: slices end at %v, want %d ascending numbers from 0 to %d", bounds,
			g.size+1, len(buf)))
	}
	c.offsets = make([]int, len(bounds))
	for r, b := range bounds {
		c.offsets[r] = b * c.dtype.Size()
	}
	return c
}

func gatherOf[T Elem](g *Group, buf []T, root int) call {
	g.checkRoot("Gather", root)
	return call{kind: kindGather, dtype: dtypeOf[T](), root: root, n: len(buf), buf: bytesOf(buf),
		do: (*call).gather}
}

func scatterOf[T Elem](g *Group, buf []T, root int) call {
	g.checkRoot("Scatter", root)
	return call{kind: kindScatter, dtype: dtypeOf[T](), root: root, n: len(buf), buf: bytesOf(buf), do: directScatter}
}

func broadcastOf[T Elem](g *Group, buf []T, root int) call {
	g.checkRoot("Broadcast", root)
	return call{kind: kindBroadcast, dtype: dtypeOf[T](), root: root, n: len(buf), buf: bytesOf(buf),
		do: (*call).broadcast}
}

func barrierCall() call {
	return call{kind: kindBarrier, do: (*call).barrier}
}

// Not closures: those of generic functions take memory.
func (c *call) allReduce() error     { return algorithms[c.alg].allReduce(c) }
func (c *call) reduce() error        { return algorithms[c.alg].reduce(c) }
func (c *call) reduceScatter() error { return algorithms[c.alg].reduceScatter(c) }
func (c *call) allGather() error     { return algorithms[c.alg].allGather(c) }
func (c *call) gather() error        { return algorithms[c.alg].gather(c) }
func (c *call) broadcast() error     { return algorithms[c.alg].broadcast(c) }
func (c *call) barrier() error       { return algorithms[c.alg].barrier(c) }

func (g *Group) checkRoot(op string, root int) {
	if root < 0 || root >= g.Size() {
		panic(fmt.Sprintf("collectives: %s: root %d in a group of %d", op, root, g.Size()))
	}
}
