// Package csv reads and writes tables of text with separated values: CSV as RFC 4180 has it, TSV, and their relatives.
//
// A file is read once when it is opened: its rows are counted, its types are found from all of them, and it is noted
// where the blocks lie. After that any range of rows costs the reading of those rows.
package csv

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/tutti-ml/tutti/dataset/internal/textfile"
	"github.com/tutti-ml/tutti/dataset/table"
)

// Config says how values stand in a file. The zero value reads RFC 4180 with a header.
type Config struct {
	Comma    byte // between values; default ',', and a tab where the file's name ends in .tsv or .tab
	Comment  byte // lines that begin with it are left out; default 0: none
	NoHeader bool // the first record is a row
	// Names are the names of the columns, in place of the header's. Default: the header's; without one, and where it
	// has none, column0, column1, …
	Names []string
	// Types are the types of columns, by name: a value that is of another is an error. Those of other columns are
	// found from all their values: the first of int64, float64, bool (true, false), dates, instants in microseconds
	// or in nanoseconds that fits all, else text. An integer with zeros before it, or past int64, is text, for it is
	// an id; the same holds for a column of integers past 2⁵³ and of fractions, which no float64 holds. A column
	// without any value is of Kind Null.
	Types map[string]table.Type
	// Missing are what stands for a missing value, in columns of any type, such as "NA". Nothing between two commas is
	// always missing; a quoted nothing, "", is a text in a column of text and missing in any other.
	Missing []string
	// DecimalComma and Thousands are for numbers as in 1.234,5 (Thousands '.'). They apply to every value: one that is
	// written in another way is no number.
	DecimalComma bool
	Thousands    byte

	BlockBytes int // of a block, about; default 8 MiB
	MaxRow     int // longest record, in bytes; a longer one is an error. Default 64 MiB
}

// Open opens one file, those that a pattern matches, or a folder, as table.Files has it. Columns of several files are
// matched by name, and their types found over all of them. Files without a record, or with a header alone, are fine.
//
// Errors name file, row (from 0, the header is none) and column: a record with another number of values than the
// header, text after a closing quote, a quote left open, bytes that are not UTF-8, two columns of one name, a value
// that is not of its type in Config.Types.
func Open(ctx context.Context, fsys fs.FS, name string, c Config) (table.Table, error) {
	files, err := table.Files(fsys, name)
	if err != nil {
		return nil, err
	}
	var tables []*reader
	fail := func(err error) (table.Table, error) {
		for _, t := range tables {
			t.Close()
		}
		return nil, err
	}
	found := map[string]*finding{}
	for _, f := range files {
		t, err := scan(ctx, fsys, f.Name, c)
		if err != nil {
			return fail(err)
		}
		tables = append(tables, t)
		if len(files) > 1 {
			t.Idle()
		}
		for i, name := range t.names {
			if all := found[name]; all != nil {
				all.join(t.found[i])
			} else {
				first := t.found[i]
				found[name] = &first
			}
		}
	}
	for name := range c.Types {
		if found[name] == nil && slices.ContainsFunc(tables, func(t *reader) bool { return len(t.names) > 0 }) {
			return fail(table.Malformed(tables[0].Name(), "Config.Types has a column %q, the file has %q", name,
				tables[0].names))
		}
	}
	joined := make([]table.Table, len(tables))
	for i, t := range tables {
		for c, name := range t.names {
			if !t.given[c] {
				t.schema[c] = table.Field{Name: name, Type: found[name].typ(), Nullable: found[name].nulls}
			}
			t.schema[c].Nullable = found[name].nulls || found[name].empty && t.schema[c].Type.Kind != table.Text
		}
		joined[i] = t
	}
	return table.OfFiles(name, files, joined)
}

// reader is one file.
type reader struct {
	h       *table.Handle
	d       *dialect
	missing map[string]bool
	index   *textfile.Index
	names   []string
	given   []bool // the type of the column is Config.Types'
	found   []finding
	schema  table.Schema
	pool    sync.Pool // of *work
}

// work is the memory of one Read.
type work struct {
	buf, scratch []byte
	spans        []span
}

// scan reads the file once.
func scan(ctx context.Context, fsys fs.FS, name string, c Config) (*reader, error) {
	if ext := strings.ToLower(name); c.Comma == 0 && (strings.HasSuffix(ext, ".tsv") || strings.HasSuffix(ext, ".tab")) {
		c.Comma = '\t'
	}
	d, err := newDialect(c)
	if err != nil {
		return nil, err
	}
	for name, t := range c.Types {
		switch t.Kind {
		case table.Binary, table.List:
			return nil, fmt.Errorf("csv: Config: Types[%q] is %v, which CSV has not", name, t)
		}
		if t.Wide() {
			return nil, fmt.Errorf("csv: Config: Types[%q] is %v, want a Decimal of at most 18 digits", name, t)
		}
	}
	h, err := table.OpenAt(fsys, name)
	if err != nil {
		return nil, err
	}
	r := &reader{h: h, d: d}
	r.pool.New = func() any { return new(work) }
	if len(c.Missing) > 0 {
		r.missing = map[string]bool{}
		for _, m := range c.Missing {
			r.missing[m] = true
		}
	}
	var w work
	started := false
	r.index, err = textfile.Build(ctx, h, textfile.Config{BlockBytes: c.BlockBytes, MaxRow: c.MaxRow},
		func(data []byte, atEOF bool, row int64) (int, bool, error) {
			n, isRow, err := r.next(data, atEOF, &w)
			if err != nil || n == 0 || !isRow {
				return n, false, err
			}
			if !started {
				started = true
				if err := r.columns(data, &w, c); err != nil {
					return 0, false, &table.Error{File: name, Row: -1, Err: err}
				}
				if !c.NoHeader {
					return n, false, nil
				}
			}
			return n, true, r.look(data, &w, row)
		})
	if err != nil {
		h.Close()
		return nil, err
	}
	return r, nil
}

