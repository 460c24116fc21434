package collectives

import (
	"context"
	"fmt"
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
	c := callOn(kindAllReduce, buf)
	c.op = op
	return g.run(ctx, c, func(c *call) error { return algorithms[c.alg].allReduce(c) })
}

// Reduce replaces buf on rank root with the element-wise combination of all ranks' buf. On the other ranks buf is left
// with unspecified content.
func Reduce[T Elem](ctx context.Context, g *Group, buf []T, op Op, root int) error {
	g.checkRoot("Reduce", root)
	c := callOn(kindReduce, buf)
	c.op, c.root = op, root
	return g.run(ctx, c, func(c *call) error { return algorithms[c.alg].reduce(c) })
}

// ReduceScatter combines the ranks' buf element by element and leaves to each rank its slice of the result, in place:
// buf[lo:hi] where lo, hi = Slice(len(buf), g.Size(), g.Rank()). The rest of buf is left with unspecified content.
func ReduceScatter[T Elem](ctx context.Context, g *Group, buf []T, op Op) error {
	c := callOn(kindReduceScatter, buf)
	c.op = op
	return g.run(ctx, c, func(c *call) error { return algorithms[c.alg].reduceScatter(c) })
}

// AllGather fills buf, on every rank, with the slices that the ranks hold: rank r contributes buf[lo:hi] where
// lo, hi = Slice(len(buf), g.Size(), r). It undoes what ReduceScatter leaves open.
func AllGather[T Elem](ctx context.Context, g *Group, buf []T) error {
	return g.run(ctx, callOn(kindAllGather, buf), func(c *call) error { return algorithms[c.alg].allGather(c) })
}

// Gather fills buf on rank root as AllGather does on all. On the other ranks buf is not written.
func Gather[T Elem](ctx context.Context, g *Group, buf []T, root int) error {
	g.checkRoot("Gather", root)
	c := callOn(kindGather, buf)
	c.root = root
	return g.run(ctx, c, func(c *call) error { return algorithms[c.alg].gather(c) })
}

// Broadcast copies root's buf to every other rank's. The lengths must agree.
func Broadcast[T Elem](ctx context.Context, g *Group, buf []T, root int) error {
	g.checkRoot("Broadcast", root)
	c := callOn(kindBroadcast, buf)
	c.root = root
	return g.run(ctx, c, func(c *call) error { return algorithms[c.alg].broadcast(c) })
}

// Barrier returns when every rank has called it.
func Barrier(ctx context.Context, g *Group) error {
	return g.run(ctx, call{kind: kindBarrier}, func(c *call) error { return algorithms[c.alg].barrier(c) })
}

func callOn[T Elem](k kind, buf []T) call {
	return call{kind: k, dtype: dtypeOf[T](), n: len(buf), buf: bytesOf(buf)}
}

func (g *Group) checkRoot(op string, root int) {
	if root < 0 || root >= g.Size() {
		panic(fmt.Sprintf("collectives: %s: root %d in a group of %d", op, root, g.Size()))
	}
}
