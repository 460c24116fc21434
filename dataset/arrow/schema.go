package arrow

import (
	"encoding/binary"
	"fmt"
)

// checkSchemaMessage checks that the vectors in the metadata of an Arrow schema message are no longer than the message.
//
// Arrow's reader makes a slice of as many fields, children and metadata entries as a vector says it has, before it looks at
// the first: four wrong bytes in a file would end the program for want of memory, which no recover can catch.
func checkSchemaMessage(meta []byte) error {
	b := flatbuffer{data: meta, budget: len(meta)}
	message := b.follow(0)
	if schema := b.field(message, 2); schema != 0 { // Message.header
		b.schema(b.follow(schema))
	}
	return b.err
}

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

// maxNesting is the depth to which Arrow's reader itself follows nested columns; its schema reader has no limit of its own.
const maxNesting = 64

// Field numbers are positions in Arrow's Schema.fbs and Message.fbs.
func (b *flatbuffer) schema(table int) {
	b.vector(b.field(table, 1), b.fieldTable) // Schema.fields
	b.vector(b.field(table, 2), nil)          // Schema.custom_metadata
}

func (b *flatbuffer) fieldTable(table int) {
	if b.depth++; b.depth > maxNesting {
		b.fail("fields are nested more than %d deep", maxNesting)
	}
	b.vector(b.field(table, 5), b.fieldTable) // Field.children
	b.vector(b.field(table, 6), nil)          // Field.custom_metadata
	b.depth--
}

// vector checks the vector that the field at position pos refers to, and calls visit, if any, with each table in it.
func (b *flatbuffer) vector(pos int, visit func(table int)) {
	if pos == 0 || b.err != nil {
		return
	}
	pos = b.follow(pos)
	n := int(b.uint32(pos))
	if n < 0 || n > (len(b.data)-pos)/4 || n > b.budget {
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
func (b *flatbuffer) follow(pos int) int { return pos + int(b.uint32(pos)) }

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

func (b *flatbuffer) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf("schema of %d bytes: %s", len(b.data), fmt.Sprintf(format, args...))
	}
}
