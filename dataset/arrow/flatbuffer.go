package arrow

import (
	"encoding/binary"
	"fmt"
	"math"
)

// flatbuffer walks the tables of a FlatBuffer with every access checked; after the first failure it returns zeros.
//
// A table begins with the signed distance back to its vtable; a vtable holds its size, the table's, and for each field its
// place in the table, 0 if absent. Fields of table, vector and string type hold the distance forward to the thing itself.
// Source: the FlatBuffers internals page.
type flatbuffer struct {
	data   []byte
	budget int // vector elements that may still be visited: a table needs at least a byte, so more is a trick
	depth  int // of fields within fields
	err    error
}

// maxNesting is the depth to which Arrow's reader itself follows nested columns; its schema reader has no limit.
const maxNesting = 64

// message is what the metadata of a message says. Field numbers are positions in Arrow's Message.fbs and Schema.fbs.
type message struct {
	kind    int64 // kindSchema, …
	version int64 // 3 is V4, 4 is V5
	body    int64 // bytes

	fields []field // of a schema

	// of a record batch, and of the one in a dictionary batch
	rows    int64
	nodes   [][2]int64 // length, nulls
	buffers [][2]int64 // offset, length
	codec   int64      // codecLZ4, codecZstd; -1: none

	dict  int64 // of a dictionary batch, the dictionary's number
	delta bool  // its words come after those before
}

// Values of Arrow's MessageHeader and CompressionType.
const (
	kindSchema     = 1
	kindDictionary = 2
	kindRecord     = 3

	codecNone = -1
	codecLZ4  = 0
	codecZstd = 1
)

// field is what is needed of a schema's field beside what Arrow's package tells: the number of its dictionary, if it
// has one.
type field struct {
	dict   int64
	coded  bool
	fields []field
}

// parse reads a message's metadata. It also checks that the vectors of a schema are no longer than the message: Arrow's
// reader makes a slice of as many fields, children and metadata entries as a vector says it has, before it looks at
// the first. Four wrong bytes in a file would end the program for want of memory, which no recover can catch.
func parse(meta []byte) (*message, error) {
	b := &flatbuffer{data: meta, budget: len(meta)}
	table := b.follow(0)
	m := &message{version: b.number(table, 0, 2, 0), kind: b.number(table, 1, 1, 0), body: b.number(table, 3, 8, 0),
		codec: codecNone}
	header := b.field(table, 2)
	if header == 0 {
		b.fail("it has no header")
		return nil, b.err
	}
	switch header = b.follow(header); m.kind {
	case kindSchema:
		b.vector(b.field(header, 1), func(table int) { m.fields = append(m.fields, b.fieldTable(table)) })
		b.vector(b.field(header, 2), nil) // Schema.custom_metadata
	case kindDictionary:
		m.dict, m.delta = b.number(header, 0, 8, 0), b.number(header, 2, 1, 0) != 0
		if at := b.field(header, 1); at != 0 {
			b.record(m, b.follow(at))
		} else {
			b.fail("a dictionary has no words")
		}
	case kindRecord:
		b.record(m, header)
	}
	if b.err == nil && m.body < 0 {
		b.fail("a message claims %d bytes", m.body)
	}
	return m, b.err
}

func (b *flatbuffer) record(m *message, table int) {
	m.rows, m.nodes, m.buffers = b.number(table, 0, 8, 0), b.pairs(table, 1), b.pairs(table, 2)
	if at := b.field(table, 3); at != 0 {
		m.codec = b.number(b.follow(at), 0, 1, codecLZ4)
	}
	if m.rows < 0 {
		b.fail("a batch claims %d rows", m.rows)
	}
	for i, r := range m.buffers {
		if r[0] < 0 || r[1] < 0 || r[0] > m.body-r[1] {
			b.fail("buffer %d claims %d bytes from byte %d on, its message has %d", i, r[1], r[0], m.body)
			return
		}
	}
}

