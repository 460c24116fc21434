//go:build mpi && cgo && !windows

package mpi

// The engine: it starts the operations that callers hand in, looks whether MPI has finished any of their requests, and
// moves those on. Whoever waits for an operation drives it, on its own thread, so that nobody has to be woken: handing
// every call to a thread of MPI's own took longer than MPI itself. One goroutine drives at a time, which is what
// MPI_THREAD_SERIALIZED asks for. A loop on the MPI thread drives now and then while nobody waits, and not at all while
// there is nothing to wait for.

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutti-ml/tutti/collectives/transport"
)

const (
	looks   = 200                    // at all requests, in one call of poll: some 20 µs
	bursts  = 20                     // of polling, between looks at who has gone
	napMin  = 100 * time.Microsecond // first sleep of the loop
	napMax  = time.Millisecond       // longest; what an unexpected message may have to wait
	goodbye = 100 * time.Millisecond // for messages on their way when their sender closes
)

var (
	errLeft   = errors.New("mpi: a call gave up in the middle of a message")
	errFrame  = errors.New("mpi: a frame has an impossible length")
	errCancel = errors.New("mpi: cancelled")
	errGone   = errors.New("it closed its transport")
)

// world is one rank's end of MPI's world. It implements transport.Transport, Exchanger, Poster, Aborter and Native.
type world struct {
	rank, size int
	cfg        Config
	tags       int64 // tag values of one communicator

	engine sync.Mutex // held by who drives

	// What the callers hand to the engine.
	mu     sync.Mutex
	inbox  []*op
	unwant []*op // operations whose callers want to leave
	abort  error // what Abort was called with
	unused []*op // to be taken again, by newOp
	quit   bool
	bell   chan struct{} // rung, like wake, when one of the above has changed; capacity 1

	broken  atomic.Pointer[error] // why every call fails from now on
	closed  atomic.Bool
	told    atomic.Bool   // an abort is known to all, or about to be
	aborted chan struct{} // closed when the abort has been sent to all
	ended   chan struct{} // closed when the MPI thread has ended its work for this world
	closing sync.Once
	final   error // what Close returns

	watchdog *time.Timer // over collectives
	operand  []byte      // scratch of collect

	// The engine's own.
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

// submit hands an operation to the engine, which ends it in any case. It fails once the world is closed.
func (w *world) submit(o *op) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.quit {
		return transport.ErrClosed
	}
	w.inbox = append(w.inbox, o)
	wake.set() // whoever drives at the moment looks into the inbox
	return nil
}

// ring wakes the loop.
func (w *world) ring() {
	wake.set()
	select {
	case w.bell <- struct{}{}:
	default:
	}
}

// turn does what callers want and moves on what MPI has finished, as turn number i of a row in which nothing may have
// happened. The caller holds the engine. It returns whether anything happened, and whether the world is to end.
func (w *world) turn(i int) (busy, quit bool) {
	wake.clear()
	busy, quit = w.take()
	if w.look() {
		return true, quit
	}
	if w.telling && w.outgoing == 0 {
		w.telling = false
		close(w.aborted)
	}
	if i%bursts == bursts-1 {
		w.giveUp()
	}
	return busy, quit
}

// loop lets MPI work where no caller does: on what was posted and is not yet waited for, and on words from others. It ends
// when quit is set, holding the engine for good.
func (w *world) loop() {
	clock := time.NewTimer(time.Hour)
	defer clock.Stop()
	for i, length := 0, napMin; ; i++ {
		idle := false
		if w.engine.TryLock() {
			busy, quit := w.turn(i)
			if quit {
				return
			}
			if busy {
				i, length = 0, napMin
			}
			idle = w.running+w.outgoing == 0 && i > 1
			w.engine.Unlock()
		}
		if idle {
			<-w.bell
			i, length = 0, napMin
			continue
		}
		clock.Reset(length)
		select {
		case <-w.bell:
		case <-clock.C:
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
