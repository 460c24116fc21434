// Package arrow reads and writes Arrow IPC files, and reads Arrow's records, as tables.
//
// What becomes of Arrow's types:
//
//	bool, int8 … uint64                       Bool, Int; a uint64 past int64 is an error
//	float16, float32; float64                 Float32; Float64
//	decimal128, decimal256                    Decimal, exactly up to 18 digits
//	string, large string                      Text, which must be UTF-8
//	binary, large binary, fixed-size binary   Binary
//	date32, date64, timestamp                 Time, in the unit it has; with a zone it is the same instant in UTC
//	time32, time64, duration                  Span
//	list, large list, fixed-size list         List
//	a struct                                  a column for each field, named "struct.field"
//	a dictionary                              what it is a dictionary of
//	null                                      Null
//	an extension type                         what it is stored as
//	a map, a union, a struct in a list, …     an error that names it, or nothing: Config.SkipUnsupported
//
// Nothing that a file says is believed before its bytes bear it out: no length, count or offset calls for memory that
// they could not fill. Only the columns and rows that are asked for are read, but for compressed buffers, which are
// decompressed whole. Arrow's own package reads schemas, writes, and gives the types of records; batches are decoded here,
// straight into the slices of table.Column.
//
// Reading order: arrow.go, file.go (a file as a Table), messages.go and flatbuffer.go (the edge where foreign bytes are
// bounded), layout.go (where a column lies in a batch), decode.go and values.go (a column's rows), body.go (bytes of a
// batch), records.go, write.go.
package arrow

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/tutti-ml/tutti/dataset/table"
)

// Config says how files are read. The zero value reads any file of sensible size.
type Config struct {
	// BlockRows is the most rows of a block. Longer record batches are cut. 0: 65536.
	BlockRows int
	// BlockBytes is about the most bytes that a block takes in memory, all columns together. 0: 16 MiB.
	BlockBytes int64
	// MaxBytes is the most that one message's metadata, one compressed buffer when it is decompressed, and one column of
	// a dictionary's words in one Read may take. 0: 1 GiB.
	MaxBytes int64
	// PandasIndex keeps the columns that hold the index of a pandas DataFrame. Otherwise they are left out: they are
	// row labels, and no data to learn from.
	PandasIndex bool
	// SkipUnsupported leaves columns out that a Table cannot hold, maps for one; otherwise they are errors.
	SkipUnsupported bool
	// Dir is the folder of the temporary file that Read makes; default os.TempDir.
	Dir string
}

func (c Config) filled() (Config, error) {
	if c.BlockRows < 0 || c.BlockBytes < 0 || c.MaxBytes < 0 {
		return c, fmt.Errorf("arrow: Config: BlockRows %d, BlockBytes %d, MaxBytes %d, want none negative", c.BlockRows,
			c.BlockBytes, c.MaxBytes)
	}
	if c.BlockRows == 0 {
		c.BlockRows = 65536
	}
	if c.BlockBytes == 0 {
		c.BlockBytes = 16 << 20
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 1 << 30
	}
	return c, nil
}

// Open opens a file, the files that match a pattern, or those of a folder as one Table; each is in the file or in the
// stream format, which their first bytes tell. table.Files and table.Join say how they are found and joined;
// table.OS() opens paths of the operating system.
//
// Opening reads the metadata of every record batch and no values. A block is a record batch, or a run of rows in one
// that is large.
//
// An error names the file, and as they apply the column, the row (counted from 0 over the whole file) and both values:
// dataset.ErrFormat for corrupt bytes and other formats; fs.ErrNotExist for a file that is missing. A stream cut short
// exactly between two of its messages is whole as the format has it, and is not noticed; the file format has an end that
// is checked.
func Open(ctx context.Context, fsys fs.FS, name string, c Config) (table.Table, error) {
	c, err := c.filled()
	if err != nil {
		return nil, err
	}
	return table.Open(fsys, name, func(fsys fs.FS, name string) (table.Table, error) {
		h, err := table.OpenAt(fsys, name)
		if err != nil {
			return nil, err
		}
		f, err := open(ctx, name, h, h.Size(), c)
		if err != nil {
			h.Close()
			return nil, err
		}
		f.handle = h
		return f, nil
	})
}

// Read makes a Table of what r gives up to its end, a pipe for example, in either format. It is kept in a temporary
// file, which Close removes. name is for messages.
func Read(ctx context.Context, name string, r io.Reader, c Config) (_ table.Table, err error) {
	if c, err = c.filled(); err != nil {
		return nil, err
	}
	spool, err := os.CreateTemp(c.Dir, "tutti-*.arrow")
	if err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", name, err)
	}
	remove := func() error {
		spool.Close()
		return os.Remove(spool.Name())
	}
	size, err := io.Copy(spool, stopping{ctx, r})
	if err != nil {
		remove()
		return nil, fmt.Errorf("dataset: %s: %w", name, err)
	}
	f, err := open(ctx, name, spool, size, c)
	if err != nil {
		remove()
		return nil, err
	}
	f.closing = remove
	return f, nil
}

// stopping is a reader that fails once ctx is done.
type stopping struct {
	ctx context.Context
	r   io.Reader
}

func (s stopping) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}
