//go:build mpi && cgo && !windows

package mpi

// Entering and leaving MPI's world.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	gompi "github.com/sbromberger/gompi"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// Available says whether this binary was built with MPI.
const Available = true

const (
	defaultCloseTimeout = 10 * time.Minute
	brokenCloseTimeout  = grace           // after a failure: the others were told, and fail as well, or are lost
	finalizeTimeout     = 5 * time.Second // for MPI_Finalize, which all ranks are about to call, and MPI_Abort
)

// state is what this process has done with MPI so far, which can be done once.
var state struct {
	mu       sync.Mutex
	started  bool // by us; the MPI thread's own
	finished bool
	open     bool // a world is
}

// Open starts MPI, if it is not yet started, and joins the world of all ranks that the launcher started. It waits for all
// of them. There is one world at a time, and, unless c.Keep was set, one in the life of a process.
//
// The result implements transport.Exchanger, Poster, Aborter and Native.
func Open(ctx context.Context, c Config) (transport.Transport, error) {
	state.mu.Lock()
	defer state.mu.Unlock()
	switch {
	case state.finished:
		return nil, errors.New("mpi: Open: this process has left MPI already, and MPI lets it in only once")
	case state.open:
		return nil, errors.New("mpi: Open: this process is in MPI's world already")
	}
	w := &world{
		cfg: c, bell: make(chan struct{}, 1), aborted: make(chan struct{}), ended: make(chan struct{}),
		streams: map[stream]*op{}, listening: -1,
	}
	if err := await(ctx, "MPI_Init", w.init); err != nil {
		state.finished = true // and its thread, perhaps, still at it
		return nil, err
	}
	if c.Size > 0 && (w.size != c.Size || w.rank != c.Rank) {
		return nil, fmt.Errorf("mpi: the environment of %s says rank %d of %d, but the MPI of this binary says rank %d of %d: "+
			"start it with the mpirun of the MPI it was built with", c.Launcher, c.Rank, c.Size, w.rank, w.size)
	}
	if err := await(ctx, "MPI_Comm_idup", func() error { return w.enter(ctx) }); err != nil {
		state.finished = true
		return nil, err
	}
	state.open = true
	onThread(func() {
		defer close(w.ended)
		w.loop()
		w.final = w.shutdown()
	})
	return w, nil
}

// init starts MPI.
func (w *world) init() error {
	if !state.started {
		if gompi.IsOn() {
			return errors.New("mpi: Open: MPI has been started by somebody else, on a thread of theirs")
		}
		if err := initMPI(); err != nil {
			return err
		}
		state.started = true
	}
	w.rank, w.size = gompi.WorldRank(), gompi.WorldSize()
	w.gone = make([]bool, w.size)
	w.gone[w.rank] = true
	return nil
}

// enter makes the communicators, and opens an ear.
func (w *world) enter(ctx context.Context) (err error) {
	if w.tags, err = openStart(); err != nil {
		return err
	}
	for {
		done, err := openTest()
		if err != nil {
			return err
		}
		if done {
			break
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		time.Sleep(200 * time.Microsecond)
	}
	return w.listen()
}

// Close implements transport.Transport. It waits until all ranks have called it, as MPI ends for all at once; if one does
// not come in time (Config.CloseTimeout) it says so on standard error and ends the whole job.
func (w *world) Close() error {
	w.closing.Do(func() {
		w.closed.Store(true)
		w.mu.Lock()
		w.quit = true
		w.mu.Unlock()
		w.ring()
		<-w.ended
		state.mu.Lock()
		defer state.mu.Unlock()
		state.open, state.finished = false, !w.cfg.Keep
	})
	return w.final
}

// shutdown leaves the world, after loop, on the MPI thread.
func (w *world) shutdown() error {
	timeout, why := w.cfg.CloseTimeout, w.broken.Load()
	switch {
	case timeout != 0:
	case why != nil || w.running > 0:
		timeout = brokenCloseTimeout
	default:
		timeout = defaultCloseTimeout
	}
	w.fail(transport.ErrClosed)
	w.tell(controlClose, nil)
	if !w.pump(timeout, func() bool { return w.running+w.outgoing == 0 && len(w.missing()) == 0 }) {
		text := fmt.Sprintf("tutti: mpi: rank %d: closing: within %v, ranks %v have not closed, and %d messages were not taken",
			w.rank, timeout, w.missing(), w.running+w.outgoing)
		if why != nil {
			text += fmt.Sprintf(", after: %v", *why)
		}
		die(text)
	}
	cancelRequest(w.listening)
	w.pump(time.Second, func() bool { return w.listening < 0 })
	for _, b := range w.blocks {
		b.free()
	}
	err := closeComms()
	if !w.cfg.Keep {
		watchdog := time.AfterFunc(finalizeTimeout, func() {
			fmt.Fprintf(os.Stderr, "tutti: mpi: rank %d: MPI_Finalize does not return\n", w.rank)
			os.Exit(1)
		})
		defer watchdog.Stop()
		gompi.Stop()
	}
	return err
}

// pump lets MPI work until cond holds; false if that takes longer than timeout.
func (w *world) pump(timeout time.Duration, cond func() bool) bool {
	nap := napMin
	for end := time.Now().Add(timeout); !cond(); {
		if time.Now().After(end) {
			return false
		}
		if w.look() {
			nap = napMin
			continue
		}
		time.Sleep(nap)
		nap = min(2*nap, 20*napMax)
	}
	return true
}

// missing lists the ranks that have not closed.
func (w *world) missing() (ranks []int) {
	for r, gone := range w.gone {
		if !gone {
			ranks = append(ranks, r)
		}
	}
	return ranks
}

// Finish ends MPI in a process that has closed a world opened with Config.Keep.
func Finish() {
	state.mu.Lock()
	defer state.mu.Unlock()
	if !state.open && !state.finished {
		state.finished = true
		<-onThread(func() {
			if state.started {
				gompi.Stop()
			}
		})
	}
}

// die ends all ranks' processes.
func die(text string) {
	fmt.Fprintln(os.Stderr, text+": ending the job (MPI_Abort)")
	time.AfterFunc(finalizeTimeout, func() { os.Exit(1) })
	gompi.NewCommunicator(nil).Abort(1)
}
