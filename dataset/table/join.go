package table

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sort"
	"sync"
)

// Open opens what name means in fsys, as Files has it, with open for each file, and joins them; the columns that
// folders' names give come last. A single file without such columns is returned as open gives it.
//
// Such a column is of integers if all its values are (without leading zeros), of dates if they are written 2026-01-31,
// of finite decimal numbers as Float64, else of text.
func Open(fsys fs.FS, name string, open func(fsys fs.FS, file string) (Table, error)) (Table, error) {
	files, err := Files(fsys, name)
	if err != nil {
		return nil, err
	}
	tables := make([]Table, 0, len(files))
	closeAll := func() {
		for _, t := range tables {
			t.Close()
		}
	}
	for _, f := range files {
		t, err := open(fsys, f.Name)
		if err != nil {
			closeAll()
			return nil, err
		}
		if i, ok := t.(Idler); ok && len(files) > 1 {
			i.Idle()
		}
		tables = append(tables, t)
	}
	return OfFiles(name, files, tables)
}

// OfFiles joins the tables of files, one each, and adds the columns that folders' names give: the second half of Open,
// for a format that must see all files before it can say the types of one. On an error it closes the tables.
func OfFiles(name string, files []File, tables []Table) (Table, error) {
	parts := partFields(files)
	for i, t := range tables {
		if len(parts) == 0 {
			break
		}
		with, err := addParts(t, parts, files[i].Parts)
		if err != nil {
			for _, t := range tables {
				t.Close()
			}
			return nil, err
		}
		tables[i] = with
	}
	if len(tables) == 1 {
		return tables[0], nil
	}
	return Join(name, tables...)
}

// Idler is a Table that can let go of its open file until the next Read.
type Idler interface{ Idle() }

// maxOpen is the number of files of a joined table that are open at once: systems have limits.
const maxOpen = 128

// Join makes one Table of several with the same columns, such as the files of a folder, one after the other. Columns
// are matched by name; their order is the first's. Integers of several widths become the widest, float32 beside float64
// becomes float64, columns without any value take the others' type. Any other difference, a column that is missing and
// one that is in one table only are an error that names both tables. A table without rows need not have the same types,
// and if it has no columns at all is left out. Close closes all; if Join fails it closes them too.
func Join(name string, tables ...Table) (Table, error) {
	j := &joined{name: name, tables: tables}
	if err := j.match(); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return j, nil
}

type joined struct {
	name   string
	tables []Table
	schema Schema
	from   [][]int // for each table and column of schema, its place in the table; nil: the table has no rows
	blocks []int
	first  []int // block at which each table begins

	mu     sync.Mutex
	active []int // tables whose files may be open, the latest last
}

func (j *joined) match() error {
	origin := map[string]string{} // the table whose type a column has
	rows := make([]bool, len(j.tables))
	lead := -1 // table whose order of columns counts
	for i, t := range j.tables {
		j.first = append(j.first, len(j.blocks))
		j.blocks = append(j.blocks, t.Blocks()...)
		rows[i] = slices.ContainsFunc(t.Blocks(), func(n int) bool { return n > 0 })
		if len(t.Schema()) > 0 && (lead < 0 || rows[i] && !rows[lead]) {
			lead = i
		}
	}
	j.from = make([][]int, len(j.tables))
	if lead < 0 {
		return nil
	}
	j.schema = slices.Clone(j.tables[lead].Schema())
	for _, f := range j.schema {
		origin[f.Name] = j.tables[lead].Name()
	}
	for i, t := range j.tables {
		if !rows[i] {
			continue
		}
		s := t.Schema()
		for _, f := range s {
			if _, err := j.schema.Find(f.Name); err != nil {
				return Malformed(t.Name(), "has a column %q, %v, which %s has not", f.Name, f.Type, j.tables[lead].Name())
			}
		}
		j.from[i] = make([]int, len(j.schema))
		for c, f := range j.schema {
			at, err := s.Find(f.Name)
			if err != nil {
				return Malformed(t.Name(), "has no column %q, %v, which %s has", f.Name, f.Type, j.tables[lead].Name())
			}
			wide, ok := wider(f.Type, s[at].Type)
			if !ok {
				return &Error{File: t.Name(), Column: f.Name, Row: -1, Err: fmt.Errorf("is %v here and %v in %s%s", s[at].Type,
					f.Type, origin[f.Name], noted(t, at))}
			}
			if !wide.Equal(f.Type) {
				origin[f.Name] = t.Name()
			}
			j.schema[c].Type = wide
			j.schema[c].Nullable = f.Nullable || s[at].Nullable
			j.from[i][c] = at
		}
	}
	return nil
}

