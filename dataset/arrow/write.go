package arrow

import (
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"

	"github.com/tutti-ml/tutti/dataset/table"
)

// Codec is how buffers are compressed.
type Codec int

// The codecs of Arrow IPC.
const (
	Uncompressed Codec = iota
	LZ4
	Zstd
)

// WriteConfig says how files are written. The zero value writes what any row range can be read of at its own cost.
type WriteConfig struct {
	Codec      Codec // default: Uncompressed
	BatchRows  int   // most rows of a record batch; default 65536
	BatchBytes int   // about the most bytes of values in a record batch, which the writer holds; default 16 MiB
	Stream     bool  // the stream format, in place of the file format
}

func (c *WriteConfig) fill() error {
	if c.BatchRows < 0 || c.BatchBytes < 0 || c.Codec < Uncompressed || c.Codec > Zstd {
		return fmt.Errorf("arrow: WriteConfig: BatchRows %d, BatchBytes %d, Codec %d, want none negative, Codec at most %d",
			c.BatchRows, c.BatchBytes, c.Codec, Zstd)
	}
	if c.BatchRows == 0 {
		c.BatchRows = 65536
	}
	if c.BatchBytes == 0 {
		c.BatchBytes = 16 << 20
	}
	return nil
}

// Create begins the file path of rows of a schema. It is written aside, and takes its name when it is closed. A Writer is
// for one goroutine.
//
// Open reads the columns that were written, but that a Decimal of more than 18 digits is the one nearest to its
// float64, and that a Span in days comes back in seconds. Times are written as timestamps of UTC.
func Create(path string, s table.Schema, c WriteConfig) (table.Writer, error) {
	if err := c.fill(); err != nil {
		return nil, err
	}
	p, err := table.Create(path)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	w, err := NewWriter(p, s, c)
	if err != nil {
		p.Abort()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	w.(*writer).name, w.(*writer).pending = path, p
	return w, nil
}

// NewWriter is Create for any io.Writer, which it does not close.
func NewWriter(to io.Writer, s table.Schema, c WriteConfig) (table.Writer, error) {
	if err := c.fill(); err != nil {
		return nil, err
	}
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	w := &writer{name: "an Arrow file", config: c, schema: s}
	var fields []arrow.Field
	for _, f := range s {
		t, err := arrowType(f.Type)
		if err != nil {
			return nil, fmt.Errorf("dataset: column %q: %w", f.Name, err)
		}
		fields = append(fields, arrow.Field{Name: f.Name, Type: t, Nullable: true})
	}
	w.arrow = arrow.NewSchema(fields, nil)
	options := []ipc.Option{ipc.WithSchema(w.arrow)}
	switch c.Codec {
	case LZ4:
		options = append(options, ipc.WithLZ4())
	case Zstd:
		options = append(options, ipc.WithZstd())
	}
	if c.Stream {
		w.to = ipc.NewWriter(to, options...)
	} else {
		fw, err := ipc.NewFileWriter(&counted{to, 0}, options...)
		if err != nil {
			return nil, fmt.Errorf("dataset: %w", err)
		}
		w.to = fw
	}
	w.rows.Reset(s)
	return w, nil
}

// counted tells Arrow's writer where it is, which is all that it seeks for.
type counted struct {
	io.Writer
	at int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.at += int64(n)
	return n, err
}

func (c *counted) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekCurrent {
		return c.at, fmt.Errorf("arrow: seek to %d in a file that is written once", offset)
	}
	return c.at, nil
}

type writer struct {
	name    string
	pending *table.Pending // nil: the caller's io.Writer
	to      interface {
		Write(arrow.Record) error
		Close() error
	}
	schema  table.Schema
	arrow   *arrow.Schema
	config  WriteConfig
	rows    table.Rows // of the next batch
	written int64      // rows before them
	err     error      // the first
	closed  bool
}

// Write implements table.Writer. An error is final: the file does not come to be.
func (w *writer) Write(ctx context.Context, r *table.Rows) error {
	if w.closed {
		panic("arrow: Write: " + w.name + " is closed")
	}
	if w.err != nil {
		return w.err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := w.schema.Takes(r); err != nil {
		return w.fail(err)
	}
	for lo := 0; lo < r.N; {
		hi := min(r.N, lo+1024, lo+w.config.BatchRows-w.rows.N) // so that a batch ends near its size
		w.rows.Append(r, lo, hi)
		lo = hi
		if w.rows.N >= w.config.BatchRows || bytesOf(&w.rows) >= w.config.BatchBytes {
			if err := w.flush(); err != nil {
				return w.fail(err)
			}
		}
	}
	return nil
}

// bytesOf is about the memory of rows.
func bytesOf(r *table.Rows) int {
	n := 0
	for i := range r.Columns {
		for c := &r.Columns[i]; c != nil; c = c.Elem {
			n += 8*(len(c.Ints)+len(c.Floats)+len(c.Offsets)) + 4*len(c.Floats32) + len(c.Data)
		}
	}
	return n
}

func (w *writer) fail(err error) error {
	w.err = fmt.Errorf("dataset: %s: %w", w.name, err)
	return w.err
}

func (w *writer) flush() error {
	columns := make([]arrow.Array, len(w.schema))
	for i := range columns {
		c := &w.rows.Columns[i]
		data, row, err := arrayOf(c, w.arrow.Field(i).Type)
		if err != nil {
			return fmt.Errorf("column %q, row %d: %w", c.Name, w.written+int64(row), err)
		}
		columns[i] = array.MakeFromData(data)
	}
	rec := array.NewRecord(w.arrow, columns, int64(w.rows.N))
	if err := w.to.Write(rec); err != nil {
		return err
	}
	w.written += int64(w.rows.N)
	w.rows.Reset(w.schema)
	return nil
}

// Close completes the file, unless there was an error.
func (w *writer) Close() error {
	if w.closed {
		return w.err
	}
	w.closed = true
	if w.err == nil && w.rows.N > 0 {
		if err := w.flush(); err != nil {
			w.fail(err)
		}
	}
	if w.err == nil {
		if err := w.to.Close(); err != nil {
			w.fail(err)
		}
	}
	if w.pending == nil {
		return w.err
	}
	if w.err != nil {
		w.pending.Abort()
		return w.err
	}
	if err := w.pending.Close(); err != nil {
		w.fail(err)
	}
	return w.err
}
