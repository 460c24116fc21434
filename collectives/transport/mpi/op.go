//go:build mpi && cgo && !windows

package mpi

// One operation in progress: a message on its way in or out, or a collective. An operation is a small machine that the MPI
// thread moves from one MPI request to the next.
//
// A message of n bytes travels as frames: the first is the length, n, in 8 bytes and up to frameLen of the message; the
// others are up to frameLen bytes more each. So a message may be longer than MPI can count, and a receiver that expects
// another length learns the true one.
//
// A message passes through C memory, frame by frame, both ways. That costs a copy inside the cache, and buys this: when a
// caller's time is up MPI holds nothing of its memory, whatever the peer does.
//
// A collective begins with a barrier that does not block. Until all ranks are there a caller may leave. Then MPI's own
// blocking collective works in place on the caller's memory: its nonblocking ones take twice as long, and copies would
// take as long as MPI itself. If a rank is lost in the midst of it MPI never returns, and the watchdog ends the job.

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// frameLen is how many bytes of a message go into one frame, and chunkLen how many of a buffer into one collective call;
// multiples of 8. Tests make them small. Every rank must have the same.
var (
	frameLen = 256 << 10
	chunkLen = 1 << 20
)

const headLen = 8

type kind uint8

const (
	opSend kind = iota
	opRecv
	opAllReduce
	opReduce
	opBroadcast
	opBarrier
)

// stream is what operations of must run one after the other: the messages to or from one peer under one tag, or the
// collectives.
type stream struct {
	in   bool
	peer int // −1 for the collectives
	tag  transport.Tag
}

type op struct {
	kind  kind
	peer  int // the other rank, or the root
	tag   transport.Tag
	dtype transport.DType
	red   transport.Op
	w     *world

	mu   sync.Mutex
	left bool   // src and dst are the caller's again
	src  []byte // what is read of the caller's memory
	dst  []byte // what is written of it

	done chan error  // receives the result; capacity 1
	over atomic.Bool // set before that, for a caller that looks before it parks

	limit time.Time // when the caller's time is up

	// The engine's own.
	off       int       // bytes of the message or buffer that are done
	step      int       // bytes that the request in progress moves
	total     int       // bytes of the message or buffer
	slot      int       // of the request in progress
	a         *block    // of a message
	hopeless  time.Time // when the operation fails because its peer has closed; zero if it has not
	begun     bool      // it has a request
	delivered bool      // the caller has its result
	held      bool      // and MPI still has a request, so nobody may use this op again
	next      *op       // what begins when this one ends
}

// deliver gives the caller its result, once. Unless held is set, the op is the caller's from then on.
func (o *op) deliver(err error) {
	if o.delivered {
		return
	}
	o.delivered = true
	o.over.Store(true)
	o.done <- err
}

func (o *op) stream() stream {
	switch o.kind {
	case opSend:
		return stream{false, o.peer, o.tag}
	case opRecv:
		return stream{true, o.peer, o.tag}
	}
	return stream{peer: -1}
}

// read copies from the caller's memory; false if the caller has gone.
func (o *op) read(dst []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.left {
		copy(dst, o.src[o.off:])
	}
	return !o.left
}

// write copies to the caller's memory, as much of it as there is.
func (o *op) write(src []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.left && o.off < len(o.dst) {
		copy(o.dst[o.off:], src)
	}
	return !o.left
}

// leave takes the caller's memory away from the operation.
func (o *op) leave() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.left, o.src, o.dst = true, nil, nil
}

// post makes the next MPI request of o in slot s.
func (w *world) post(o *op, s int) error {
	comm, tag := int(int64(o.tag)/w.tags), int(int64(o.tag)%w.tags)
	switch o.kind {
	case opSend:
		n := min(o.total-o.off, frameLen)
		frame := o.a.b[:n]
		head := 0
		if o.off == 0 {
			head = headLen
			binary.LittleEndian.PutUint64(o.a.b, uint64(o.total))
			frame = o.a.b[headLen : headLen+n]
		}
		if !o.read(frame) {
			return errLeft
		}
		o.step = n
		return isend(s, o.a, head+n, o.peer, comm, tag)
	case opRecv:
		return irecv(s, o.a, headLen+frameLen, o.peer, comm, tag)
	}
	return ibarrier(s) // a collective begins when all are there
}

// advance takes note of what the finished request moved. It returns true when the operation is complete.
func (w *world) advance(o *op, f finish) (bool, error) {
	switch o.kind {
	case opAllReduce, opReduce, opBroadcast:
		return true, w.collect(o)
	case opRecv:
		frame := o.a.b[:f.count]
		if o.off == 0 {
			if len(frame) < headLen {
				return true, errFrame
			}
			o.total = int(binary.LittleEndian.Uint64(frame))
			frame = frame[headLen:]
			if o.total < 0 {
				return true, errFrame
			}
		}
		if len(frame) != min(o.total-o.off, frameLen) {
			return true, errFrame
		}
		if !o.write(frame) {
			return true, errLeft
		}
		o.step = len(frame)
	}
	o.off += o.step
	return o.off >= o.total, nil
}

// sizes checks the length of a message that has come.
func (o *op) sizes(rank int) error {
	if want := len(o.dst); o.kind == opRecv && o.total != want {
		return &transport.SizeError{From: o.peer, To: rank, Tag: o.tag, Got: o.total, Want: want}
	}
	return nil
}