// next finds the fields of the next record, and leaves them in w.spans. It is no row if it is a comment or a blank
// line; in a file of one column a blank line is a row, whose value is missing.
func (r *reader) next(data []byte, atEOF bool, w *work) (n int, row bool, err error) {
	if r.d.comment != 0 && len(data) > 0 && data[0] == r.d.comment {
		return r.d.skip(data, atEOF), false, nil
	}
	n, spans, err := r.d.record(data, atEOF, w.spans[:0])
	if n == 0 || err != nil {
		return 0, false, err
	}
	w.spans = spans
	blank := len(spans) == 1 && !spans[0].quoted && spans[0].lo == spans[0].hi
	return n, !blank || len(r.names) == 1, nil
}

// columns takes the names from the first record, or from the Config.
func (r *reader) columns(data []byte, w *work, c Config) error {
	n := len(w.spans)
	if c.Names != nil && len(c.Names) != n {
		return fmt.Errorf("Config.Names has %d names for %d columns", len(c.Names), n)
	}
	r.names, r.given, r.found = make([]string, n), make([]bool, n), make([]finding, n)
	r.schema = make(table.Schema, n)
	for i, s := range w.spans {
		switch {
		case c.Names != nil:
			r.names[i] = c.Names[i]
		case !c.NoHeader:
			r.names[i] = string(s.text(data, r.d.quote, &w.scratch))
		}
		r.names[i] = cmp.Or(r.names[i], fmt.Sprintf("column%d", i))
		t, given := c.Types[r.names[i]]
		r.given[i] = given
		r.found[i].can = canAll
		r.schema[i] = table.Field{Name: r.names[i], Type: t}
	}
	return r.schema.Check()
}

// look takes the values of a row into account.
func (r *reader) look(data []byte, w *work, row int64) error {
	if len(w.spans) != len(r.names) {
		return fmt.Errorf("has %d values, want %d", len(w.spans), len(r.names))
	}
	for i, s := range w.spans {
		f := &r.found[i]
		if s.lo == s.hi {
			f.nulls, f.empty = f.nulls || !s.quoted, f.empty || s.quoted
			continue
		}
		v := s.text(data, r.d.quote, &w.scratch)
		if r.missing != nil && r.missing[string(v)] {
			f.nulls = true
			continue
		}
		if !r.given[i] {
			f.add(r.d, v, row)
			continue
		}
		f.values++
		if _, err := r.d.parse(r.schema[i].Type, v); err != nil {
			return &table.Error{Column: r.names[i], Err: err}
		}
	}
	return nil
}

func (r *reader) Name() string         { return r.h.Name() }
func (r *reader) Schema() table.Schema { return r.schema }
func (r *reader) Blocks() []int        { return r.index.Blocks() }
func (r *reader) Close() error         { return r.h.Close() }
func (r *reader) Idle()                { r.h.Idle() }

func (r *reader) Note(column int) string {
	if r.given[column] || r.schema[column].Type.Kind != table.Text {
		return ""
	}
	return r.found[column].note()
}

func (r *reader) Read(ctx context.Context, block, lo, hi int, columns []int, dst *table.Rows) error {
	table.CheckRead(r, block, lo, hi, columns)
	dst.Reset(r.schema.Pick(columns))
	w := r.pool.Get().(*work)
	defer r.pool.Put(w)
	next := func(data []byte, atEOF bool, row int64) (int, bool, error) { return r.next(data, atEOF, w) }
	err := r.index.Each(ctx, block, lo, hi, &w.buf, next, func(data []byte, _ int) error {
		if len(w.spans) != len(r.names) {
			return fmt.Errorf("has %d values, had %d: %w", len(w.spans), len(r.names), table.ErrChanged)
		}
		for i, c := range columns {
			if err := r.append(&dst.Columns[i], data, w, w.spans[c]); err != nil {
				return &table.Error{Column: r.names[c], Err: fmt.Errorf("%w: %w", err, table.ErrChanged)}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	dst.N = hi - lo
	return nil
}

// append appends a field to a column.
func (r *reader) append(c *table.Column, data []byte, w *work, s span) error {
	t := &c.Type
	if s.lo == s.hi && !(s.quoted && t.Kind == table.Text) {
		c.AppendNull()
		return nil
	}
	v := s.text(data, r.d.quote, &w.scratch)
	if r.missing != nil && len(v) > 0 && r.missing[string(v)] {
		c.AppendNull()
		return nil
	}
	if t.Kind == table.Text {
		c.AppendBytes(v)
		return nil
	}
	x, err := r.d.parse(*t, v)
	if err != nil {
		return err
	}
	if t.Kind == table.Float32 || t.Kind == table.Float64 {
		c.AppendFloat(x.f)
	} else {
		c.AppendInt(x.i)
	}
	return nil
}
