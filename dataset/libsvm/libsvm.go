// Package libsvm reads tables in the format of LIBSVM and SVMlight: a label and the features that are not zero.
//
//	LABEL [qid:N] INDEX:VALUE INDEX:VALUE …  [# comment]
package libsvm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"sync"

	"github.com/tutti-ml/tutti/dataset/internal/textfile"
	"github.com/tutti-ml/tutti/dataset/table"
)

// Config says how a file is read.
type Config struct {
	Base     Base // of the indices
	Features int  // indices are Base … Base+Features-1; default: up to the largest of all files
	Sparse   bool // columns "index" and "value", lists of what stands in the file, in place of "x", all features of a row
	Float64  bool // values are float64; default float32

	BlockBytes int // of a block, about; default 8 MiB
	MaxRow     int // longest line, in bytes; a longer one is an error. Default 64 MiB
}

// Base is the index of the first feature.
type Base int

const (
	FindBase  Base = iota // zero-based if an index is 0 in any of the files, else one-based
	ZeroBased             // from 0
	OneBased              // from 1, as LIBSVM writes; 0 is an error
)

// maxDense is the most features that a dense row has unless Config.Features says more: a wild index is an error then,
// and not gigabytes of zeros.
const maxDense = 1 << 22

// denseBytes bounds a block of dense rows.
const denseBytes = 64 << 20

// Open opens one file, those that a pattern matches, or a folder, as table.Files has it.
//
//	label  int64 if all labels of all files are integers, else float64
//	x      list of [Features] values, zeros among them; or with Sparse
//	index  list of the features' numbers, from 0 whatever the Base     value  list of as many values
//
// qid and comments are left out. Errors name file and row (from 0; blank lines and comments are none): what is no
// number, several labels, indices that do not rise, an index out of range.
func Open(ctx context.Context, fsys fs.FS, name string, c Config) (table.Table, error) {
	if c.Features < 0 || c.Base < FindBase || c.Base > OneBased {
		return nil, fmt.Errorf("libsvm: Config: Features %d, Base %d", c.Features, c.Base)
	}
	files, err := table.Files(fsys, name)
	if err != nil {
		return nil, err
	}
	var readers []*reader
	fail := func(err error) (table.Table, error) {
		for _, r := range readers {
			r.h.Close()
		}
		return nil, err
	}
	all := finding{least: math.MaxInt64, most: -1, whole: true}
	for _, f := range files {
		r, err := scan(ctx, fsys, f.Name, c)
		if err != nil {
			return fail(err)
		}
		readers = append(readers, r)
		if len(files) > 1 {
			r.h.Idle()
		}
		all.join(r.found)
	}
	base := int64(1)
	if c.Base == ZeroBased || c.Base == FindBase && all.least == 0 {
		base = 0
	}
	features := all.most + 1 - base
	if c.Features > 0 {
		for _, r := range readers {
			if last := base + int64(c.Features) - 1; r.found.most > last {
				return fail(table.MalformedAt(r.Name(), "", r.found.mostRow, "index %d, want %d … %d", r.found.most, base, last))
			}
		}
		features = int64(c.Features)
	}
	features = max(features, 0)
	if !c.Sparse && c.Features == 0 && features > maxDense {
		for _, r := range readers {
			if r.found.most == all.most {
				return fail(table.MalformedAt(r.Name(), "", r.found.mostRow, "index %d: rows of %d features are too long; "+
					"want Sparse, or Config.Features if this is right", all.most, features))
			}
		}
	}
	tables := make([]table.Table, len(readers))
	for i, r := range readers {
		r.base, r.features = base, int(features)
		r.schema = schema(c, all.whole, int(features))
		if !c.Sparse {
			r.index.Split(max(1, denseBytes/(8*max(1, int(features)))))
		}
		tables[i] = r
	}
	return table.OfFiles(name, files, tables)
}

