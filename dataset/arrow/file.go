package arrow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sort"

	"github.com/tutti-ml/tutti/dataset/table"
)

// file is one file or stream as a table.Table.
type file struct {
	name    string
	r       io.ReaderAt
	config  Config
	layout  *layout
	schema  table.Schema
	random  bool // of the file format
	batches []batchAt
	dicts   map[int64][]dictAt
	blocks  []int
	first   []int // block that each batch begins with
	cache   cache

	handle  *table.Handle // to close; or
	closing func() error  // to call
}

// batchAt is where a record batch lies.
type batchAt struct {
	place
	row  int64 // its first, of the file
	rows int64
	each int // rows of its blocks, but the last
	seq  int // dictionaries of the file that come before it
}

// dictAt is where words of a dictionary lie.
type dictAt struct {
	place
	delta bool
	seq   int
}

// open makes a table of the file or stream of size bytes in r.
func open(ctx context.Context, name string, r io.ReaderAt, size int64, c Config) (*file, error) {
	f := &file{name: name, r: r, config: c, dicts: map[int64][]dictAt{}}
	lo, hi, random, err := bounds(r, size)
	if err == nil {
		f.random = random
		err = walk(ctx, r, lo, hi, c.MaxBytes, f.note)
	}
	if err == nil && f.layout == nil {
		err = fmt.Errorf("has no schema: %w", io.ErrUnexpectedEOF)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("dataset: %s: %w", name, err)
		}
		return nil, table.Malformed(name, "%w", err)
	}
	return f, nil
}

// note takes note of a message.
func (f *file) note(m *message, meta []byte, at place) error {
	if f.layout == nil {
		if m.kind != kindSchema {
			return fmt.Errorf("begins with a message of kind %d, want a schema", m.kind)
		}
		s, err := schemaOf(meta)
		if err != nil {
			return err
		}
		if f.layout, err = newLayout(s, m.fields, m.version >= 4, f.config); err != nil {
			return err
		}
		for _, c := range f.layout.columns {
			f.schema = append(f.schema, c.Field)
		}
		return nil
	}
	seq := 0
	for _, d := range f.dicts {
		seq += len(d)
	}
	switch m.kind {
	case kindDictionary:
		if f.layout.words[m.dict] == nil {
			return fmt.Errorf("a dictionary %d of no column", m.dict)
		}
		f.dicts[m.dict] = append(f.dicts[m.dict], dictAt{place: at, delta: m.delta, seq: seq})
	case kindRecord:
		return f.noteBatch(m, at, seq)
	default:
		return fmt.Errorf("a message of kind %d behind the schema", m.kind)
	}
	return nil
}

func (f *file) noteBatch(m *message, at place, seq int) error {
	if err := f.check(m); err != nil {
		return err
	}
	b := batchAt{place: at, rows: m.rows, seq: seq, each: f.config.BlockRows}
	if n := len(f.batches); n > 0 {
		b.row = f.batches[n-1].row + f.batches[n-1].rows
	}
	bytes := at.bytes
	if m.codec != codecNone {
		bytes *= 4 // about
	}
	if m.rows > 0 {
		if perRow := bytes / m.rows; perRow > 0 {
			b.each = max(1, min(b.each, int(min(f.config.BlockBytes/perRow, math.MaxInt32))))
		}
	}
	f.batches = append(f.batches, b)
	f.first = append(f.first, len(f.blocks))
	for left := m.rows; left > 0; left -= int64(b.each) {
		f.blocks = append(f.blocks, int(min(left, int64(b.each))))
	}
	return nil
}

// check checks that a batch has the nodes and buffers of the schema, and bytes for the rows that it claims.
func (f *file) check(m *message) error {
	l := f.layout
	if len(m.nodes) < l.nodes || len(m.buffers) < l.buffers {
		return fmt.Errorf("a batch has %d nodes and %d buffers, its schema %d and %d", len(m.nodes), len(m.buffers), l.nodes,
			l.buffers)
	}
	for i, n := range l.top {
		if got := m.nodes[n.at][0]; got != m.rows {
			return fmt.Errorf("column %q: claims %d rows, its batch %d", l.names[i], got, m.rows)
		}
	}
	perByte := int64(8)
	if m.codec != codecNone {
		perByte *= 1 << 16
	}
	most := int64(math.MaxInt32)
	if l.buffers > 0 {
		if most = m.body * perByte; m.body > math.MaxInt64/perByte {
			most = math.MaxInt64
		}
	}
	if m.rows > most {
		return fmt.Errorf("a batch claims %d rows, it has %d bytes", m.rows, m.body)
	}
	return nil
}

