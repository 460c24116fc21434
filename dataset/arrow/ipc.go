package arrow

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/tutti-ml/tutti/dataset"
)

// This file is the edge where Arrow's own reader meets bytes that nobody vouches for. That reader panics on many corrupt
// files, and allocates what they claim. So it is given whole messages, each read and bounded here, an allocator with a limit,
// a schema whose vectors have been counted (arrowschema.go), and its panics become errors.

// readIPC reads the schema and the record batches of an IPC stream into t.
func readIPC(stream io.Reader, t *arrowTable) (err error) {
	// Arrow panics where a corrupt file breaks an assumption, also late, when a column is first looked at.
	defer func() {
		if p := recover(); p != nil {
			err = dataset.Malformed(t.file, "corrupt Arrow data: %v", p)
		}
	}()
	in := bufio.NewReaderSize(stream, 1<<16)
	if err := isArrow(in); err != nil {
		return dataset.Malformed(t.file, "%w", err)
	}
	messages := &messageReader{r: in, alloc: &limitedAllocator{max: t.config.MaxBytes}}
	reader, err := ipc.NewReaderFromMessageReader(messages, ipc.WithAllocator(messages.alloc))
	if err != nil {
		return dataset.Malformed(t.file, "%w", err)
	}
	defer reader.Release()
	if err := t.schema(reader.Schema()); err != nil {
		return err
	}
	for reader.Next() {
		if err := t.record(reader.Record()); err != nil {
			return err
		}
	}
	if err := reader.Err(); err != nil {
		return dataset.Malformed(t.file, "%w", err)
	}
	return nil
}

// isArrow returns an error for a stream whose first bytes are those of another format. Bytes of no format it knows may
// be of an old stream, which has no marker.
func isArrow(in *bufio.Reader) error {
	if start, _ := in.Peek(4); len(start) == 4 && binary.LittleEndian.Uint32(start) == marker {
		return nil
	}
	head, _ := in.Peek(512)
	if what := dataset.LooksLike(head); what != "" {
		return fmt.Errorf("is %s, want an Arrow IPC file, as pandas' DataFrame.to_feather makes", what)
	}
	return nil
}

// marker begins a message.
const marker = 0xffffffff

// arrowMagic is what a file, not a stream, begins and ends with.
const arrowMagic = "ARROW1"

// streamIn returns the stream inside the IPC file of size bytes in r: the file format is a stream between two magics, with a
// footer for random access behind the stream, of which no more is needed here than where it begins.
//
//	"ARROW1" 0 0 | stream | footer | length of the footer, int32 | "ARROW1"
func streamIn(r io.ReaderAt, size int64) (io.Reader, error) {
	const head, tail = int64(len(arrowMagic) + 2), int64(4 + len(arrowMagic))
	if size < head+tail {
		return nil, fmt.Errorf("cut short: %d bytes, an Arrow file has at least %d", size, head+tail)
	}
	var end [tail]byte
	if _, err := r.ReadAt(end[:], size-tail); err != nil {
		return nil, err
	}
	if string(end[4:]) != arrowMagic {
		return nil, fmt.Errorf("cut short: ends with %q, want %q", end[4:], arrowMagic)
	}
	footer := int64(int32(binary.LittleEndian.Uint32(end[:])))
	if footer < 0 || footer > size-head-tail {
		return nil, fmt.Errorf("footer claims %d bytes, there are %d", footer, size-head-tail)
	}
	return io.NewSectionReader(r, head, size-head-tail-footer), nil
}

// messageReader cuts the stream into messages. It is an ipc.MessageReader.
//
// A message is a marker of four bytes FF, the length of its metadata (int32), the metadata (a flatbuffer that says, among
// others, how long the body is) and the body. Length 0, or nothing more at all, ends the stream. Files from before Arrow 0.15
// have no marker.
type messageReader struct {
	r      io.Reader
	alloc  *limitedAllocator
	schema bool // has been read
	ended  bool // by length 0
}

// Retain and Release count references in other readers; this one holds nothing that needs giving back.
func (m *messageReader) Retain()  {}
func (m *messageReader) Release() {}

// Message returns the next message, io.EOF after the last.
func (m *messageReader) Message() (*ipc.Message, error) {
	if m.ended {
		return nil, io.EOF
	}
	m.alloc.used = 0 // the message before is done with
	var word [4]byte
	if _, err := io.ReadFull(m.r, word[:]); err != nil {
		return nil, err // io.EOF exactly between two messages
	}
	if binary.LittleEndian.Uint32(word[:]) == marker {
		if _, err := io.ReadFull(m.r, word[:]); err != nil {
			return nil, cutShort(err)
		}
	}
	length := int32(binary.LittleEndian.Uint32(word[:]))
	if length == 0 {
		m.ended = true
		return nil, io.EOF
	}
	meta, err := m.read(int64(length))
	if err != nil {
		return nil, err
	}
	if !m.schema {
		if err := checkSchemaMessage(meta); err != nil {
			return nil, err
		}
		m.schema = true
	}
	head := memory.NewBufferBytes(meta)
	body, err := m.read(ipc.NewMessage(head, memory.NewBufferBytes(nil)).BodyLen())
	if err != nil {
		return nil, err
	}
	return ipc.NewMessage(head, memory.NewBufferBytes(body)), nil
}

// read returns the next n bytes. It never holds more than twice what was really there, whatever n claims.
func (m *messageReader) read(n int64) ([]byte, error) {
	if n < 0 || n > m.alloc.max {
		return nil, fmt.Errorf("a message claims %d bytes, the limit is %d", n, m.alloc.max)
	}
	var data []byte
	for int64(len(data)) < n {
		have := len(data)
		more := int(min(n-int64(have), int64(max(have, 1<<20))))
		data = slices.Grow(data, more)[:have+more]
		if _, err := io.ReadFull(m.r, data[have:]); err != nil {
			return nil, cutShort(err)
		}
	}
	return data, nil
}

// cutShort turns io.EOF into an error: the reader above takes it for a proper end.
func cutShort(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// limitedAllocator panics, as the allocators of Arrow have no other way, rather than hold more than max bytes for one message:
// a corrupt length is an error then, and not the end of the program.
type limitedAllocator struct {
	memory.GoAllocator
	used, max int64
}

func (a *limitedAllocator) Allocate(size int) []byte {
	if size < 0 || int64(size) > a.max-a.used {
		panic(fmt.Sprintf("a buffer claims %d bytes, the limit is %d", size, a.max))
	}
	a.used += int64(size)
	return a.GoAllocator.Allocate(size)
}

func (a *limitedAllocator) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		return b[:size]
	}
	grown := a.Allocate(size)
	copy(grown, b)
	return grown
}

// hasViews reports whether dt is or holds one of the view types, whose number of buffers the file claims without bound.
func hasViews(dt arrow.DataType) bool {
	switch dt := dt.(type) {
	case arrow.BinaryViewDataType:
		return true
	case *arrow.DictionaryType:
		return hasViews(dt.ValueType)
	case arrow.NestedType:
		return slices.ContainsFunc(dt.Fields(), func(f arrow.Field) bool { return hasViews(f.Type) })
	}
	return false
}
