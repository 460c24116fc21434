package tcp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// After the handshake a connection carries frames, each way numbered from 0. A frame is a header of 32 bytes, all numbers
// little-endian, and a payload:
//
//	 0  u8   type
//	 1  u8   zero
//	 2  u16  epoch, modulo 2¹⁶
//	 4  u32  tag            of a data frame
//	 8  u32  length         of the payload, in bytes
//	12  u32  CRC-32C of the payload; 0 in shared memory
//	16  u64  rest           bytes of the message not yet sent, this payload included
//	24  u32  sequence       number of this frame in its direction, modulo 2³²
//	28  u32  CRC-32C of bytes 0 to 27
//
// In shared memory the payload has no checksum: it does not leave the memory that holds the senders' and receivers' own
// buffers, and a pass over it would take a third of the speed.
//
// A message longer than maxFrame is cut into frames that follow each other, but for heartbeats and aborts between them.
const headerLen = 32

// maxFrame is the longest payload of a frame in bytes: long enough that system calls do not count, short enough that an
// abort need not wait long for its turn and that the second pass over the data, after the checksum's, finds it in cache.
const maxFrame = 512 << 10

type frameType uint8

const (
	frameData      frameType = 1 + iota
	frameHeartbeat           // I am alive
	frameAbort               // the job cannot go on; the payload says why
	frameBye                 // nothing follows: an orderly end
)

type frame struct {
	typ    frameType
	tag    uint32
	length uint32
	crc    uint32
	rest   uint64
	seq    uint32
	epoch  uint16
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// checksumCold is checksum for bytes that are not in the cache. hash/crc32 reads three streams at once where it is given
// 4 KiB or more, which is fastest from the cache, 20 GB/s, but defeats the processor's prefetching: from memory it reads
// 7 GB/s then, and 11 in pieces of 2 KiB.
func checksumCold(b []byte) (crc uint32) {
	for len(b) > 0 {
		n := min(len(b), 2<<10)
		crc = crc32.Update(crc, castagnoli, b[:n])
		b = b[n:]
	}
	return crc
}

var errCorrupt = errors.New("corrupt frame")

// put writes f's header into the first headerLen bytes of b.
func (f *frame) put(b []byte) {
	le := binary.LittleEndian
	le.PutUint16(b, uint16(f.typ))
	le.PutUint16(b[2:], f.epoch)
	le.PutUint32(b[4:], f.tag)
	le.PutUint32(b[8:], f.length)
	le.PutUint32(b[12:], f.crc)
	le.PutUint64(b[16:], f.rest)
	le.PutUint32(b[24:], f.seq)
	le.PutUint32(b[28:], checksum(b[:28]))
}

// parseFrame reads a header, which must be number seq of epoch, and checks all that can be checked without the payload.
func parseFrame(b []byte, seq uint32, epoch uint16) (frame, error) {
	le := binary.LittleEndian
	if got, want := checksum(b[:28]), le.Uint32(b[28:]); got != want {
		return frame{}, fmt.Errorf("%w: header checksum %#08x, computed %#08x", errCorrupt, want, got)
	}
	f := frame{typ: frameType(b[0]), epoch: le.Uint16(b[2:]), tag: le.Uint32(b[4:]), length: le.Uint32(b[8:]), crc: le.Uint32(b[12:]),
		rest: le.Uint64(b[16:]), seq: le.Uint32(b[24:])}
	switch {
	case f.seq != seq:
		return frame{}, fmt.Errorf("%w: number %d, want %d", errCorrupt, f.seq, seq)
	case f.epoch != epoch:
		return frame{}, fmt.Errorf("%w: epoch %d, want %d", errCorrupt, f.epoch, epoch)
	case f.typ < frameData || f.typ > frameBye || b[1] != 0:
		return frame{}, fmt.Errorf("%w: unknown type % x", errCorrupt, b[:2])
	case f.typ == frameData && (f.length > maxFrame || uint64(f.length) > f.rest || f.rest > maxMessage || f.length == 0 && f.rest > 0):
		return frame{}, fmt.Errorf("%w: %d bytes with %d to go", errCorrupt, f.length, f.rest)
	case f.typ == frameAbort && f.length > maxAbort, f.typ > frameData && f.typ != frameAbort && f.length > 0:
		return frame{}, fmt.Errorf("%w: type %d with %d bytes", errCorrupt, f.typ, f.length)
	}
	return f, nil
}

// maxMessage bounds the length a peer may announce.
const maxMessage = 1 << 46

// The payload of an abort: u32 the rank that was lost, u8 flags, text.
const (
	abortHead     = 5
	maxAbort      = 1 << 10
	abortMismatch = 1 // the cause is a disagreement between ranks
)

type abort struct {
	culprit  int
	mismatch bool
	text     string
}

func (a abort) marshal() []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(a.culprit))
	if a.mismatch {
		b = append(b, abortMismatch)
	} else {
		b = append(b, 0)
	}
	return append(b, a.text[:min(len(a.text), maxAbort-abortHead)]...)
}

func parseAbort(b []byte, size int) (abort, error) {
	if len(b) < abortHead {
		return abort{}, fmt.Errorf("%w: abort of %d bytes", errCorrupt, len(b))
	}
	culprit := binary.LittleEndian.Uint32(b)
	if culprit >= uint32(size) {
		return abort{}, fmt.Errorf("%w: abort names rank %d of %d", errCorrupt, culprit, size)
	}
	return abort{culprit: int(culprit), mismatch: b[4]&abortMismatch != 0, text: string(b[abortHead:])}, nil
}
