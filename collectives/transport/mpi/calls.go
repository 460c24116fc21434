//go:build mpi && cgo && !windows

package mpi

// The C side as Go sees it. Every function here is called by who holds the engine, see world. Messages pass through C
// memory, and MPI never holds a pointer to Go's; the collectives work on the callers' memory, and return.

// #cgo linux CFLAGS: -I/usr/lib/x86_64-linux-gnu/openmpi/include
// #cgo linux LDFLAGS: -L/usr/lib/x86_64-linux-gnu/openmpi/lib
// #cgo CFLAGS: -O2
// #cgo LDFLAGS: -lmpi -lm
// #include <stdlib.h>
// #include "calls.h"
import "C"

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// check turns an MPI error code into an error.
func check(call string, code C.int) error {
	if code == 0 {
		return nil
	}
	text := (*C.char)(C.malloc(512))
	defer C.free(unsafe.Pointer(text))
	C.tutti_error(code, text, 512)
	return fmt.Errorf("%s: %s", call, C.GoString(text))
}

// block is a piece of C memory that data passes through on its way between the caller's memory and MPI.
type block struct {
	p unsafe.Pointer
	b []byte // the same, as a slice
}

func newBlock(n int) *block {
	p := C.malloc(C.size_t(n))
	if p == nil {
		panic(fmt.Sprintf("mpi: out of memory: %d bytes", n))
	}
	return &block{p, unsafe.Slice((*byte)(p), n)}
}

func (b *block) free() { C.free(b.p) }

// signal is a word in C memory that tells tutti_poll to come back to Go.
type signal struct{ p *uint32 }

func newSignal() signal { return signal{(*uint32)(C.calloc(1, 4))} }

func (f signal) set()   { atomic.StoreUint32(f.p, 1) }
func (f signal) clear() { atomic.StoreUint32(f.p, 0) }

// wake brings the MPI thread back from poll.
var wake = newSignal()

// finish is what poll found finished: see tutti_done.
type finish = C.tutti_done

// poll looks at all requests up to `looks` times. The result lasts until the next call.
func poll(looks int, wake signal) ([]finish, error) {
	found := C.tutti_poll(C.int(looks), (*C.uint32_t)(wake.p))
	if err := check("MPI_Testsome", found.error); err != nil {
		return nil, err
	}
	return unsafe.Slice(found.done, found.n), nil
}

// openStart begins to make communicators. Each has tags tag values.
func openStart() (tags int64, err error) {
	var n C.int
	var t C.int64_t
	err = check("MPI_Comm_idup", C.tutti_open_start(&n, &t))
	return int64(t), err
}

func openTest() (bool, error) {
	var done C.int
	err := check("MPI_Comm_idup", C.tutti_open_test(&done))
	return done != 0, err
}

func closeComms() error { return check("MPI_Comm_free", C.tutti_close()) }

func makeSlots(n int) error { return check("MPI requests", C.tutti_slots(C.int(n))) }

func isend(slot int, b *block, n, to, comm, tag int) error {
	return check("MPI_Isend", C.tutti_isend(C.int(slot), b.p, C.int(n), C.int(to), C.int(comm), C.int(tag)))
}

func irecv(slot int, b *block, n, from, comm, tag int) error {
	return check("MPI_Irecv", C.tutti_irecv(C.int(slot), b.p, C.int(n), C.int(from), C.int(comm), C.int(tag)))
}

func controlSend(slot int, b *block, n, to int) error {
	return check("MPI_Isend", C.tutti_control_send(C.int(slot), b.p, C.int(n), C.int(to)))
}

func controlRecv(slot int, b *block, n int) error {
	return check("MPI_Irecv", C.tutti_control_recv(C.int(slot), b.p, C.int(n)))
}

func allreduce(src, dst []byte, d transport.DType, op transport.Op) error {
	return check("MPI_Allreduce", C.tutti_allreduce(pointer(src), pointer(dst), count(src, d), cType(d), cOp(op)))
}

func reduce(src, dst []byte, d transport.DType, op transport.Op, root int) error {
	return check("MPI_Reduce", C.tutti_reduce(pointer(src), pointer(dst), count(src, d), cType(d), cOp(op), C.int(root)))
}

func bcast(b []byte, root int) error {
	return check("MPI_Bcast", C.tutti_bcast(pointer(b), C.int(len(b)), C.int(root)))
}

func pointer(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

func count(b []byte, d transport.DType) C.int { return C.int(len(b) / d.Size()) }

// initMPI starts MPI.
func initMPI() error {
	var enough C.int
	if err := check("MPI_Init_thread", C.tutti_init(&enough)); err != nil {
		return err
	}
	if enough == 0 {
		return fmt.Errorf("MPI_Init_thread: this MPI cannot be called from more than one thread, even one at a time")
	}
	return nil
}

func ibarrier(slot int) error { return check("MPI_Ibarrier", C.tutti_ibarrier(C.int(slot))) }

func cancelRequest(slot int) error { return check("MPI_Cancel", C.tutti_cancel(C.int(slot))) }

func cType(d transport.DType) C.int {
	switch d {
	case transport.Float32:
		return C.TUTTI_FLOAT32
	case transport.Float64:
		return C.TUTTI_FLOAT64
	case transport.Int32:
		return C.TUTTI_INT32
	case transport.Int64:
		return C.TUTTI_INT64
	case transport.Uint8:
		return C.TUTTI_UINT8
	}
	panic(fmt.Sprintf("mpi: element type %v", d))
}

func cOp(op transport.Op) C.int {
	switch op {
	case transport.Sum:
		return C.TUTTI_SUM
	case transport.Min:
		return C.TUTTI_MIN
	case transport.Max:
		return C.TUTTI_MAX
	case transport.Prod:
		return C.TUTTI_PROD
	}
	panic(fmt.Sprintf("mpi: reduction %v", op))
}
