package collectives

// This file says what a call is and how two ranks compare theirs; exchange.go moves the data.

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// kind is which operation a call is. The values travel on the wire.
type kind uint8

const (
	kindAllReduce kind = 1 + iota
	kindReduce
	kindReduceScatter
	kindAllGather
	kindGather
	kindAllGatherV
	kindAllToAll
	kindAllToAllV
	kindBroadcast
	kindBarrier
	kindScatter
	kindSplit
	kindSend
	kindAllReduceCompressed
	kindTune
	kindAllToAllCompressed
	kindAllReduceRows
)

var kindNames = [...]string{"none", "AllReduce", "Reduce", "ReduceScatter", "AllGather", "Gather", "AllGatherV", "AllToAll", "AllToAllV", "Broadcast", "Barrier",
	"Scatter", "Split", "Send", "AllReduceCompressed", "Tune", "AllToAllCompressed", "AllReduceRows"}

func (k kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("operation %d", uint8(k))
}

// call is one operation in progress: what the caller asked for, and what the algorithms need to do it.
type call struct {
	kind  kind
	dtype transport.DType
	op    Op
	root  int
	n     int    // elements in buf; 0 where the ranks' lengths may differ
	buf   []byte // the caller's memory
	do    func(*call) error

	sends, recvs byteSlices // of AllToAll, in place of buf

	g       *Group
	seq     uint64 // which operation of the group this is, from 1
	alg     Algorithm
	ctx     context.Context
	tag     transport.Tag // of this call's data; the lowest two bits are free to tell phases apart
	offsets []int         // where each rank's part of buf begins and the last ends, in bytes; nil: slices
	agreed  bool          // the opening has been done

	// Who takes part: the group's members, or some of them, numbered from 0.
	rank, size int
	ranks      []int // their ranks in the world; nil: the same
}

// abs returns the rank in the world of participant r.
func (c *call) abs(r int) int {
	if c.ranks == nil {
		return r
	}
	return c.ranks[r]
}

// left and right are the neighbours in the ring of participants.
func (c *call) left() int  { return (c.rank + c.size - 1) % c.size }
func (c *call) right() int { return (c.rank + 1) % c.size }

// release lets go of what belongs to the caller.
func (c *call) release() {
	c.buf, c.ctx, c.do, c.sends, c.recvs = nil, nil, nil, byteSlices{}, byteSlices{}
}

// The header that opens every operation, little-endian:
//
//	magic u32 · kind u8 · dtype u8 · op u8 · algorithm u8 · seq u64 · n u64 · root u32 · zero u32
const headerLen = 32

const headerMagic = 0x54554f50 // "TUOP"

// A tag is the group's number, from bit idShift on, and below it what the message is for: data carry a digest of the
// header, in bits 2 to 21, and their phase; openTag is that of headers, and sendTag those of Send, its header's and its
// data's. No digest is 0, so none of these can be data's.
const (
	idShift               = 22
	openTag transport.Tag = 1
	sendTag transport.Tag = 2
)

func (c *call) header(p []byte) {
	le := binary.LittleEndian
	le.PutUint32(p, headerMagic)
	p[4], p[5], p[6], p[7] = byte(c.kind), byte(c.dtype), byte(c.op), byte(c.alg)
	le.PutUint64(p[8:], c.seq)
	le.PutUint64(p[16:], uint64(c.n))
	le.PutUint32(p[24:], uint32(c.root))
	le.PutUint32(p[28:], 0)
}

// digest returns 20 bits of the header, not all 0, that differ, nearly always, for calls that differ. It is part of every
// tag, so that data from a rank that is doing something else is never taken for ours.
func digest(header []byte) transport.Tag {
	return max(1, transport.Tag(crc32.ChecksumIEEE(header[:headerLen])>>12))
}

// compare returns an error naming both ranks and the first values in which header p of rank left, a rank in the world,
// differs from this call.
func (c *call) compare(left int, p []byte) error {
	le := binary.LittleEndian
	differ := func(what string, theirs, ours any) error {
		return fmt.Errorf("%w: %s: %v on rank %d, %v on rank %d", transport.ErrMismatch, what, theirs, left, ours, c.abs(c.rank))
	}
	switch n := le.Uint64(p[16:]); {
	case le.Uint32(p) != headerMagic:
		return differ("protocol", fmt.Sprintf("%#x", le.Uint32(p)), fmt.Sprintf("%#x", headerMagic))
	case le.Uint64(p[8:]) != c.seq:
		return differ("operation number", le.Uint64(p[8:]), c.seq)
	case kind(p[4]) != c.kind:
		return differ("operation", kind(p[4]), c.kind)
	case n != uint64(c.n):
		return differ("length", n, c.n)
	case transport.DType(p[5]) != c.dtype:
		return differ("element type", transport.DType(p[5]), c.dtype)
	case Op(p[6]) != c.op:
		return differ("reduction", Op(p[6]), c.op)
	case le.Uint32(p[24:]) != uint32(c.root) && (c.kind == kindAllReduceCompressed || c.kind == kindAllToAllCompressed):
		return differ("compression", Wire(le.Uint32(p[24:])), Wire(c.root))
	case le.Uint32(p[24:]) != uint32(c.root) && c.kind == kindAllReduceRows:
		return differ("width", le.Uint32(p[24:]), c.root)
	case le.Uint32(p[24:]) != uint32(c.root):
		return differ("root", le.Uint32(p[24:]), c.root)
	case Algorithm(p[7]) != c.alg:
		return differ("algorithm", Algorithm(p[7]), c.alg)
	}
	return nil
}
