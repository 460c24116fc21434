package dataset

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
)

// ArrowConfig says which columns of an Arrow table are the input and which is the label. The zero value takes every column but
// "label" as input.
type ArrowConfig struct {
	Name     string   // of the set, for messages; default: the file name
	Features []string // input columns, their elements joined in this order; default: all columns but Label, in the file's order
	Label    string   // label or target column; default "label"
	Shape    []int    // of a sample, e.g. [1, 8, 8]; default [D], D the elements of all features
	Classes  int      // labels are 0 … Classes-1; default: the largest label plus one. Must stay 0 with a target column
	Scale    float64  // inputs are multiplied by it, e.g. 1.0/255; default 1
	MaxBytes int64    // refuse to hold more than this in memory at once; default 8 GiB
}

// OpenArrow reads the Arrow IPC file path, in the file or the stream format, into memory. It is closed when OpenArrow returns.
//
//	feature: a number a row, or a FixedSizeList (also nested) or FixedSizeBinary of them: uint8 … int64, float16 … float64
//	label:   any integer column: classes; or float32 or float64: targets, and Spec.Classes is 0
//
// Features that all are uint8 are kept as bytes, others as float32. Buffers compressed with LZ4 or Zstandard are read.
// An error names the file, and as they apply the column, the row (counted from 0 over the whole file) and both values:
// ErrFormat for corrupt bytes, a column that is missing or of another type, nulls, values that are not finite, labels out of
// range, a shape that does not fit; fs.ErrNotExist for a file that is missing. A stream cut short exactly between two of its
// messages is whole as the format has it, and is not noticed; the file format has an end that is checked.
func OpenArrow(path string, c ArrowConfig) (*Memory, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	defer f.Close()
	c.Name = cmp.Or(c.Name, path)
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	var magic [len(arrowMagic)]byte
	if n, _ := f.ReadAt(magic[:], 0); !info.Mode().IsRegular() || string(magic[:n]) != arrowMagic {
		return readArrow(f, path, c)
	}
	stream, err := streamIn(f, info.Size())
	if err != nil {
		return nil, malformed(path, "%w", err)
	}
	return readArrow(stream, path, c)
}

// ReadArrow reads Arrow IPC bytes from r to their end, as OpenArrow does from a file. If they are of the file format it holds
// them all until it returns.
func ReadArrow(r io.Reader, c ArrowConfig) (*Memory, error) {
	c.Name = cmp.Or(c.Name, "arrow")
	stream := bufio.NewReader(r)
	if magic, _ := stream.Peek(len(arrowMagic)); string(magic) != arrowMagic {
		return readArrow(stream, c.Name, c)
	}
	data, err := io.ReadAll(stream)
	if err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", c.Name, err)
	}
	inner, err := streamIn(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, malformed(c.Name, "%w", err)
	}
	return readArrow(inner, c.Name, c)
}

// readArrow reads a stream. file is its name in errors.
func readArrow(stream io.Reader, file string, c ArrowConfig) (*Memory, error) {
	c.Label = cmp.Or(c.Label, "label")
	c.Scale = cmp.Or(c.Scale, 1)
	c.MaxBytes = cmp.Or(c.MaxBytes, 8<<30)
	t := &arrowTable{config: c, file: file}
	if err := readIPC(stream, t); err != nil {
		return nil, err
	}
	return t.memory(), nil
}

// arrowTable gathers the record batches of a file into one Memory.
type arrowTable struct {
	config ArrowConfig
	file   string

	features []arrowColumn
	label    arrowColumn
	size     int  // elements of a sample, over all features
	asBytes  bool // every feature is uint8
	m        Memory
}

type arrowColumn struct {
	name  string
	index int            // in the record
	width int            // elements a row
	elem  arrow.DataType // of an element
}

// schema finds the columns and checks their types.
func (t *arrowTable) schema(s *arrow.Schema) error {
	for _, f := range s.Fields() {
		if hasViews(f.Type) {
			return malformed(t.file, "column %q is %s, which is not supported", f.Name, f.Type)
		}
	}
	names := t.config.Features
	if names == nil {
		for _, f := range s.Fields() {
			if f.Name != t.config.Label {
				names = append(names, f.Name)
			}
		}
	}
	t.asBytes = true
	for _, name := range names {
		col, err := t.column(s, name)
		if err != nil {
			return err
		}
		if !readable(col.elem) {
			return malformed(t.file, "column %q is %s, want numbers or fixed-size lists of them", name, col.elem)
		}
		if t.config.MaxBytes/4 < int64(t.size)+int64(col.width) {
			return malformed(t.file, "column %q has %d elements a row, more than the limit of %d bytes", name, col.width, t.config.MaxBytes)
		}
		t.asBytes = t.asBytes && col.elem.ID() == arrow.UINT8
		t.features = append(t.features, col)
		t.size += col.width
	}
	if len(t.features) == 0 {
		return malformed(t.file, "has no feature columns beside %q", t.config.Label)
	}

	var err error
	if t.label, err = t.column(s, t.config.Label); err != nil {
		return err
	}
	switch typ := s.Field(t.label.index).Type; {
	case !readable(typ):
		return malformed(t.file, "label column %q is %s, want integers or floats", t.label.name, typ)
	case t.regression() && t.config.Classes != 0:
		return malformed(t.file, "label column %q is %s, want integers for the %d classes", t.label.name, typ, t.config.Classes)
	}

	t.m.spec = Spec{Shape: t.config.Shape, Name: t.config.Name}
	if t.config.Shape == nil {
		t.m.spec.Shape = []int{t.size}
	}
	if slices.Min(append([]int{0}, t.m.spec.Shape...)) < 0 || product(t.m.spec.Shape) != t.size {
		return malformed(t.file, "the feature columns have %d elements a row, shape %v has %d", t.size, t.config.Shape, product(t.m.spec.Shape))
	}
	return nil
}