func noted(t Table, column int) string {
	if n := Note(t, column); n != "" {
		return " (" + n + ")"
	}
	return ""
}

func (j *joined) Name() string   { return j.name }
func (j *joined) Schema() Schema { return j.schema }
func (j *joined) Blocks() []int  { return j.blocks }

// table returns the table that a block lies in, and its number there.
func (j *joined) table(block int) (t, at int) {
	t = sort.Search(len(j.first), func(i int) bool { return j.first[i] > block }) - 1
	return t, block - j.first[t]
}

func (j *joined) Place(block, row int) (string, int64) {
	t, at := j.table(block)
	return Place(j.tables[t], at, row)
}

func (j *joined) Note(column int) string {
	for i, t := range j.tables {
		if j.from[i] == nil {
			continue
		}
		if n := Note(t, j.from[i][column]); n != "" {
			return fmt.Sprintf("%s: %s", t.Name(), n)
		}
	}
	return ""
}

func (j *joined) Read(ctx context.Context, block, lo, hi int, columns []int, dst *Rows) error {
	CheckRead(j, block, lo, hi, columns)
	t, at := j.table(block)
	want := j.schema.Pick(columns)
	if j.from[t] == nil { // it has no rows
		dst.Reset(want)
		return nil
	}
	j.touch(t)
	picked := make([]int, len(columns))
	for i, c := range columns {
		picked[i] = j.from[t][c]
	}
	if err := j.tables[t].Read(ctx, at, lo, hi, picked, dst); err != nil {
		return err
	}
	for i := range dst.Columns {
		dst.Columns[i].widen(want[i])
	}
	return nil
}

// widen makes c's field f, whose type is as wide as c's or wider.
func (c *Column) widen(f Field) {
	if from, to := c.Type.storage(), f.Type.storage(); from != to || from == inElem && !c.Type.Equal(f.Type) {
		old := *c
		*c = Column{Field: f}
		c.Reset(f)
		c.AppendFrom(&old, 0, old.Len())
	}
	c.Field = f
}

// touch notes that a table is read, and closes the files of the one that was not for longest if many are open.
func (j *joined) touch(t int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if n := len(j.active); n > 0 && j.active[n-1] == t {
		return
	}
	if i := slices.Index(j.active, t); i >= 0 {
		j.active = slices.Delete(j.active, i, i+1)
	}
	j.active = append(j.active, t)
	if len(j.active) > maxOpen {
		if i, ok := j.tables[j.active[0]].(Idler); ok {
			i.Idle()
		}
		j.active = j.active[1:]
	}
}

func (j *joined) Idle() {
	for _, t := range j.tables {
		if i, ok := t.(Idler); ok {
			i.Idle()
		}
	}
}

func (j *joined) Close() error {
	var errs []error
	for _, t := range j.tables {
		errs = append(errs, t.Close())
	}
	return errors.Join(errs...)
}

// CheckRead panics unless t's Read may be called with these arguments.
func CheckRead(t Table, block, lo, hi int, columns []int) {
	blocks := t.Blocks()
	if block < 0 || block >= len(blocks) {
		panic(fmt.Sprintf("table: Read: block %d of %s, which has %d", block, t.Name(), len(blocks)))
	}
	if lo < 0 || hi < lo || hi > blocks[block] {
		panic(fmt.Sprintf("table: Read: rows %d to %d of block %d of %s, which has %d", lo, hi, block, t.Name(),
			blocks[block]))
	}
	for _, c := range columns {
		if n := len(t.Schema()); c < 0 || c >= n {
			panic(fmt.Sprintf("table: Read: column %d of %s, which has %d", c, t.Name(), n))
		}
	}
}
