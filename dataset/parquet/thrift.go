package parquet

import (
	"encoding/binary"
	"errors"
	"io"
)

// The types of Thrift's compact protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

// maxDepth is how deep structs may lie in each other: of Thrift, and of a schema.
const maxDepth = 64

var errThrift = errors.New("malformed Thrift")

// thrift reads Thrift's compact protocol from memory. The first error stays, and everything after it reads as zero.
// A length is held against the bytes that are left before it is believed, so what a reader makes of the bytes is
// never much larger than they are.
//
// Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
type thrift struct {
	b   []byte
	i   int
	err error
}

func (r *thrift) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.i = len(r.b)
}

func (r *thrift) byte() byte {
	if r.i >= len(r.b) {
		r.fail(io.ErrUnexpectedEOF)
		return 0
	}
	r.i++
	return r.b[r.i-1]
}

func (r *thrift) uvarint() uint64 {
	u, n := binary.Uvarint(r.b[r.i:])
	if n <= 0 {
		if n == 0 {
			r.fail(io.ErrUnexpectedEOF)
		} else {
			r.fail(errThrift)
		}
		return 0
	}
	r.i += n
	return u
}

// int is an i16, i32 or i64.
func (r *thrift) int() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// bytes are a binary or a string; they share the reader's memory.
func (r *thrift) bytes() []byte {
	n := r.uvarint()
	if n > uint64(len(r.b)-r.i) {
		r.fail(io.ErrUnexpectedEOF)
		return nil
	}
	r.i += int(n)
	return r.b[r.i-int(n) : r.i : r.i]
}

// list calls item for each element of a list, which must be of type want; one of another type is skipped.
func (r *thrift) list(want byte, item func()) {
	h := r.byte()
	n, typ := uint64(h>>4), h&15
	if n == 15 {
		n = r.uvarint()
	}
	if n > uint64(len(r.b)-r.i) { // an element takes at least a byte
		r.fail(io.ErrUnexpectedEOF)
		return
	}
	for ; n > 0 && r.err == nil; n-- {
		if typ == want {
			item()
		} else {
			r.skip(typ, true, 0)
		}
	}
}

// fields calls f for each field of a struct. f reads the field and returns true, or leaves it alone and returns
// false.
func (r *thrift) fields(f func(id int, typ byte) bool) {
	for id := 0; r.err == nil; {
		h := r.byte()
		typ := h & 15
		if typ == 0 {
			return
		}
		if h>>4 != 0 {
			id += int(h >> 4)
		} else {
			id = int(r.int())
		}
		if r.err == nil && !f(id, typ) {
			r.skip(typ, false, 0)
		}
	}
}

// skip reads over a value. Booleans lie in the header of a field, but take a byte in a list.
func (r *thrift) skip(typ byte, inList bool, depth int) {
	if depth > maxDepth {
		r.fail(errThrift)
		return
	}
	switch typ {
	case thriftTrue, thriftFalse:
		if inList {
			r.byte()
		}
	case thriftByte:
		r.byte()
	case thriftI16, thriftI32, thriftI64:
		r.uvarint()
	case thriftDouble:
		if len(r.b)-r.i < 8 {
			r.fail(io.ErrUnexpectedEOF)
			return
		}
		r.i += 8
	case thriftBinary:
		r.bytes()
	case thriftList, thriftSet:
		h := r.byte()
		n := uint64(h >> 4)
		if n == 15 {
			n = r.uvarint()
		}
		if n > uint64(len(r.b)-r.i) {
			r.fail(io.ErrUnexpectedEOF)
			return
		}
		for ; n > 0 && r.err == nil; n-- {
			r.skip(h&15, true, depth+1)
		}
	case thriftMap:
		n := r.uvarint()
		if n == 0 {
			return
		}
		h := r.byte()
		if n > uint64(len(r.b)-r.i) {
			r.fail(io.ErrUnexpectedEOF)
			return
		}
		for ; n > 0 && r.err == nil; n-- {
			r.skip(h>>4, true, depth+1)
			r.skip(h&15, true, depth+1)
		}
	case thriftStruct:
		for r.err == nil {
			h := r.byte()
			if h&15 == 0 {
				return
			}
			if h>>4 == 0 {
				r.int()
			}
			r.skip(h&15, false, depth+1)
		}
	default:
		r.fail(errThrift)
	}
}
