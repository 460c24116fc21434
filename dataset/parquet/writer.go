package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"

	parquetgo "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"github.com/tutti-ml/tutti/dataset/table"
)

// Codec is how pages are compressed.
type Codec int

// The codecs that files are written with. All are read.
const (
	Snappy Codec = iota
	Uncompressed
	Gzip
	Zstd
	LZ4 // LZ4_RAW
	Brotli
)

var codecs = [...]compress.Codec{&parquetgo.Snappy, &parquetgo.Uncompressed, &parquetgo.Gzip, &parquetgo.Zstd,
	&parquetgo.Lz4Raw, &parquetgo.Brotli}

// WriteConfig says how files are written. Nil, like the zero value, writes what every reader reads fast.
type WriteConfig struct {
	Codec Codec // 0: Snappy
	// GroupBytes is about how many bytes of values make a row group, before compression. 0: 32 MiB. A writer holds the
	// compressed pages of a row group in memory.
	GroupBytes int64
	// GroupRows is the most rows of a row group. 0: no limit.
	GroupRows int
}

func (c *WriteConfig) filled() (WriteConfig, error) {
	var d WriteConfig
	if c != nil {
		d = *c
	}
	if d.GroupBytes == 0 {
		d.GroupBytes = 32 << 20
	}
	if d.Codec < 0 || int(d.Codec) >= len(codecs) {
		return d, fmt.Errorf("parquet: WriteConfig.Codec is %d, want 0 to %d", d.Codec, len(codecs)-1)
	}
	if d.GroupBytes < 0 || d.GroupRows < 0 {
		return d, fmt.Errorf("parquet: WriteConfig: GroupBytes %d, GroupRows %d, want none negative", d.GroupBytes,
			d.GroupRows)
	}
	return d, nil
}

// Create begins a file of rows of a schema: text by dictionaries, with statistics and an offset index. It is written
// aside, and takes its name when it is closed. A Writer is for one goroutine.
//
// Columns are written as Open reads them, but that seconds become milliseconds, a decimal of more than 18 digits is
// the one nearest to its float64, and a column without values becomes nullable integers. A Span must lie within a day,
// since Parquet has times of day but no durations.
func Create(path string, s table.Schema, c *WriteConfig) (table.Writer, error) {
	if _, err := c.filled(); err != nil {
		return nil, err
	}
	if _, err := newRecord(s); err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", path, err)
	}
	p, err := table.Create(path)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	w, err := NewWriter(p, s, c)
	if err != nil {
		p.Abort()
		return nil, err
	}
	w.(*writer).name, w.(*writer).pending = path, p
	return w, nil
}

// NewWriter is Create for any io.Writer, which it does not close.
func NewWriter(to io.Writer, s table.Schema, c *WriteConfig) (table.Writer, error) {
	config, err := c.filled()
	if err != nil {
		return nil, err
	}
	root, err := newRecord(s)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	w := &writer{name: "a Parquet file", config: config, schema: s}
	w.to = parquetgo.NewGenericWriter[any](to, parquetgo.NewSchema("schema", root),
		parquetgo.Compression(codecs[config.Codec]), parquetgo.PageBufferSize(1<<20),
		parquetgo.DictionaryMaxBytes(1<<20), parquetgo.DataPageStatistics(true), parquetgo.DataPageVersion(1),
		parquetgo.DefaultEncodingFor(parquetgo.ByteArray, &parquetgo.Plain))
	for i, f := range s {
		w.columns = append(w.columns, newColumnWriter(f, i))
	}
	return w, nil
}

type writer struct {
	name    string
	pending *table.Pending // nil: the caller's io.Writer
	to      *parquetgo.GenericWriter[any]
	schema  table.Schema
	columns []*columnWriter
	config  WriteConfig
	rows    int   // of the row group
	bytes   int64 // of the row group
	written int64 // rows, for messages
	err     error // the first
	closed  bool
}

// Write implements table.Writer. An error is final.
func (w *writer) Write(ctx context.Context, r *table.Rows) (err error) {
	if w.err != nil {
		return w.err
	}
	if w.closed {
		panic("parquet: Write: " + w.name + " is closed")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(r.Columns) != len(w.schema) {
		panic(fmt.Sprintf("parquet: Write: %d columns, the schema of %s has %d", len(r.Columns), w.name,
			len(w.schema)))
	}
	for i, f := range w.schema {
		if c := r.Columns[i]; c.Name != f.Name || !c.Type.Equal(f.Type) {
			panic(fmt.Sprintf("parquet: Write: column %d is %q, %v, in the schema of %s %q, %v", i, c.Name, c.Type, w.name,
				f.Name, f.Type))
		}
	}
	defer w.guard(&err)
	for lo := 0; lo < r.N; {
		hi := r.N
		if most := w.config.GroupRows; most > 0 {
			hi = min(hi, lo+most-w.rows)
		}
		hi = min(hi, lo+1024) // so that a row group ends near its size
		if err := w.write(r, lo, hi); err != nil {
			return err
		}
		lo = hi
	}
	return nil
}

func (w *writer) write(r *table.Rows, lo, hi int) error {
	to := w.to.ColumnWriters()
	for i, c := range w.columns {
		n, err := c.write(to[i], &r.Columns[i], lo, hi)
		var v *valueError
		if errors.As(err, &v) {
			err = fmt.Errorf("row %d: %w", w.written+int64(v.at-lo), v.err)
		}
		if err != nil {
			return fmt.Errorf("dataset: %s: column %q: %w", w.name, w.schema[i].Name, err)
		}
		w.bytes += n
	}
	w.rows += hi - lo
	w.written += int64(hi - lo)
	if w.bytes >= w.config.GroupBytes || w.rows == w.config.GroupRows {
		w.rows, w.bytes = 0, 0
		if err := w.to.Flush(); err != nil {
			return fmt.Errorf("dataset: %s: %w", w.name, err)
		}
	}
	return nil
}

// guard keeps an error, and makes a panic below one.
func (w *writer) guard(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("dataset: %s: panic: %v", w.name, v)
	}
	if w.err == nil {
		w.err = *err
	}
}

// Close implements table.Writer. After an error in Write it gives the file up, and returns that error.
func (w *writer) Close() error {
	if w.closed {
		return w.err
	}
	w.closed = true
	if w.err == nil {
		w.finish()
	}
	switch {
	case w.pending == nil:
	case w.err != nil:
		w.pending.Abort()
	default:
		w.err = w.pending.Close()
	}
	return w.err
}

func (w *writer) finish() {
	var err error
	defer w.guard(&err)
	if err = w.to.Close(); err != nil {
		err = fmt.Errorf("dataset: %s: %w", w.name, err)
	}
}
