package collectives

import "context"

// The asynchronous operations. Each begins what the operation of its name does and returns at once; the buffer is the
// operation's until its handle's Wait has returned nil or the operation's own error. Operations of a group end in the
// order in which they were begun, blocking ones included; ctx bounds the operation, and so does Config.Timeout from when
// its turn comes. Every rank must begin the same operations in the same order, and may mix blocking and asynchronous
// calls of the same operation. No memory is allocated once as many operations have been in flight before.

// AllReduceAsync begins an AllReduce.
func AllReduceAsync[T Elem](ctx context.Context, g *Group, buf []T, op Op) Handle {
	return g.start(ctx, allReduceOf(buf, op))
}

// ReduceAsync begins a Reduce.
func ReduceAsync[T Elem](ctx context.Context, g *Group, buf []T, op Op, root int) Handle {
	return g.start(ctx, reduceOf(g, buf, op, root))
}

// ReduceScatterAsync begins a ReduceScatter.
func ReduceScatterAsync[T Elem](ctx context.Context, g *Group, buf []T, op Op) Handle {
	return g.start(ctx, reduceScatterOf(buf, op))
}

// AllGatherAsync begins an AllGather.
func AllGatherAsync[T Elem](ctx context.Context, g *Group, buf []T) Handle {
	return g.start(ctx, allGatherOf(buf))
}

// GatherAsync begins a Gather.
func GatherAsync[T Elem](ctx context.Context, g *Group, buf []T, root int) Handle {
	return g.start(ctx, gatherOf(g, buf, root))
}

// ScatterAsync begins a Scatter.
func ScatterAsync[T Elem](ctx context.Context, g *Group, buf []T, root int) Handle {
	return g.start(ctx, scatterOf(g, buf, root))
}

// BroadcastAsync begins a Broadcast.
func BroadcastAsync[T Elem](ctx context.Context, g *Group, buf []T, root int) Handle {
	return g.start(ctx, broadcastOf(g, buf, root))
}

// BarrierAsync begins a Barrier.
func BarrierAsync(ctx context.Context, g *Group) Handle { return g.start(ctx, barrierCall()) }
