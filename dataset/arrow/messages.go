package arrow

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/endian"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/tutti-ml/tutti/dataset"
)

// This file walks over the messages of a file, and reads their metadata and no values.
//
//	stream: message, message, … , end: length 0, or nothing
//	file:   "ARROW1" 0 0 | stream | footer | length of the footer, int32 | "ARROW1"
//	message: FF FF FF FF | length of the metadata, int32 | metadata: a flatbuffer | body, as long as the metadata says
//
// Files from before Arrow 0.15 have no marker FF FF FF FF. The footer lists where the messages lie, but not how many rows
// they have, so that it saves nothing.

const (
	marker     = 0xffffffff // begins a message
	arrowMagic = "ARROW1"   // what a file, not a stream, begins and ends with
)

// place is where a message lies.
type place struct {
	meta  int64 // of its metadata
	size  int32 // of its metadata, bytes
	body  int64 // of its body
	bytes int64 // of its body
}

// bounds returns where the stream lies in r, and whether it lies in the file format. Its error is for bytes of another
// format.
func bounds(r io.ReaderAt, size int64) (lo, hi int64, file bool, err error) {
	head := make([]byte, min(512, size))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return 0, 0, false, err
	}
	if !bytes.HasPrefix(head, []byte(arrowMagic)) {
		return 0, size, false, isArrow(head)
	}
	const head8, tail = int64(len(arrowMagic) + 2), int64(4 + len(arrowMagic))
	if size < head8+tail {
		return 0, 0, true, fmt.Errorf("cut short: %d bytes, an Arrow file has at least %d", size, head8+tail)
	}
	var end [tail]byte
	if _, err := r.ReadAt(end[:], size-tail); err != nil {
		return 0, 0, true, err
	}
	if string(end[4:]) != arrowMagic {
		return 0, 0, true, fmt.Errorf("cut short: ends with %q, want %q", end[4:], arrowMagic)
	}
	footer := int64(int32(binary.LittleEndian.Uint32(end[:])))
	if footer < 0 || footer > size-head8-tail {
		return 0, 0, true, fmt.Errorf("footer claims %d bytes, there are %d", footer, size-head8-tail)
	}
	return head8, size - tail - footer, true, nil
}

// isArrow returns an error for a stream whose first bytes are those of another format. Bytes of no format it knows may
// be of an old stream, which has no marker.
func isArrow(head []byte) error {
	if len(head) >= 4 && binary.LittleEndian.Uint32(head) == marker {
		return nil
	}
	if what := dataset.LooksLike(head); what != "" {
		return fmt.Errorf("is %s, want an Arrow IPC file, as pandas' DataFrame.to_feather makes", what)
	}
	return nil
}

// walk calls fn with each message between bytes lo and hi of r. Neither metadata nor bodies reach past hi.
func walk(ctx context.Context, r io.ReaderAt, lo, hi, limit int64, fn func(m *message, meta []byte, at place) error,
) error {
	const ahead = 4096 // most messages' metadata is shorter: one read
	buf := make([]byte, ahead)
	for at := lo; at < hi; {
		if err := ctx.Err(); err != nil {
			return err
		}
		head := buf[:min(ahead, hi-at)]
		if _, err := r.ReadAt(head, at); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(head) < 4 {
			return io.ErrUnexpectedEOF
		}
		prefix := int64(4)
		word := binary.LittleEndian.Uint32(head)
		if word == marker {
			if prefix = 8; len(head) < 8 {
				return io.ErrUnexpectedEOF
			}
			word = binary.LittleEndian.Uint32(head[4:])
		}
		length := int64(int32(word))
		if length == 0 {
			return nil
		}
		if length < 0 || length > limit {
			return fmt.Errorf("a message claims %d bytes, the limit is %d", length, limit)
		}
		if length > hi-at-prefix {
			return io.ErrUnexpectedEOF
		}
		meta := head[prefix:]
		if length <= int64(len(meta)) {
			meta = meta[:length]
		} else {
			meta = make([]byte, length)
			if _, err := r.ReadAt(meta, at+prefix); err != nil {
				return cutShort(err)
			}
		}
		m, err := parse(meta)
		if err != nil {
			return err
		}
		p := place{meta: at + prefix, size: int32(length), body: at + prefix + length, bytes: m.body}
		if m.body > hi-p.body {
			return fmt.Errorf("a message claims %d bytes, %d are left: %w", m.body, hi-p.body, io.ErrUnexpectedEOF)
		}
		if err := fn(m, meta, p); err != nil {
			return err
		}
		at = p.body + m.body
	}
	return nil
}

// cutShort turns io.EOF into an error that nobody takes for a proper end.
func cutShort(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// schemaOf reads a schema's message, which parse has checked, by Arrow's package. That panics on many corrupt ones.
func schemaOf(meta []byte) (s *arrow.Schema, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("corrupt Arrow data: %v", p)
		}
	}()
	var b bytes.Buffer
	binary.Write(&b, binary.LittleEndian, []uint32{marker, uint32(len(meta))})
	b.Write(meta)
	r, err := ipc.NewReader(bufio.NewReader(&b), ipc.WithAllocator(memory.NewGoAllocator()),
		ipc.WithEnsureNativeEndian(false))
	if err != nil {
		return nil, err
	}
	defer r.Release()
	if s = r.Schema(); s.Endianness() != endian.LittleEndian {
		return nil, errors.New("its numbers have their highest bytes first, which is not supported")
	}
	return s, nil
}
