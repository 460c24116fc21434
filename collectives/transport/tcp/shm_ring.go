package tcp

import (
	"sync/atomic"
	"unsafe"
)

// ring is a queue of bytes in memory that two processes share: one writes, the other reads.
//
//	  0  u64  head: bytes ever written; the writer's
//	128  u64  tail: bytes ever read; the reader's
//	256  u32  1: the reader sleeps and wants to be woken when there is something to read
//	384  u32  1: the writer sleeps and wants to be woken when there is room
//	512  u32  1: nothing more will be written
//	640       the bytes, a power of two of them; byte number i at i modulo that
//
// What one side changes has cache lines of its own. The counters come from another process, so each side keeps its own
// count by itself, and takes the other's for what it is only where it makes sense.
type ring struct {
	head, tail                 *atomic.Uint64
	readerAsleep, writerAsleep *atomic.Uint32
	shut                       *atomic.Uint32
	data                       []byte
	at                         uint64 // our own count: head if we write, tail if we read
}

const ringHead = 640

// ringCopy is how many bytes are copied before the other side may know: it works on them while the next are copied.
const ringCopy = 64 << 10

// newRing lays a ring over mem, which is aligned to 8 bytes, zero at first, and ringHead + a power of two bytes long.
func newRing(mem []byte) ring {
	u64 := func(at int) *atomic.Uint64 { return (*atomic.Uint64)(unsafe.Pointer(&mem[at])) }
	u32 := func(at int) *atomic.Uint32 { return (*atomic.Uint32)(unsafe.Pointer(&mem[at])) }
	return ring{head: u64(0), tail: u64(128), readerAsleep: u32(256), writerAsleep: u32(384), shut: u32(512), data: mem[ringHead:]}
}

// full returns how many bytes there are to read, for the reader. More than the ring holds means that the writer is mad.
func (r *ring) full() int { return int(r.head.Load() - r.at) }

// empty returns how many bytes there is room for, for the writer.
func (r *ring) empty() int { return len(r.data) - int(r.at-r.tail.Load()) }

// sane reports whether n, from full or empty, is possible.
func (r *ring) sane(n int) bool { return n >= 0 && n <= len(r.data) }

// read moves bytes to b, as many as there are and fit; full has said how many there are.
func (r *ring) read(b []byte, full int) int {
	b = b[:min(len(b), full)]
	for n := 0; n < len(b); {
		at := int(r.at) & (len(r.data) - 1)
		k := copy(b[n:min(len(b), n+ringCopy)], r.data[at:])
		n += k
		r.at += uint64(k)
		r.tail.Store(r.at)
	}
	return len(b)
}

// write moves bytes of b in, as many as there is room for; empty has said how much that is.
func (r *ring) write(b []byte, empty int) int {
	b = b[:min(len(b), empty)]
	for n := 0; n < len(b); {
		at := int(r.at) & (len(r.data) - 1)
		k := copy(r.data[at:], b[n:min(len(b), n+ringCopy)])
		n += k
		r.at += uint64(k)
		r.head.Store(r.at)
	}
	return len(b)
}
