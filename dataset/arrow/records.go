package arrow

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/tutti-ml/tutti/dataset/table"
)

// FromRecords returns a Table of Arrow's records, which have one schema; each is a block. It shares their memory, and
// releases it when it is closed. Columns become what they would from a file. The error is dataset.ErrFormat.
func FromRecords(name string, records []arrow.Record) (table.Table, error) {
	r := &recordTable{name: name}
	if len(records) == 0 {
		return r, nil
	}
	s := records[0].Schema()
	var err error
	if r.layout, err = newLayout(s, nil, true, Config{PandasIndex: true}); err != nil {
		return nil, table.Malformed(name, "%w", err)
	}
	for i, rec := range records {
		if !rec.Schema().Equal(s) {
			return nil, table.Malformed(name, "record %d has the schema %v, the first %v", i, rec.Schema(), s)
		}
		b := &record{layout: r.layout, nodes: make([]arrow.ArrayData, r.layout.nodes),
			buffers: make([][]byte, r.layout.buffers)}
		for c, n := range r.layout.top {
			b.add(n, rec.Column(c).Data())
		}
		r.batches = append(r.batches, b)
		r.blocks = append(r.blocks, int(rec.NumRows()))
	}
	for _, c := range r.layout.columns {
		r.schema = append(r.schema, c.Field)
	}
	for _, rec := range records {
		rec.Retain()
	}
	r.records = records
	return r, nil
}

type recordTable struct {
	name    string
	layout  *layout
	schema  table.Schema
	blocks  []int
	batches []*record
	records []arrow.Record
}

func (r *recordTable) Name() string         { return r.name }
func (r *recordTable) Schema() table.Schema { return r.schema }
func (r *recordTable) Blocks() []int        { return r.blocks }

func (r *recordTable) Read(ctx context.Context, block, lo, hi int, columns []int, dst *table.Rows) error {
	table.CheckRead(r, block, lo, hi, columns)
	dst.Reset(r.schema.Pick(columns))
	dst.N = hi - lo
	d := decoder{batch: r.batches[block], limit: 1 << 40}
	for i, c := range columns {
		bad, err := d.column(&dst.Columns[i], &r.layout.columns[c], int64(lo), int64(hi))
		if err != nil {
			row := int64(-1)
			if bad >= 0 {
				_, row = table.Place(r, block, lo+int(bad))
			}
			return &table.Error{File: r.name, Column: r.schema[c].Name, Row: row, Err: err}
		}
	}
	return ctx.Err()
}

func (r *recordTable) Close() error {
	for _, rec := range r.records {
		rec.Release()
	}
	r.records = nil
	return nil
}

// record is a record as a batch.
type record struct {
	layout  *layout
	nodes   []arrow.ArrayData
	buffers [][]byte
}

func (b *record) add(n *node, data arrow.ArrayData) {
	b.nodes[n.at] = data
	for i, buf := range data.Buffers() {
		if buf != nil && i < n.buffers {
			b.buffers[n.buf+i] = buf.Bytes()
		}
	}
	for i, kid := range n.kids {
		if i < len(data.Children()) {
			b.add(kid, data.Children()[i])
		}
	}
}

func (b *record) node(i int) (n, nulls, first int64) {
	data := b.nodes[i]
	return int64(data.Len()), int64(data.NullN()), int64(data.Offset())
}

func (b *record) empty(buffer int) bool { return len(b.buffers[buffer]) == 0 }

func (b *record) bytes(buffer int, lo, hi int64) ([]byte, error) {
	if have := int64(len(b.buffers[buffer])); hi > have {
		return nil, fmt.Errorf("the column holds %d bytes, its length takes %d", have, hi)
	}
	return b.buffers[buffer][lo:hi], nil
}

func (b *record) words(n *node) (*table.Column, error) {
	data := b.nodes[n.at].Dictionary()
	nodes, buffers := n.words.last()
	inner := &record{nodes: make([]arrow.ArrayData, nodes), buffers: make([][]byte, buffers)}
	inner.add(n.words, data)
	words := &table.Column{}
	words.Reset(table.Field{Name: "dictionary", Type: n.words.value, Nullable: true})
	d := decoder{batch: inner, limit: 1 << 40}
	if bad, err := d.append(words, n.words, 0, int64(data.Len())); err != nil {
		return nil, fmt.Errorf("word %d of its dictionary: %w", bad, err)
	}
	return words, nil
}
