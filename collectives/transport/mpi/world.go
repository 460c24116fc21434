//go:build mpi && cgo && !windows

package mpi

// The loop on the MPI thread: it starts the operations that callers hand in, looks whether MPI has finished any of their
// requests, and moves those on. It looks hard for some microseconds, then ever more rarely while nothing happens, and not
// at all while there is nothing to wait for.

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutti-ml/tutti/collectives/transport"
)

const (
	looks   = 200                    // at all requests, in one call of poll: some 20 µs
	bursts  = 20                     // of polling, before the thread begins to sleep in between
	napMin  = 20 * time.Microsecond  // first sleep
	napMax  = 500 * time.Microsecond // longest; what an unexpected message may have to wait
	goodbye = 100 * time.Millisecond // for messages on their way when their sender closes
)

var (
	errLeft   = errors.New("mpi: a call gave up in the middle of a message")
	errFrame  = errors.New("mpi: a frame has an impossible length")
	errCancel = errors.New("mpi: cancelled")
	errGone   = errors.New("it closed its transport")
)

// world is one rank's end of MPI's world. It implements transport.Transport, Exchanger, Poster,
// Aborter and Native.
type world struct {
	rank, size int
	cfg        Config
	tags       int64 // tag values of one communicator

	// What the callers hand to the MPI thread.
	mu     sync.Mutex
	inbox  []*op
	unwant []*op // operations whose callers want to leave
	abort  error // what Abort was called with
	unused []*op
	quit   bool
	bell   chan struct{} // rung, like wake, when one of the above has changed; capacity 1

	broken  atomic.Pointer[error] // why every call fails from now on
	closed  atomic.Bool
	told    atomic.Bool   // an abort is known to all, or about to be
	aborted chan struct{} // closed when the abort has been sent to all
	ended   chan struct{} // closed when the MPI thread has ended its work for this world
	closing sync.Once
	final   error // what Close returns

	// The MPI thread's own.
	slots     []slot
	free      []int          // slots in no use
	streams   map[stream]*op // the last operation of each stream that has any
	running   int            // operations in slots
	outgoing  int            // control messages in slots, on their way out
	telling   bool           // among them an abort
	listening int            // the slot in which control messages come in
	blocks    []*block       // in no use
	gone      []bool         // ranks that have closed
	gathered  [2][]*op       // scratch of take
	done      []finish       // scratch of look
	heard     []finish       // scratch of look
}

// slot says what an MPI request is for: an operation, or, if op is nil, a control message.
type slot struct {
	op *op
	b  *block // of a control message
}

// submit hands an operation to the MPI thread, which ends it in any case. It fails once the world is closed.
func (w *world) submit(o *op) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.quit {
		return transport.ErrClosed
	}
	w.inbox = append(w.inbox, o)
	w.ring()
	return nil
}

// ring tells the MPI thread that there is something for it.
func (w *world) ring() {
	wake.set()
	select {
	case w.bell <- struct{}{}:
	default:
	}
}

// loop serves the callers until quit is set.
func (w *world) loop() {
	nap := time.NewTimer(time.Hour)
	defer nap.Stop()
	idle, length := 0, napMin
	for {
		wake.clear()
		busy, quit := w.take()
		if quit {
			return
		}
		if busy {
			idle, length = 0, napMin
		}
		if w.look() {
			idle, length = 0, napMin
			continue
		}
		if w.telling && w.outgoing == 0 {
			w.telling = false
			close(w.aborted)
		}
		if idle++; idle <= bursts && w.running > 0 {
			runtime.Gosched()
			continue
		}
		w.giveUp()
		if w.running+w.outgoing == 0 && idle > 1 {
			<-w.bell
			continue
		}
		nap.Reset(length)
		select {
		case <-w.bell:
		case <-nap.C:
			length = min(2*length, napMax)
		}
	}
}

// take does what the callers want: busy says whether that was anything, quit that they want no more. On quit, what is
// in the inbox is refused.
func (w *world) take() (busy, quit bool) {
	w.mu.Lock()
	inbox, unwant, abort, quit := w.inbox, w.unwant, w.abort, w.quit
	w.inbox, w.unwant, w.abort = w.gathered[0][:0], w.gathered[1][:0], nil
	w.mu.Unlock()
	for _, o := range inbox {
		if quit {
			o.deliver(transport.ErrClosed)
			continue
		}
		w.start(o)
	}
	for _, o := range unwant {
		w.cancel(o)
	}
	if abort != nil {
		w.fail(abort)
		w.tell(controlAbort, abort)
		w.telling = true
	}
	busy = len(inbox)+len(unwant) > 0 || abort != nil
	clear(inbox)
	clear(unwant)
	w.gathered = [2][]*op{inbox, unwant}
	return busy, quit
}
