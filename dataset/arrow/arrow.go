// Package arrow reads Arrow IPC files and streams into memory, as samples for training.
//
// Reading order: arrow.go (columns to samples), column.go for lists, value.go for numbers, label.go for classes;
// ipc.go is the edge where foreign bytes are bounded.
package arrow

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// Config says which columns of an Arrow table are the input and which is the label. The zero value takes every column
// but "label", and but the index of a pandas DataFrame, as input.
type Config struct {
	Name       string   // of the set, for messages; default: the file name
	Features   []string // input columns, joined in this order; default: all but Label and pandas' index, as in the file
	Label      string   // label or target column; default "label"
	Shape      []int    // of a sample, e.g. [1, 8, 8]; default [D], D the elements of all features
	Classes    int      // labels are 0 … Classes-1; default: the largest plus one. Must stay 0 with a target column
	ClassNames []string // of a label column of strings, by class; default: those that occur, in the order of their bytes
	Scale      float64  // inputs are multiplied by it, e.g. 1.0/255; default 1
	MaxBytes   int64    // refuse to hold more than this in memory at once; default 8 GiB
}

// Open reads the Arrow IPC file path, in the file or the stream format, into memory. It is closed when Open returns.
//
//	feature: a number a row, or a list of them (also nested), of the same length in all rows, or binary of one size
//	number:  uint8 … int64, bool (0 and 1), float16 … float64, decimal; time and duration in seconds, dates and
//	         timestamps in seconds since 1970 (UTC), which float32 rounds to 128 s; or a dictionary of any of these
//	label:   integers or bool: classes; strings: classes too, named in Spec.ClassNames; or a dictionary of these;
//	         or floats or decimals: targets, and Spec.Classes is 0
//
// Strings are numbered in the order of their bytes, whatever the order of a dictionary, so that the same names have the
// same numbers in every file; a file in which some are missing needs ClassNames.
//
// Features that all are uint8 or bool are kept as bytes, others as float32. Buffers compressed with LZ4 or Zstandard
// are read. An error names the file, and as they apply the column, the row (counted from 0 over the whole file) and
// both values: dataset.ErrFormat for corrupt bytes and other formats, a column that is missing or of another type,
// nulls, values that are not finite, labels out of range, a shape that does not fit; fs.ErrNotExist for a file that
// is missing. A stream cut short exactly between two of its messages is whole as the format has it, and is not
// noticed; the file format has an end that is checked.
func Open(path string, c Config) (*dataset.Memory, error) {
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
		return nil, dataset.Malformed(path, "%w", err)
	}
	return readArrow(stream, path, c)
}

// Read reads Arrow IPC bytes from r to their end, as Open does from a file. If they are of the file format it holds
// them all until it returns.
func Read(r io.Reader, c Config) (*dataset.Memory, error) {
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
		return nil, dataset.Malformed(c.Name, "%w", err)
	}
	return readArrow(inner, c.Name, c)
}

// readArrow reads a stream. file is its name in errors.
func readArrow(stream io.Reader, file string, c Config) (*dataset.Memory, error) {
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
	config Config
	file   string

	features []arrowColumn
	label    arrowColumn
	classes  *classNames // of a label column of strings
	measured bool        // size is known, and fits the shape
	size     int         // elements of a sample, over all features
	asBytes  bool        // every feature is uint8 or bool

	shape   []int     // of a sample
	n       int       // rows so far
	bytes   []byte    // n·size elements; or
	floats  []float32 // n·size elements
	labels  []int64   // n; or
	targets []float32 // n
}