func schema(c Config, whole bool, features int) table.Schema {
	label, value := table.Type{Kind: table.Float64}, table.Type{Kind: table.Float32}
	if whole {
		label = table.Type{Kind: table.Int}
	}
	if c.Float64 {
		value = table.Type{Kind: table.Float64}
	}
	if !c.Sparse {
		return table.Schema{{Name: "label", Type: label}, {Name: "x", Type: table.Type{Kind: table.List, Elem: &value,
			Size: features}}}
	}
	return table.Schema{{Name: "label", Type: label}, {Name: "index", Type: table.Type{Kind: table.List,
		Elem: &table.Type{Kind: table.Int}}},
		{Name: "value", Type: table.Type{Kind: table.List, Elem: &value}}}
}

// finding is what is known of a file.
type finding struct {
	least, most int64 // indices
	mostRow     int64 // that has the largest
	whole       bool  // labels are integers
}

func (f *finding) join(g finding) {
	f.least, f.most, f.whole = min(f.least, g.least), max(f.most, g.most), f.whole && g.whole
}

// reader is one file.
type reader struct {
	h        *table.Handle
	index    *textfile.Index
	found    finding
	base     int64
	features int
	schema   table.Schema
	pool     sync.Pool // of *[]byte
}

// nextLine finds the end of a line, and its part before a comment. One without anything else is no row.
func nextLine(data []byte, atEOF bool) (line []byte, n int, row bool) {
	length, n, whole := textfile.Line(data, atEOF)
	if !whole {
		return nil, 0, false
	}
	line, _, _ = bytes.Cut(data[:length], []byte("#"))
	line = bytes.Trim(line, " \t\r")
	return line, n, len(line) > 0
}

// word cuts the first word off a line.
func word(line []byte) (first, rest []byte) {
	i := bytes.IndexAny(line, " \t")
	if i < 0 {
		return line, nil
	}
	return line[:i], bytes.TrimLeft(line[i:], " \t")
}

// float reads a decimal number, nan or inf.
func float(s []byte, bits int) (float64, error) {
	v, err := strconv.ParseFloat(string(s), bits)
	if err != nil || bytes.ContainsAny(s, "xX_") {
		return 0, fmt.Errorf("%.40q is no number", s)
	}
	return v, nil
}

// parse reads a line, and calls feature for each of its features.
func parse(line []byte, bits int, feature func(index int64, value float64) error) (label []byte, err error) {
	label, line = word(line)
	if bytes.IndexByte(label, ',') >= 0 {
		return nil, fmt.Errorf("label %.40q: several labels are not supported", label)
	}
	before := int64(-1)
	for first := true; len(line) > 0; first = false {
		var w []byte
		w, line = word(line)
		key, value, ok := bytes.Cut(w, []byte(":"))
		if first && string(key) == "qid" {
			continue
		}
		if !ok {
			return nil, fmt.Errorf("%.40q is no INDEX:VALUE", w)
		}
		index, err := strconv.ParseUint(string(key), 10, 63)
		if err != nil {
			return nil, fmt.Errorf("index %.40q is no integer from 0", key)
		}
		if int64(index) <= before {
			return nil, fmt.Errorf("index %d after %d, want indices that rise", index, before)
		}
		before = int64(index)
		v, err := float(value, bits)
		if err != nil {
			return nil, fmt.Errorf("index %d: %w", index, err)
		}
		if err := feature(before, v); err != nil {
			return nil, err
		}
	}
	return label, nil
}