func (b *flatbuffer) fieldTable(table int) (f field) {
	if b.depth++; b.depth > maxNesting {
		b.fail("fields are nested more than %d deep", maxNesting)
	}
	if at := b.field(table, 4); at != 0 {
		f.coded, f.dict = true, b.number(b.follow(at), 0, 8, 0)
	}
	b.vector(b.field(table, 5), func(table int) { f.fields = append(f.fields, b.fieldTable(table)) })
	b.vector(b.field(table, 6), nil) // Field.custom_metadata
	b.depth--
	return f
}

// vector checks the vector that the field at position pos refers to, and calls visit, if any, with each table in it.
func (b *flatbuffer) vector(pos int, visit func(table int)) {
	if pos == 0 || b.err != nil {
		return
	}
	pos = b.follow(pos)
	n := int(b.uint32(pos))
	if n < 0 || n > (len(b.data)-pos)/4 || n > b.budget { // an element takes 4 bytes at least
		b.fail("a vector claims %d elements", n)
		return
	}
	if b.budget -= n; visit == nil {
		return
	}
	for i := range n {
		if b.err == nil {
			visit(b.follow(pos + 4 + 4*i))
		}
	}
}

// field returns the position of field i of a table, or 0 if the table has none.
func (b *flatbuffer) field(table, i int) int {
	vtable := table - int(int32(b.uint32(table)))
	if entry := 4 + 2*i; entry < int(b.uint16(vtable)) {
		if at := b.uint16(vtable + entry); at != 0 && b.err == nil {
			return table + int(at)
		}
	}
	return 0
}

// follow returns the position that the reference at pos refers to.
func (b *flatbuffer) follow(pos int) int {
	to := int64(pos) + int64(b.uint32(pos))
	if to > math.MaxInt32 {
		b.fail("a reference leads to byte %d", to)
		return 0
	}
	return int(to)
}

func (b *flatbuffer) uint16(pos int) uint16 {
	if pos < 0 || pos > len(b.data)-2 {
		b.fail("a reference leads to byte %d", pos)
		return 0
	}
	return binary.LittleEndian.Uint16(b.data[pos:])
}

func (b *flatbuffer) uint32(pos int) uint32 {
	if pos < 0 || pos > len(b.data)-4 {
		b.fail("a reference leads to byte %d", pos)
		return 0
	}
	return binary.LittleEndian.Uint32(b.data[pos:])
}

func (b *flatbuffer) int64(pos int) int64 {
	if pos < 0 || pos > len(b.data)-8 {
		b.fail("a reference leads to byte %d", pos)
		return 0
	}
	return int64(binary.LittleEndian.Uint64(b.data[pos:]))
}

// number is a field of n bytes, unsigned; absent if the table has none.
func (b *flatbuffer) number(table, i, n int, absent int64) int64 {
	pos := b.field(table, i)
	switch {
	case pos == 0:
		return absent
	case n == 8:
		return b.int64(pos)
	case n == 2:
		return int64(b.uint16(pos))
	case pos < 0 || pos >= len(b.data):
		b.fail("a reference leads to byte %d", pos)
		return 0
	}
	return int64(b.data[pos])
}

// pairs returns the structs of two int64 in the vector that field i refers to.
func (b *flatbuffer) pairs(table, i int) [][2]int64 {
	pos := b.field(table, i)
	if pos == 0 || b.err != nil {
		return nil
	}
	pos = b.follow(pos)
	n := int(b.uint32(pos))
	if b.err == nil && (n < 0 || n > (len(b.data)-pos)/16) {
		b.fail("a vector claims %d elements", n)
	}
	if b.err != nil {
		return nil
	}
	list := make([][2]int64, n)
	for k := range list {
		list[k] = [2]int64{b.int64(pos + 4 + 16*k), b.int64(pos + 12 + 16*k)}
	}
	return list
}

func (b *flatbuffer) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf("metadata of %d bytes: %s", len(b.data), fmt.Sprintf(format, args...))
	}
}
