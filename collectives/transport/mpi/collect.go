//go:build mpi && cgo && !windows

package mpi

// MPI's blocking collectives, and the watchdog over them.

import (
	"fmt"
	"os"
	"time"
)

// defaultLimit bounds a collective whose caller has no deadline, and grace is what one gets beyond its deadline once it
// has begun: all ranks were there.
const (
	defaultLimit = 10 * time.Minute
	grace        = 2 * time.Second
)

// collect runs a collective for which all ranks are there, chunk by chunk, so that the chunks stay in the cache between
// what MPI does with them and counts stay within MPI's.
func (w *world) collect(o *op) error {
	o.mu.Lock() // its caller cannot leave while MPI works on its memory
	defer o.mu.Unlock()
	if o.left {
		return errLeft
	}
	w.guard(o)
	defer w.watchdog.Stop()
	for ; o.off < o.total; o.off += o.step {
		o.step = min(o.total-o.off, chunkLen)
		var src, dst []byte
		if o.src != nil {
			src = o.src[o.off:][:o.step]
		}
		if o.dst != nil {
			dst = o.dst[o.off:][:o.step]
		}
		var err error
		switch o.kind {
		case opAllReduce:
			err = allreduce(src, dst, o.dtype, o.red)
		case opReduce:
			if dst != nil { // MPICH 4.0 does not survive MPI_IN_PLACE at a root other than 0
				w.operand = append(w.operand[:0], src...)
				src = w.operand
			}
			err = reduce(src, dst, o.dtype, o.red, o.peer)
		case opBroadcast:
			err = bcast(dst, o.peer)
		}
		if err != nil {
			return fmt.Errorf("mpi: rank %d of %d: %w", w.rank, w.size, err)
		}
	}
	return nil
}

// guard sets the watchdog on o.
func (w *world) guard(o *op) {
	left := defaultLimit
	if !o.limit.IsZero() {
		left = max(0, time.Until(o.limit)) + grace
	}
	if w.watchdog == nil {
		w.watchdog = time.AfterFunc(left, w.bark)
		return
	}
	w.watchdog.Reset(left)
}

// bark ends this process, and the launcher with it the job: MPI cannot be called, as it has not returned.
func (w *world) bark() {
	fmt.Fprintf(os.Stderr, "tutti: mpi: rank %d of %d: a collective that all ranks had begun has not ended in time: one of them is "+
		"lost or frozen, and MPI cannot go on without it: ending the job\n", w.rank, w.size)
	os.Exit(1)
}
