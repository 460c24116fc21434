package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/tutti-ml/tutti/dataset/table"
)

// file is a Table of one file.
type file struct {
	name   string
	r      io.ReaderAt
	size   int64
	config *Config
	footer *footer
	leaves []*leaf // those that are columns
	schema table.Schema
	blocks []block
	rows   []int

	cache *cache

	mu      sync.Mutex
	indexes map[[2]int]*pageIndex // by row group and leaf
}

// block is a run of rows of a row group.
type block struct {
	group int
	first int64
}

// open reads the footer of a file.
func open(name string, r io.ReaderAt, size int64, c *Config, resting *cache) (f *file, err error) {
	f = &file{name: name, r: r, size: size, config: c, cache: resting, indexes: map[[2]int]*pageIndex{}}
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
		if err != nil {
			f, err = nil, f.wrap("", "", err)
		}
	}()
	if f.footer, err = readFooter(r, size); err != nil {
		return f, err
	}
	all, err := readSchema(f.footer.schema, c)
	if err != nil {
		return f, err
	}
	names := map[string]bool{}
	for _, l := range all {
		if l.refuse != "" {
			if c.SkipUnsupported {
				continue
			}
			return f, fmt.Errorf("column %q is part of %s, which is not supported; Config.SkipUnsupported leaves it out",
				l.field.Name, l.refuse)
		}
		if names[l.field.Name] {
			return f, fmt.Errorf("two columns are named %q", l.field.Name)
		}
		names[l.field.Name] = true
		f.leaves = append(f.leaves, l)
		f.schema = append(f.schema, l.field)
	}
	return f, f.cut(all)
}

// cut makes the blocks, and holds the column chunks against the schema.
func (f *file) cut(all []*leaf) error {
	for i := range f.footer.groups {
		g := &f.footer.groups[i]
		if len(g.columns) != len(all) {
			return fmt.Errorf("row group %d has %d columns, the schema %d", i, len(g.columns), len(all))
		}
		var bytes, size int64
		for j, l := range all {
			m := &g.columns[j]
			if m.typ != l.typ {
				return fmt.Errorf("row group %d: column %q is of type %d, the schema says %d", i, l.field.Name, m.typ,
					l.typ)
			}
			if len(l.lists) == 0 && m.values != g.rows || m.values < g.rows {
				return fmt.Errorf("row group %d: column %q has %d values in %d rows", i, l.field.Name, m.values, g.rows)
			}
			bytes += max(m.compressed, 0)
			size += max(m.uncompressed, 0, 8*m.values)
		}
		if g.rows == 0 {
			continue
		}
		n := int64(f.config.BlockRows)
		if perRow := max(size/g.rows, 1); perRow > f.config.BlockBytes/n {
			n = max(f.config.BlockBytes/perRow, 1)
		}
		n = min(n, g.rows)
		if count := g.rows / n; count > 64+bytes || g.rows > 1<<16*(64+bytes) {
			return fmt.Errorf("row group %d has %d rows in %d bytes", i, g.rows, bytes)
		}
		for first := int64(0); first < g.rows; first += n {
			f.blocks = append(f.blocks, block{i, first})
			f.rows = append(f.rows, int(min(n, g.rows-first)))
		}
	}
	return nil
}

// Name returns the path.
func (f *file) Name() string { return f.name }

// Schema implements table.Table.
func (f *file) Schema() table.Schema { return f.schema }

// Blocks implements table.Table.
func (f *file) Blocks() []int { return f.rows }

// Close closes the file.
func (f *file) Close() error {
	f.cache.forget(f)
	if c, ok := f.r.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Idle implements table.Idler.
func (f *file) Idle() {
	f.cache.forget(f)
	if i, ok := f.r.(table.Idler); ok {
		i.Idle()
	}
}

// Read implements table.Table.
func (f *file) Read(ctx context.Context, number, lo, hi int, columns []int, dst *table.Rows) error {
	table.CheckRead(f, number, lo, hi, columns)
	b := f.blocks[number]
	dst.Reset(f.schema.Pick(columns))
	for i, column := range columns {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := f.read(b.group, f.leaves[column], b.first+int64(lo), b.first+int64(hi), &dst.Columns[i])
		if err != nil {
			return f.wrap(fmt.Sprintf("row group %d: ", b.group), f.schema[column].Name, err)
		}
	}
	dst.N = hi - lo
	return nil
}

// wrap makes the error of a file of what went wrong: one that says that its bytes are not what they should be, unless
// they could not be read.
func (f *file) wrap(where, column string, err error) error {
	row := int64(-1)
	var r *rowError
	if errors.As(err, &r) {
		row, err = r.row, r.err
	}
	var e *ioError
	if errors.As(err, &e) {
		return fmt.Errorf("dataset: %s: %s%w", f.name, where, err)
	}
	return &table.Error{File: f.name, Column: column, Row: row, Err: fmt.Errorf("%s%w", where, err)}
}

// read fills dst with rows [lo, hi) of a row group.
func (f *file) read(group int, l *leaf, lo, hi int64, dst *table.Column) (err error) {
	if lo == hi {
		return nil
	}
	key := chunkKey{f, group, l.place}
	c := f.cache.wake(key, lo)
	if c == nil {
		c = newCursor(f.chunk(key, l))
	}
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
		if err == nil {
			f.cache.rest(key, c)
		}
	}()
	return c.read(lo, hi, dst)
}

// chunk is a column of a row group. Its pages end where the next begins, but some old writers forgot the header of the
// dictionary in the size.
func (f *file) chunk(key chunkKey, l *leaf) *chunk {
	g := &f.footer.groups[key.group]
	c := &chunk{file: f, group: g, meta: &g.columns[key.place], leaf: l}
	c.end = min(c.meta.start()+c.meta.compressed+100, f.footer.start)
	f.mu.Lock()
	defer f.mu.Unlock()
	at := [2]int{key.group, key.place}
	if f.indexes[at] == nil {
		f.indexes[at] = &pageIndex{}
	}
	c.index = f.indexes[at]
	return c
}