// scan reads the file once.
func scan(ctx context.Context, fsys fs.FS, name string, c Config) (*reader, error) {
	h, err := table.OpenAt(fsys, name)
	if err != nil {
		return nil, err
	}
	r := &reader{h: h, found: finding{least: math.MaxInt64, most: -1, whole: true}}
	r.pool.New = func() any { return new([]byte) }
	bits := 32
	if c.Float64 {
		bits = 64
	}
	r.index, err = textfile.Build(ctx, h, textfile.Config{BlockBytes: c.BlockBytes, MaxRow: c.MaxRow, Every: 128},
		func(data []byte, atEOF bool, row int64) (int, bool, error) {
			line, n, isRow := nextLine(data, atEOF)
			if !isRow {
				return n, false, nil
			}
			label, err := parse(line, bits, func(index int64, _ float64) error {
				if index == 0 && c.Base == OneBased {
					return errors.New("index 0, want indices from 1")
				}
				r.found.least = min(r.found.least, index)
				if index > r.found.most {
					r.found.most, r.found.mostRow = index, row
				}
				return nil
			})
			if err == nil && r.found.whole {
				_, notInt := strconv.ParseInt(string(label), 10, 64)
				r.found.whole = notInt == nil
			}
			if err == nil && !r.found.whole {
				if _, err = float(label, 64); err != nil {
					err = fmt.Errorf("label: %w", err)
				}
			}
			return n, true, err
		})
	if err != nil {
		h.Close()
		return nil, err
	}
	return r, nil
}

func (r *reader) Name() string         { return r.h.Name() }
func (r *reader) Schema() table.Schema { return r.schema }
func (r *reader) Blocks() []int        { return r.index.Blocks() }
func (r *reader) Close() error         { return r.h.Close() }
func (r *reader) Idle()                { r.h.Idle() }

func (r *reader) Read(ctx context.Context, block, lo, hi int, columns []int, dst *table.Rows) error {
	table.CheckRead(r, block, lo, hi, columns)
	dst.Reset(r.schema.Pick(columns))
	buf := r.pool.Get().(*[]byte)
	defer r.pool.Put(buf)
	var line []byte
	next := func(data []byte, atEOF bool, _ int64) (n int, row bool, err error) {
		line, n, row = nextLine(data, atEOF)
		return n, row, nil
	}
	var index []int64
	var values []float64
	bits := 64
	if last := r.schema[len(r.schema)-1].Type; last.Elem.Kind == table.Float32 {
		bits = 32
	}
	err := r.index.Each(ctx, block, lo, hi, buf, next, func(_ []byte, _ int) error {
		index, values = index[:0], values[:0]
		label, err := parse(line, bits, func(i int64, v float64) error {
			if i -= r.base; i < 0 || i >= int64(r.features) {
				return fmt.Errorf("index %d, want %d … %d", i+r.base, r.base, r.base+int64(r.features)-1)
			}
			index, values = append(index, i), append(values, v)
			return nil
		})
		if err != nil {
			return fmt.Errorf("%w: %w", err, table.ErrChanged)
		}
		for i, c := range columns {
			if err := appendTo(&dst.Columns[i], r.schema[c].Name, label, index, values); err != nil {
				return fmt.Errorf("%w: %w", err, table.ErrChanged)
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

// appendTo appends a row to a column.
func appendTo(c *table.Column, name string, label []byte, index []int64, values []float64) error {
	switch name {
	case "label":
		if c.Type.Kind == table.Int {
			v, err := strconv.ParseInt(string(label), 10, 64)
			if err != nil {
				return fmt.Errorf("label %.40q is no integer", label)
			}
			c.AppendInt(v)
			return nil
		}
		v, err := float(label, 64)
		if err != nil {
			return err
		}
		c.AppendFloat(v)
	case "index":
		c.Elem.Ints = append(c.Elem.Ints, index...)
		c.AppendList()
	case "value":
		for _, v := range values {
			c.Elem.AppendFloat(v)
		}
		c.AppendList()
	default:
		dense(c, index, values)
	}
	return nil
}

// dense appends all features of a row, zeros between those that are there.
func dense(c *table.Column, index []int64, values []float64) {
	n, size := c.Elem.Len(), c.Type.Size
	if c.Elem.Type.Kind == table.Float32 {
		c.Elem.Floats32 = slices.Grow(c.Elem.Floats32, size)[:n+size]
		row := c.Elem.Floats32[n:]
		clear(row)
		for i, at := range index {
			row[at] = float32(values[i])
		}
	} else {
		c.Elem.Floats = slices.Grow(c.Elem.Floats, size)[:n+size]
		row := c.Elem.Floats[n:]
		clear(row)
		for i, at := range index {
			row[at] = values[i]
		}
	}
	c.AppendList()
}
