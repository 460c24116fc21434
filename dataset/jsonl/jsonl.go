// Package jsonl reads and writes tables of JSON Lines: one object a line.
//
// A file is read once when it is opened: its rows are counted, its columns and their types are found from all of them,
// and it is noted where the blocks lie.
package jsonl

import (
	"context"
	"fmt"
	"io/fs"
	"sync"

	"github.com/tutti-ml/tutti/dataset/internal/textfile"
	"github.com/tutti-ml/tutti/dataset/table"
)

// Config says how a file is read.
type Config struct {
	// Types are the types of columns, by name; a value that is of another is an error. A Time is a text as RFC 3339 has
	// it, or a date; a Decimal a number or a text; Binary a text in base64; a Span an integer.
	Types      map[string]table.Type
	BlockBytes int // of a block, about; default 8 MiB
	MaxRow     int // longest line, in bytes; a longer one is an error. Default 64 MiB
}

// Open opens one file, those that a pattern matches, or a folder, as table.Files has it.
//
// The columns are the keys of all objects, in the order in which they are met; those of an object within an object
// have names with dots, {"a": {"b": 1}} is column a.b. A key that an object has not is null. Types are found from all
// values: bool, int64, float64, text, lists of these and of lists. Integers are exact; a column of integers some of
// which are past int64 is text, as they are written. A column with nulls alone is of Kind Null. Lists that all have one
// length say so in their type.
//
// Errors name file, row (from 0; blank lines are none) and column: bytes that are no JSON, a key twice in one object, a
// column that holds values of two types, integers past 2⁵³ beside fractions among them, lists of objects, a line that
// is no object.
func Open(ctx context.Context, fsys fs.FS, name string, c Config) (table.Table, error) {
	files, err := table.Files(fsys, name)
	if err != nil {
		return nil, err
	}
	for name, t := range c.Types {
		if t.Wide() {
			return nil, fmt.Errorf("jsonl: Config: Types[%q] is %v, want a Decimal of at most 18 digits", name, t)
		}
	}
	var readers []*reader
	fail := func(err error) (table.Table, error) {
		for _, r := range readers {
			r.h.Close()
		}
		return nil, err
	}
	var all columns
	var rows int64
	for _, f := range files {
		r, found, err := scan(ctx, fsys, f.Name, c)
		if err != nil {
			return fail(err)
		}
		readers = append(readers, r)
		if len(files) > 1 {
			r.h.Idle()
		}
		if err := all.join(found); err != nil {
			return fail(err)
		}
		rows += r.index.Rows()
	}
	for name := range c.Types {
		if _, ok := all.at[name]; !ok && rows > 0 {
			return fail(table.Malformed(readers[0].Name(), "Config.Types has a column %q, which no row has", name))
		}
	}
	schema := all.schema(rows)
	tables := make([]table.Table, len(readers))
	for i, r := range readers {
		r.schema = schema
		r.places = make(map[string]int, len(schema))
		for c, f := range schema {
			r.places[f.Name] = c
		}
		tables[i] = r
	}
	return table.OfFiles(name, files, tables)
}

// columns are the shapes of all paths, in the order in which they were met.
type columns struct {
	at   map[string]int
	list []*shape
}

func (c *columns) get(path []byte) *shape {
	if i, ok := c.at[string(path)]; ok {
		return c.list[i]
	}
	if c.at == nil {
		c.at = map[string]int{}
	}
	s := &shape{name: string(path), row: -1}
	c.at[s.name] = len(c.list)
	c.list = append(c.list, s)
	return s
}

func (c *columns) join(d *columns) error {
	for _, t := range d.list {
		s := c.get([]byte(t.name))
		s.given = t.given
		if err := s.join(t); err != nil {
			return err
		}
	}
	return nil
}

// schema lists the columns; a path at which there are objects is none.
func (c *columns) schema(rows int64) table.Schema {
	var schema table.Schema
	for _, s := range c.list {
		if s.kinds == isObject {
			continue
		}
		f := table.Field{Name: s.name, Nullable: s.nulls || s.count < rows}
		if s.given != nil {
			f.Type = *s.given
		} else {
			f.Type = s.typ()
		}
		schema = append(schema, f)
	}
	return schema
}

// reader is one file.
type reader struct {
	h      *table.Handle
	index  *textfile.Index
	schema table.Schema
	places map[string]int // of columns by name
	pool   sync.Pool      // of *work
}

// work is the memory of one Read.
type work struct {
	buf    []byte
	p      parser
	wanted []int // for each column of the schema its place among those read, or -1
}

// nextLine finds the end of a line. A blank one is no row.
func nextLine(data []byte, atEOF bool) (line []byte, n int, row bool) {
	length, n, whole := textfile.Line(data, atEOF)
	if !whole {
		return nil, 0, false
	}
	line = data[:length]
	for _, c := range line {
		if c != ' ' && c != '\t' && c != '\r' {
			return line, n, true
		}
	}
	return nil, n, false
}

// scan reads the file once.
func scan(ctx context.Context, fsys fs.FS, name string, c Config) (*reader, *columns, error) {
	h, err := table.OpenAt(fsys, name)
	if err != nil {
		return nil, nil, err
	}
	r := &reader{h: h}
	r.pool.New = func() any { return new(work) }
	s := &scanner{file: name, types: c.Types}
	r.index, err = textfile.Build(ctx, h, textfile.Config{BlockBytes: c.BlockBytes, MaxRow: c.MaxRow},
		func(data []byte, atEOF bool, row int64) (int, bool, error) {
			line, n, isRow := nextLine(data, atEOF)
			if !isRow {
				return n, false, nil
			}
			s.row = row
			return n, true, s.p.line(line, s.object, s.leaf)
		})
	if err != nil {
		h.Close()
		return nil, nil, err
	}
	return r, &s.columns, nil
}

