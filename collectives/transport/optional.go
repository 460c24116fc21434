package transport

import "context"

// Exchanger is a Transport that can send and receive at once. Where a transport lacks it, package collectives spends a
// goroutine on the send.
type Exchanger interface {
	// SendRecv sends send to rank to under tag stag, and at the same time fills recv with the next message of rank from
	// under rtag, with Send's and Recv's rules. send and recv must not overlap. It returns when both are done or one has
	// failed; in either case nobody touches send or recv any more.
	SendRecv(ctx context.Context, to int, stag Tag, send []byte, from int, rtag Tag, recv []byte) error
}

// Poster is a Transport that can be told of a receive before it has to wait for it, so that data may flow into p while the
// caller sends or computes. Where a transport lacks it, package collectives uses Exchanger, or else goroutines.
type Poster interface {
	// PostRecv begins a Recv and returns at once. p belongs to the transport until Wait returns.
	PostRecv(from int, tag Tag, p []byte) Pending
}

// Pending is a receive in progress.
type Pending interface {
	// Wait ends the receive with Recv's rules and errors. When it returns, with or without an error, the transport does
	// not touch the buffer any more: with a context that is already cancelled, Wait withdraws the receive. It must be
	// called exactly once.
	Wait(ctx context.Context) error
}

// Aborter is a Transport that can tell all the other ranks that the job cannot go on.
type Aborter interface {
	// Abort makes pending and later calls on every other rank fail with a *PeerLostError: naming the rank that cause
	// names if cause is itself a *PeerLostError, otherwise this rank; it wraps ErrMismatch if cause does. Own calls in
	// progress fail with cause. Only the first Abort counts. It waits a bounded time for the word to get out; Close
	// remains the caller's.
	Abort(cause error)
}

// Native is a Transport with collective operations of its own, such as MPI's. buf holds whole elements of type d in
// this machine's byte order and alignment; every rank passes the same length, type, operation and root, which package
// collectives has checked before the call. Op is never Mean. Empty buffers never arrive.
type Native interface {
	// AllReduce replaces buf, on every rank, with the combination of all ranks' buffers.
	AllReduce(ctx context.Context, buf []byte, d DType, op Op) error
	// Reduce stores the combination of all ranks' src into dst on rank root. Elsewhere dst is nil. dst may be src.
	Reduce(ctx context.Context, dst, src []byte, d DType, op Op, root int) error
	// Broadcast copies root's buf into every other rank's.
	Broadcast(ctx context.Context, buf []byte, root int) error
	// Barrier returns when every rank has called it.
	Barrier(ctx context.Context) error
}

// Placer is a Transport that knows on which machine each rank is. Every rank must know the same.
type Placer interface {
	// Host returns a name of rank's machine: two ranks have the same if, and only if, they share one.
	Host(rank int) string
}

// Sharer is a Placer that tells over what the ranks of one machine talk. Every rank must know the same.
type Sharer interface {
	Placer
	// SharesMemory reports whether ranks of one machine talk through memory they share, and not through the kernel.
	SharesMemory() bool
}