// column finds a column by name; it must be there once.
func (t *arrowTable) column(s *arrow.Schema, name string) (arrowColumn, error) {
	at := s.FieldIndices(name)
	if len(at) == 0 {
		var have []string
		for _, f := range s.Fields() {
			have = append(have, f.Name)
		}
		return arrowColumn{}, malformed(t.file, "no column %q among %q", name, have)
	}
	if len(at) > 1 {
		return arrowColumn{}, malformed(t.file, "%d columns are named %q", len(at), name)
	}
	col := arrowColumn{name: name, index: at[0]}
	col.width, col.elem = layout(s.Field(at[0]).Type)
	if col.width < 1 {
		return arrowColumn{}, malformed(t.file, "column %q is %s: not a list length this machine can hold", name, s.Field(at[0]).Type)
	}
	return col, nil
}

// record appends one record batch.
func (t *arrowTable) record(rec arrow.Record) error {
	rows, from := int(rec.NumRows()), t.m.n
	if rows == 0 {
		return nil
	}
	perRow := int64(8 + 4*t.size)
	if t.asBytes {
		perRow = int64(8 + t.size)
	}
	if rec.NumRows() < 0 || rec.NumRows() > t.config.MaxBytes/perRow-int64(from) {
		return malformed(t.file, "%d and %d rows of %d elements, the limit is %d bytes", from, rec.NumRows(), t.size, t.config.MaxBytes)
	}
	if t.asBytes {
		t.m.bytes = slices.Grow(t.m.bytes, rows*t.size)[:(from+rows)*t.size]
	} else {
		t.m.floats = slices.Grow(t.m.floats, rows*t.size)[:(from+rows)*t.size]
	}
	at := from * t.size
	for _, col := range t.features {
		values, err := columnValues(rec.Column(col.index), col.name, rows, from)
		if err != nil {
			return malformed(t.file, "%w", err)
		}
		if t.asBytes {
			for i := range rows {
				copy(t.m.bytes[at+i*t.size:], values.([]uint8)[i*col.width:(i+1)*col.width])
			}
		} else if i := scatter(t.m.floats[at:], values, t.size, col.width); i >= 0 {
			return malformed(t.file, "column %q, row %d: %v is not a finite float32", col.name, from+i/col.width, element(values, i))
		}
		at += col.width
	}

	name := t.label.name
	values, err := columnValues(rec.Column(t.label.index), name, rows, from)
	if err != nil {
		return malformed(t.file, "%w", err)
	}
	t.m.n += rows
	if t.regression() {
		t.m.targets = append(t.m.targets, make([]float32, rows)...)
		if i := scatter(t.m.targets[from:], values, 1, 1); i >= 0 {
			return malformed(t.file, "column %q, row %d: %v is not a finite float32", name, from+i, element(values, i))
		}
		return nil
	}
	labels, classes := integers(values), cmp.Or(t.config.Classes, maxClasses)
	if i := outOfRange(labels, classes); i >= 0 {
		return malformed(t.file, "column %q, row %d: label %v, want 0 … %d", name, from+i, element(values, i), classes-1)
	}
	t.m.labels = append(t.m.labels, labels...)
	return nil
}

// regression reports whether the label column holds targets and not classes.
func (t *arrowTable) regression() bool { return arrow.IsFloating(t.label.elem.ID()) }

// maxClasses bounds the classes of a file that are counted and not declared, so that one wild label is an error and not a model
// with billions of outputs.
const maxClasses = 1 << 20

// memory returns what was gathered.
func (t *arrowTable) memory() *Memory {
	t.m.setScale(t.config.Scale)
	if !t.regression() {
		t.m.spec.Classes = t.config.Classes
		if t.config.Classes == 0 {
			t.m.spec.Classes = 1 + int(slices.Max(append([]int64{0}, t.m.labels...)))
		}
	}
	return &t.m
}