// complete checks that a batch has all nodes and buffers of a column.
func (f *file) complete(m *message, n *node) error {
	nodes, buffers := n.last()
	if len(m.nodes) < nodes || len(m.buffers) < buffers {
		return fmt.Errorf("a batch has %d nodes and %d buffers, want %d and %d", len(m.nodes), len(m.buffers), nodes, buffers)
	}
	return nil
}

// last returns the number of nodes and buffers up to the last within n.
func (n *node) last() (nodes, buffers int) {
	nodes, buffers = n.at+1, n.buf+n.buffers
	for _, k := range n.kids {
		a, b := k.last()
		nodes, buffers = max(nodes, a), max(buffers, b)
	}
	return nodes, buffers
}

// message reads the metadata of a message once more.
func (f *file) message(at place) (*message, error) {
	meta := make([]byte, at.size)
	if n, err := f.r.ReadAt(meta, at.meta); n < len(meta) {
		return nil, cutShort(err)
	}
	m, err := parse(meta)
	if err == nil && m.body != at.bytes {
		err = fmt.Errorf("a message of %d bytes had %d: %w", m.body, at.bytes, table.ErrChanged)
	}
	return m, err
}

func (f *file) Name() string         { return f.name }
func (f *file) Schema() table.Schema { return f.schema }
func (f *file) Blocks() []int        { return f.blocks }

// find returns the batch that a block lies in, and its first row there.
func (f *file) find(block int) (*batchAt, int64) {
	i := sort.Search(len(f.first), func(i int) bool { return f.first[i] > block }) - 1
	b := &f.batches[i]
	return b, int64(block-f.first[i]) * int64(b.each)
}

// Place implements table.Placer.
func (f *file) Place(block, row int) (string, int64) {
	b, lo := f.find(block)
	return f.name, b.row + lo + int64(row)
}

// Read implements table.Table.
func (f *file) Read(ctx context.Context, block, lo, hi int, columns []int, dst *table.Rows) error {
	table.CheckRead(f, block, lo, hi, columns)
	dst.Reset(f.schema.Pick(columns))
	dst.N = hi - lo
	b, from := f.find(block)
	m, err := f.message(b.place)
	if err == nil {
		err = f.check(m)
	}
	if err == nil && m.rows != b.rows {
		err = fmt.Errorf("a batch of %d rows had %d: %w", m.rows, b.rows, table.ErrChanged)
	}
	if err != nil {
		return f.wrap(err, "", -1)
	}
	d := decoder{batch: &body{f: f, m: m, at: b.place, seq: b.seq}, limit: f.config.MaxBytes}
	for i, c := range columns {
		if err := ctx.Err(); err != nil {
			return err
		}
		bad, err := d.column(&dst.Columns[i], &f.layout.columns[c], from+int64(lo), from+int64(hi))
		if err != nil {
			row := int64(-1)
			if bad >= 0 {
				row = b.row + from + int64(lo) + bad
			}
			return f.wrap(err, f.schema[c].Name, row)
		}
	}
	return nil
}

// wrap says where an error is; those of the file system are no matter of the format.
func (f *file) wrap(err error, column string, row int64) error {
	if errors.Is(err, table.ErrChanged) {
		return fmt.Errorf("dataset: %s: %w", f.name, err)
	}
	return &table.Error{File: f.name, Column: column, Row: row, Err: err}
}

// Idle implements table.Idler.
func (f *file) Idle() {
	if f.handle != nil {
		f.handle.Idle()
	}
}

func (f *file) Close() error {
	if f.handle != nil {
		return f.handle.Close()
	}
	if f.closing != nil {
		done := f.closing
		f.closing = nil
		return done()
	}
	return nil
}