// scanner gathers the columns of a file.
type scanner struct {
	columns
	file  string
	types map[string]table.Type
	row   int64
	p     parser
	trial table.Column // takes values of given types
}

// touch notes that the row has the path that the parser is at.
func (s *scanner) touch() (*shape, error) {
	known := len(s.list)
	c := s.get(s.p.path)
	if len(s.list) > known {
		if t, ok := s.types[c.name]; ok {
			c.given = &t
		}
	}
	if c.row == s.row {
		return nil, &table.Error{Column: c.name, Err: fmt.Errorf("the object has the key twice")}
	}
	c.row = s.row
	c.count++
	return c, nil
}

func (s *scanner) object() error {
	c, err := s.touch()
	if err == nil {
		err = s.column(c, c.add(isObject, s.row, s.file))
	}
	return err
}

func (s *scanner) column(c *shape, err error) error {
	if err == nil {
		return nil
	}
	return &table.Error{Column: c.name, Err: err}
}

func (s *scanner) leaf() error {
	c, err := s.touch()
	if err != nil {
		return err
	}
	if c.given == nil {
		return s.column(c, s.value(c, 1))
	}
	if s.p.peek() == 'n' {
		c.nulls = true
	} else if err := c.add(isGiven, s.row, s.file); err != nil {
		return s.column(c, err)
	}
	s.trial.Reset(table.Field{Name: c.name, Type: *c.given})
	return s.column(c, appendValue(&s.p, &s.trial, 1))
}

// value takes the value that the parser is at into account.
func (s *scanner) value(c *shape, depth int) error {
	if s.p.peek() == '[' {
		if err := c.add(isList, s.row, s.file); err != nil {
			return err
		}
		known := c.elem != nil
		if !known {
			c.elem = &shape{name: c.name}
		}
		n := 0
		if err := s.p.elements(depth, func() error { n++; return s.value(c.elem, depth+1) }); err != nil {
			return err
		}
		if !known {
			c.size = n
		} else if c.size != n {
			c.size = -1
		}
		return nil
	}
	t, err := s.p.next()
	if err != nil {
		return err
	}
	switch t.kind {
	case 'n':
		c.nulls = true
		return nil
	case 't', 'f':
		return c.add(isBool, s.row, s.file)
	case '"':
		return c.add(isText, s.row, s.file)
	case 0:
		k, err := number(t.raw)
		if err != nil {
			return err
		}
		return c.add(k, s.row, s.file)
	case '{':
		return fmt.Errorf("a list of objects, which is no column")
	}
	return s.p.want(nil)
}

func (r *reader) Name() string         { return r.h.Name() }
func (r *reader) Schema() table.Schema { return r.schema }
func (r *reader) Blocks() []int        { return r.index.Blocks() }
func (r *reader) Close() error         { return r.h.Close() }
func (r *reader) Idle()                { r.h.Idle() }

func (r *reader) Read(ctx context.Context, block, lo, hi int, columns []int, dst *table.Rows) error {
	table.CheckRead(r, block, lo, hi, columns)
	dst.Reset(r.schema.Pick(columns))
	w := r.pool.Get().(*work)
	defer r.pool.Put(w)
	w.wanted = w.wanted[:0]
	for range r.schema {
		w.wanted = append(w.wanted, -1)
	}
	var again [][2]int // a column that is asked for more than once
	for i, c := range columns {
		if w.wanted[c] >= 0 {
			again = append(again, [2]int{i, w.wanted[c]})
			continue
		}
		w.wanted[c] = i
	}
	var line []byte
	next := func(data []byte, atEOF bool, _ int64) (n int, row bool, err error) {
		line, n, row = nextLine(data, atEOF)
		return n, row, nil
	}
	leaf := func() error {
		c, ok := r.places[string(w.p.path)]
		if !ok || w.wanted[c] < 0 {
			return w.p.skip(1)
		}
		col := &dst.Columns[w.wanted[c]]
		if err := appendValue(&w.p, col, 1); err != nil {
			return &table.Error{Column: col.Name, Err: fmt.Errorf("%w: %w", err, table.ErrChanged)}
		}
		return nil
	}
	err := r.index.Each(ctx, block, lo, hi, &w.buf, next, func(_ []byte, i int) error {
		if err := w.p.line(line, nil, leaf); err != nil {
			if _, placed := err.(*table.Error); placed {
				return err
			}
			return fmt.Errorf("%w: %w", err, table.ErrChanged)
		}
		for c := range dst.Columns {
			col := &dst.Columns[c]
			switch n := col.Len(); {
			case n == i:
				col.AppendNull()
			case n > i+1:
				return fmt.Errorf("column %q has the key twice: %w", col.Name, table.ErrChanged)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, a := range again {
		dst.Columns[a[0]].Reset(dst.Columns[a[0]].Field)
		dst.Columns[a[0]].AppendFrom(&dst.Columns[a[1]], 0, hi-lo)
	}
	dst.N = hi - lo
	return nil
}
