package sql

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/tutti-ml/tutti/dataset/arrow"
	"github.com/tutti-ml/tutti/dataset/table"
)

// spooled is a query's rows in temporary files, in a folder that belongs to it.
type spooled struct {
	config Config
	dir    string
	names  []string // of the files, in order
	nulls  []bool   // of each column, whether there are any

	// of the file being written
	file   *os.File
	buffer *bufio.Writer
	to     table.Writer
	rows   table.Rows // not yet given to it
	held   int        // bytes of rows, about

	written, total int64 // bytes, rows
	saidBytes      int64 // at the last Progress
	saidRows       int64
}

func newSpool(c Config) (*spooled, error) {
	dir, err := os.MkdirTemp(c.Dir, "tutti-sql-*")
	if err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", c.Name, err)
	}
	return &spooled{config: c, dir: dir}, nil
}

func (s *spooled) remove() error {
	if s.file != nil {
		s.file.Close()
	}
	if s.dir == "" {
		return nil
	}
	return os.RemoveAll(s.dir)
}

func (s *spooled) wrap(err error) error { return fmt.Errorf("dataset: %s: %w", s.config.Name, err) }

// begin begins a file of rows of a schema.
func (s *spooled) begin(schema table.Schema) (err error) {
	name := strconv.Itoa(len(s.names)) + ".arrow"
	if s.file, err = os.Create(filepath.Join(s.dir, name)); err != nil {
		return s.wrap(err)
	}
	s.names = append(s.names, name)
	s.buffer = bufio.NewWriterSize(counting{s.file, &s.written}, 1<<18)
	if s.to, err = arrow.NewWriter(s.buffer, schema, arrow.WriteConfig{BatchBytes: 4 << 20}); err != nil {
		return s.wrap(err)
	}
	s.rows.Reset(schema)
	return nil
}

type counting struct {
	*os.File
	n *int64
}

func (c counting) Write(p []byte) (int, error) {
	n, err := c.File.Write(p)
	*c.n += int64(n)
	return n, err
}

// add notes that a row of about so many bytes has been appended to rows.
func (s *spooled) add(ctx context.Context, bytes int) error {
	s.rows.N++
	s.total++
	if s.held += bytes; s.rows.N < 1024 && s.held < 1<<20 {
		return nil
	}
	return s.flush(ctx)
}

func (s *spooled) flush(ctx context.Context) error {
	if err := s.to.Write(ctx, &s.rows); err != nil {
		return s.wrap(err)
	}
	s.rows.Reset(s.rows.Schema())
	s.held = 0
	if s.config.Progress != nil && (s.total-s.saidRows >= 1<<14 || s.written-s.saidBytes >= 4<<20) {
		s.saidRows, s.saidBytes = s.total, s.written
		s.config.Progress(s.total, s.written)
	}
	return nil
}

// end completes the file.
func (s *spooled) end(ctx context.Context) error {
	err := s.flush(ctx)
	if err == nil {
		err = errors.Join(s.to.Close(), s.buffer.Flush())
	}
	err = errors.Join(err, s.file.Close())
	s.file = nil
	if err != nil {
		return s.wrap(err)
	}
	if s.config.Progress != nil {
		s.config.Progress(s.total, s.written)
	}
	return nil
}

// open makes a Table of the files. They are its own from then on; if it fails they are gone.
func (s *spooled) open() (table.Table, error) {
	var tables []table.Table
	for _, name := range s.names {
		t, err := arrow.Open(context.Background(), table.OS(), filepath.Join(s.dir, name), arrow.Config{PandasIndex: true})
		if err != nil {
			for _, t := range tables {
				t.Close()
			}
			return nil, errors.Join(err, s.remove())
		}
		tables = append(tables, t)
	}
	joined := tables[0]
	if len(tables) > 1 {
		var err error
		if joined, err = table.Join(s.config.Name, tables...); err != nil {
			return nil, errors.Join(err, s.remove())
		}
	}
	r := &result{Table: joined, spool: s, schema: append(table.Schema(nil), joined.Schema()...)}
	for i := range r.schema {
		r.schema[i].Nullable = s.nulls[i]
	}
	return r, nil
}

// result is the Table of a spool. It speaks of the query and its rows, and not of the files.
type result struct {
	table.Table
	spool  *spooled
	schema table.Schema
}

func (r *result) Name() string         { return r.spool.config.Name }
func (r *result) Schema() table.Schema { return r.schema }

// Close removes the temporary files. Later Reads are errors.
func (r *result) Close() error {
	return errors.Join(r.Table.Close(), r.spool.remove())
}
