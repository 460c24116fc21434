// Package transport carries messages between the ranks of a job. It knows neither arithmetic nor algorithms: those are
// package collectives'. A transport is five methods; what one can do beyond them it offers through the optional
// interfaces of optional.go.
package transport

import "context"

// Tag separates the messages of one pair of ranks into streams. Messages of one (sender, receiver, tag) arrive in the
// order they were sent; between tags there is no order.
type Tag uint32

// Transport is one rank's end of a fully connected world. Ranks are numbered from 0 to Size()-1.
//
// All methods may be called from many goroutines at once; two concurrent Recvs of one (from, tag) take its messages in
// an unspecified order. Lengths are bytes. Send and Recv with one's own rank, or a rank outside the world, panic.
//
// Errors: a cancelled or expired context returns an error wrapping the context's; a peer that died, closed or gave up
// returns a *PeerLostError that names it; a message of an unexpected length a *SizeError; a call after Close ErrClosed.
type Transport interface {
	// Rank returns this end's number.
	Rank() int
	// Size returns the number of ranks in the world.
	Size() int
	// Send sends p to rank to and returns when p may be reused: at the earliest when p has been copied or written to the
	// network, at the latest when the peer has received it. It may block until the peer calls Recv.
	Send(ctx context.Context, to int, tag Tag, p []byte) error
	// Recv fills p with the next message that rank from sent under tag, exactly len(p) bytes. If that message has
	// another length, Recv fills the first min(len(p), length) bytes of p and returns a *SizeError. After any other
	// error the content of p is unspecified, but nobody writes to it any more.
	Recv(ctx context.Context, from int, tag Tag, p []byte) error
	// Close lets go of the world once what was sent is on its way. Calls in progress return ErrClosed. The peers see it
	// as the loss of this rank, but only those who wait on it. Close is idempotent.
	Close() error
}
