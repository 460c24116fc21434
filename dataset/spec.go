package dataset

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tutti-ml/tutti/tensor"
)

// Spec describes one sample of a Source: its columns, and which of them is the target.
type Spec struct {
	Name    string   // for messages: a data set's name or a file's
	Columns []Column // names are unique; read only
	Target  string   // the column that is Y of a batch; "": there is none. The first of the others is X
}

// Column describes what a sample has in one column.
//
//	plain         elements of Shape: [N, Shape...] in a batch
//	Ragged        any number of elements of Shape each: values [Σ, Shape...] and offsets [N+1]
//	Text          a string, as bytes: values [Σ] Uint8 and offsets [N+1]
//	Ragged, Text  any number of strings
type Column struct {
	Name       string
	DType      tensor.DType // 0 is Float32; of Text always Uint8
	Shape      []int        // of one sample or, if Ragged, of one element; nil is a single number
	Classes    int          // values are 0 … Classes-1; 0: they are not numbers of classes
	ClassNames []string     // of the classes, by number, where the source knows them; else nil
	Ragged     bool
	Text       bool
}

// XY returns the Spec of samples with an input "x" of Float32 and a target "y": labels (Int64) if classes is above 0,
// else numbers (Float32) of shape target, where nil is a single number.
func XY(name string, shape []int, classes int, target []int) Spec {
	y := Column{Name: "y", DType: tensor.Float32, Shape: target}
	if classes > 0 {
		y = Column{Name: "y", DType: tensor.Int64, Classes: classes}
	}
	return Spec{Name: name, Columns: []Column{{Name: "x", DType: tensor.Float32, Shape: shape}, y}, Target: "y"}
}

// Input returns the column that is X of a batch: the first that is not the target. Without one it is the zero Column.
func (s Spec) Input() Column {
	if i := s.input(); i >= 0 {
		return s.Columns[i]
	}
	return Column{}
}

// Output returns the column that is Y of a batch, if there is one.
func (s Spec) Output() (Column, bool) {
	if i := s.output(); i >= 0 {
		return s.Columns[i], true
	}
	return Column{}, false
}

// Classes returns the number of classes of the target, 0 where it is not a class or missing.
func (s Spec) Classes() int {
	y, _ := s.Output()
	return y.Classes
}

// Size returns the number of elements of one input, the product of its Shape.
func (s Spec) Size() int { return product(s.Input().Shape) }

// Find returns the place in Columns of the column called name, or -1.
func (s Spec) Find(name string) int {
	return slices.IndexFunc(s.Columns, func(c Column) bool { return c.Name == name })
}

// Validate reports the first field that makes no Spec: a name twice, a dtype or a shape that is none, an unknown
// target.
func (s Spec) Validate() error {
	for i, c := range s.Columns {
		switch size, ok := tensor.Elements(c.Shape); {
		case c.dtype().Size() == 0:
			return fmt.Errorf("dataset: Spec of %s: column %q has %v", s.Name, c.Name, c.DType)
		case !ok:
			return fmt.Errorf("dataset: Spec of %s: column %q has shape %v", s.Name, c.Name, c.Shape)
		case c.Text && (len(c.Shape) > 0 || c.dtype() != tensor.Uint8):
			return fmt.Errorf("dataset: Spec of %s: text column %q has %v elements of shape %v, want strings",
				s.Name, c.Name, c.DType, c.Shape)
		case c.Ragged && size == 0:
			return fmt.Errorf("dataset: Spec of %s: ragged column %q has elements of shape %v", s.Name, c.Name, c.Shape)
		case s.Find(c.Name) != i:
			return fmt.Errorf("dataset: Spec of %s: two columns are named %q", s.Name, c.Name)
		}
	}
	if s.Target != "" && s.Find(s.Target) < 0 {
		return fmt.Errorf("dataset: Spec of %s: the target %q is none of the columns: %s", s.Name, s.Target, s.names())
	}
	return nil
}

func (s Spec) input() int {
	return slices.IndexFunc(s.Columns, func(c Column) bool { return c.Name != s.Target })
}

func (s Spec) output() int {
	if s.Target == "" {
		return -1
	}
	return s.Find(s.Target)
}

// names lists the columns for messages.
func (s Spec) names() string {
	var names []string
	for _, c := range s.Columns {
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

// sameLayout reports whether a batch of s can hold samples of t in the same memory.
func (s Spec) sameLayout(t Spec) bool {
	if s.Target != t.Target || len(s.Columns) != len(t.Columns) {
		return false
	}
	for i := range s.Columns {
		if !s.Columns[i].sameLayout(&t.Columns[i]) {
			return false
		}
	}
	return true
}

func (c *Column) sameLayout(d *Column) bool {
	return c.Name == d.Name && c.dtype() == d.dtype() && c.Ragged == d.Ragged && c.Text == d.Text &&
		slices.Equal(c.Shape, d.Shape)
}

// dtype is the DType with its default.
func (c Column) dtype() tensor.DType {
	switch {
	case c.DType != 0:
		return c.DType
	case c.Text:
		return tensor.Uint8
	}
	return tensor.Float32
}

// open reports whether samples differ in their number of elements.
func (c Column) open() bool { return c.Ragged || c.Text }

// bytes is the memory of one sample of the column; of an open one it is that of rawElements.
func (c Column) bytes() int {
	n := product(c.Shape) * c.dtype().Size()
	if c.open() {
		n = n*rawElements + 8
	}
	return n
}

// rawElements is how many elements a sample of a ragged or text column is taken to have where nothing is known.
const rawElements = 64

// RowBytes returns the memory that a sample takes in a batch. A ragged or text column counts as one of 64 elements.
func (s Spec) RowBytes() int {
	n := 0
	for _, c := range s.Columns {
		n += c.bytes()
	}
	return n
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