// schema finds the columns and checks their types.
func (t *arrowTable) schema(s *arrow.Schema) error {
	for _, f := range s.Fields() {
		if hasViews(f.Type) {
			return dataset.Malformed(t.file, "column %q is %s, which is not supported", f.Name, f.Type)
		}
	}
	names := t.config.Features
	if names == nil {
		index, err := indexColumns(s)
		if err != nil {
			return dataset.Malformed(t.file, "%w", err)
		}
		for _, f := range s.Fields() {
			if f.Name != t.config.Label && !index[f.Name] {
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
		if kind := kindOf(col.elem); kind == noKind || kind == textKind {
			return dataset.Malformed(t.file, "column %q is %s, want numbers, times or lists of them", name, col.elem)
		}
		id := col.elem.ID()
		t.asBytes = t.asBytes && (id == arrow.UINT8 || id == arrow.BOOL)
		t.features = append(t.features, col)
	}
	if len(t.features) == 0 {
		return dataset.Malformed(t.file, "has no feature columns beside %q", t.config.Label)
	}
	if err := t.findLabel(s); err != nil {
		return err
	}
	t.shape = t.config.Shape
	return t.measure()
}

// findLabel finds the label column.
func (t *arrowTable) findLabel(s *arrow.Schema) error {
	var err error
	if t.label, err = t.column(s, t.config.Label); err != nil {
		return err
	}
	typ := s.Field(t.label.index).Type
	kind := kindOf(typ)
	if t.classes, err = newClassNames(t.config.ClassNames); err != nil {
		return dataset.Malformed(t.file, "%w", err)
	}
	names := len(t.config.ClassNames)
	switch {
	case kind == noKind || kind == timeKind:
		return dataset.Malformed(t.file, "label column %q is %s, want integers, booleans, strings or floats", t.label.name, typ)
	case kind == realKind && t.config.Classes != 0:
		return dataset.Malformed(t.file, "label column %q is %s, want integers for the %d classes", t.label.name, typ, t.config.Classes)
	case t.config.ClassNames != nil && kind != textKind:
		return dataset.Malformed(t.file, "label column %q is %s, want strings for the %d ClassNames", t.label.name, typ, names)
	case t.config.Classes != 0 && names > t.config.Classes:
		return dataset.Malformed(t.file, "%d ClassNames for %d classes", names, t.config.Classes)
	}
	return nil
}

// measure checks the size of a sample, once the lengths of all lists are known.
func (t *arrowTable) measure() error {
	size := int64(0)
	for i := range t.features {
		width, _ := t.features[i].width()
		if width == open {
			return nil
		}
		if size += int64(width); t.config.MaxBytes/4 < size {
			return dataset.Malformed(t.file, "column %q has %d elements a row, more than the limit of %d bytes",
				t.features[i].name, width, t.config.MaxBytes)
		}
	}
	t.size, t.measured = int(size), true
	if t.config.Shape == nil {
		t.shape = []int{t.size}
	}
	if n, ok := tensor.Elements(t.shape); !ok || n != t.size {
		return dataset.Malformed(t.file, "the feature columns have %d elements a row, shape %v has another number", t.size,
			t.config.Shape)
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
		return arrowColumn{}, dataset.Malformed(t.file, "no column %q among %q", name, have)
	}
	if len(at) > 1 {
		return arrowColumn{}, dataset.Malformed(t.file, "%d columns are named %q", len(at), name)
	}
	col := arrowColumn{name: name, index: at[0]}
	col.lists, col.elem = layout(s.Field(at[0]).Type)
	if _, ok := col.width(); !ok {
		return arrowColumn{}, dataset.Malformed(t.file, "column %q is %s: not a list length this machine can hold", name, s.Field(at[0]).Type)
	}
	return col, nil
}

// record appends one record batch.
func (t *arrowTable) record(rec arrow.Record) error {
	rows, from := int(rec.NumRows()), t.n
	if rows == 0 {
		return nil
	}
	if err := t.room(rec.NumRows()); err != nil {
		return err
	}
	values := make([]any, len(t.features))
	for i := range t.features {
		var err error
		if values[i], err = t.features[i].values(rec.Column(t.features[i].index), rows, from); err != nil {
			return dataset.Malformed(t.file, "%w", err)
		}
	}
	if !t.measured { // now it can be
		if err := t.measure(); err != nil {
			return err
		}
		if err := t.room(rec.NumRows()); err != nil {
			return err
		}
	}
	if t.asBytes {
		t.bytes = slices.Grow(t.bytes, rows*t.size)[:(from+rows)*t.size]
	} else {
		t.floats = slices.Grow(t.floats, rows*t.size)[:(from+rows)*t.size]
	}
	at := from * t.size
	for i := range t.features {
		col := &t.features[i]
		width, _ := col.width()
		if t.asBytes {
			for row := range rows {
				copy(t.bytes[at+row*t.size:], values[i].([]uint8)[row*width:(row+1)*width])
			}
		} else if bad := scatter(t.floats[at:], values[i], t.size, width); bad >= 0 {
			return dataset.Malformed(t.file, "column %q, row %d: %v is not a finite float32", col.name, from+bad/width,
				element(values[i], bad))
		}
		at += width
	}

	label := rec.Column(t.label.index)
	t.n += rows
	if t.regression() {
		values, err := t.label.values(label, rows, from)
		if err != nil {
			return dataset.Malformed(t.file, "%w", err)
		}
		t.targets = append(t.targets, make([]float32, rows)...)
		if i := scatter(t.targets[from:], values, 1, 1); i >= 0 {
			return dataset.Malformed(t.file, "column %q, row %d: %v is not a finite float32", t.label.name, from+i,
				element(values, i))
		}
		return nil
	}
	labels, err := t.labelsOf(label, rows, from)
	if err != nil {
		return dataset.Malformed(t.file, "%w", err)
	}
	t.labels = append(t.labels, labels...)
	return nil
}

// room checks that so many more rows stay within the limit.
func (t *arrowTable) room(rows int64) error {
	perRow := int64(8 + 4*t.size)
	if t.asBytes {
		perRow = int64(8 + t.size)
	}
	if rows < 0 || rows > t.config.MaxBytes/perRow-int64(t.n) {
		return dataset.Malformed(t.file, "%d and %d rows of %d elements, the limit is %d bytes", t.n, rows, t.size,
			t.config.MaxBytes)
	}
	return nil
}

// regression reports whether the label column holds targets and not classes.
func (t *arrowTable) regression() bool { return kindOf(t.label.elem) == realKind }

// memory returns what was gathered.
func (t *arrowTable) memory() *dataset.Memory {
	if !t.measured && t.config.Shape == nil { // no row has shown how long the lists are
		t.shape = []int{0}
	}
	shape := append([]int{t.n}, t.shape...)
	var x *tensor.Tensor
	if t.asBytes {
		x = tensor.FromSlice(t.bytes, shape...)
	} else {
		x = tensor.FromSlice(t.floats, shape...)
	}
	if t.regression() {
		y := tensor.FromSlice(t.targets, t.n)
		return dataset.FromTensors(x, y).WithScale(t.config.Scale).WithName(t.config.Name)
	}
	least := 1
	var names []string
	if kindOf(t.label.elem) == textKind {
		names = t.classes.sort(t.labels)
		least = max(least, len(names))
	} else if t.label.elem.ID() == arrow.BOOL {
		least = 2
	}
	classes := cmp.Or(t.config.Classes, max(least, 1+int(slices.Max(append([]int64{0}, t.labels...)))))
	m := dataset.FromTensors(x, tensor.FromSlice(t.labels, t.n)).WithScale(t.config.Scale).WithName(t.config.Name)
	return m.WithClasses(classes).WithClassNames(names)
}
