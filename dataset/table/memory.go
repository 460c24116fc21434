package table

import (
	"context"
	"fmt"
)

// FromRows returns a Table of rows in memory, each of blocks a block; all have the same columns. It shares them: do not
// change them afterwards. It panics if the rows are not well formed or their columns differ.
func FromRows(name string, blocks ...*Rows) Table {
	m := &memory{name: name, rows: blocks}
	for i, r := range blocks {
		if err := r.Check(); err != nil {
			panic(fmt.Sprintf("table: FromRows: %s: block %d: %v", name, i, err))
		}
		s := r.Schema()
		if i == 0 {
			m.schema = s
		}
		if len(s) != len(m.schema) {
			panic(fmt.Sprintf("table: FromRows: %s: block %d has %d columns, the first %d", name, i, len(s), len(m.schema)))
		}
		for c, f := range s {
			if f.Name != m.schema[c].Name || !f.Type.Equal(m.schema[c].Type) {
				panic(fmt.Sprintf("table: FromRows: %s: block %d has the column %q, %v, the first %q, %v", name, i,
					f.Name, f.Type, m.schema[c].Name, m.schema[c].Type))
			}
			m.schema[c].Nullable = m.schema[c].Nullable || f.Nullable || r.Columns[c].Valid != nil
		}
		m.blocks = append(m.blocks, r.N)
	}
	return m
}

type memory struct {
	name   string
	schema Schema
	rows   []*Rows
	blocks []int
}

func (m *memory) Name() string   { return m.name }
func (m *memory) Schema() Schema { return m.schema }
func (m *memory) Blocks() []int  { return m.blocks }
func (m *memory) Close() error   { return nil }

func (m *memory) Read(ctx context.Context, block, lo, hi int, columns []int, dst *Rows) error {
	CheckRead(m, block, lo, hi, columns)
	dst.Reset(m.schema.Pick(columns))
	for i, c := range columns {
		dst.Columns[i].AppendFrom(&m.rows[block].Columns[c], lo, hi)
	}
	dst.N = hi - lo
	return ctx.Err()
}

// ReadAll reads all rows of a table, of all columns: for small data and tests.
func ReadAll(ctx context.Context, t Table) (*Rows, error) {
	all, part := new(Rows), new(Rows)
	s := t.Schema()
	all.Reset(s)
	for block, n := range t.Blocks() {
		if err := t.Read(ctx, block, 0, n, s.All(), part); err != nil {
			return nil, err
		}
		all.Append(part, 0, n)
	}
	return all, nil
}

// Copy writes all rows of a table to w, and closes it unless there was an error.
func Copy(ctx context.Context, w Writer, t Table) error {
	const piece = 1 << 14
	s, part := t.Schema(), new(Rows)
	for block, n := range t.Blocks() {
		for lo := 0; lo < n; lo += piece {
			if err := t.Read(ctx, block, lo, min(n, lo+piece), s.All(), part); err != nil {
				return err
			}
			if err := w.Write(ctx, part); err != nil {
				return err
			}
		}
	}
	return w.Close()
}
