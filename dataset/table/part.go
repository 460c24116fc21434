package table

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// part makes one column of a batch.
type part struct {
	pick    Pick
	column  dataset.Column
	from    []origin
	size    int  // elements of a sample; of a ragged column of an element
	bytes   bool // all From are uint8 or bool
	classes map[string]int64
}

// origin is one column that a part is made of.
type origin struct {
	name  string
	read  int   // place among the columns read
	dims  []int // lengths of the lists that an element lies in, outermost first; of ragged columns without the first
	width int   // product of dims
	leaf  Type  // of an element; of Binary it is Binary
}

var errNaN = errors.New("is NaN")

// part checks a Pick against the schema and finds its defaults.
func (s *Source) part(ctx context.Context, pick Pick) (*part, error) {
	p := &part{pick: pick, bytes: true}
	names := pick.From
	if len(names) == 0 {
		names = []string{pick.Name}
	}
	if p.pick.Scale == 0 {
		p.pick.Scale = 1
	}
	p.pick.Class = pick.Class || pick.Classes > 0 || pick.ClassNames != nil
	schema := s.t.Schema()
	joined := len(names) > 1 || slices.Equal(pick.Shape, []int{joinedWidth})
	for _, name := range names {
		at, err := schema.Find(name)
		if err != nil {
			return nil, err
		}
		o := origin{name: name, leaf: schema[at].Type}
		if err := p.take(&o, joined, schema[at].Type); err != nil {
			if note := Note(s.t, at); note != "" {
				err = fmt.Errorf("%w (%s)", err, note)
			}
			return nil, err
		}
		if err := s.measure(ctx, &o, at); err != nil {
			return nil, err
		}
		o.read = s.use(at)
		p.from = append(p.from, o)
	}
	if err := p.layout(joined); err != nil {
		return nil, err
	}
	if p.pick.Class {
		at, _ := schema.Find(names[0])
		if err := s.classesOf(ctx, p, at, schema[at].Type); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// take finds how a column lies in lists, and refuses what cannot be made of it.
func (p *part) take(o *origin, joined bool, t Type) error {
	for o.leaf.Kind == List {
		o.dims = append(o.dims, o.leaf.Size)
		o.leaf = *o.leaf.Elem
	}
	if o.leaf.Kind == Binary {
		o.dims = append(o.dims, o.leaf.Size)
	}
	isByte := o.leaf.Kind == Bool || o.leaf.Kind == Binary || o.leaf.Kind == Int && o.leaf.Unsigned && o.leaf.Bits == 8
	p.bytes = p.bytes && isByte
	d := p.pick.DType
	switch {
	case o.leaf.Kind == Null && p.pick.Null == NullError:
		return fmt.Errorf("column %q has no values", o.name)
	case p.pick.Class && o.leaf.Kind != Int && (len(o.dims) > 0 || o.leaf.Kind != Bool && o.leaf.Kind != Text):
		return fmt.Errorf("column %q is %v, want integers, booleans or text for classes", o.name, t)
	case p.pick.ClassNames != nil && (o.leaf.Kind == Bool || len(o.dims) > 0):
		return fmt.Errorf("column %q is %v, want text or integers for the %d ClassNames", o.name, t, len(p.pick.ClassNames))
	case p.pick.Class && (joined || d != 0 && d != tensor.Int64):
		return fmt.Errorf("column %q as classes: want one column and Int64, not %d columns and %v", o.name, max(1,
			len(p.pick.From)), d)
	case p.pick.Class:
	case o.leaf.Kind == Text && (joined || d != 0 && d != tensor.Uint8):
		return fmt.Errorf("column %q is %v, want numbers, times or lists of them", o.name, t)
	case o.leaf.Kind == Text && (len(o.dims) > 1 || p.pick.Shape != nil):
		return fmt.Errorf("column %q is %v, want a text or a list of text, without a Shape", o.name, t)
	case d == tensor.Bool && o.leaf.Kind != Bool && o.leaf.Kind != Int:
		return fmt.Errorf("column %q is %v, want booleans, or integers 0 and 1", o.name, t)
	}
	fixed := joined || p.pick.Shape != nil
	for i, n := range o.dims {
		if n == 0 && (i > 0 && !fixed) && o.leaf.Kind != Text {
			return fmt.Errorf("column %q is %v, in which two lengths are open; give a Shape", o.name, t)
		}
	}
	if !fixed && len(o.dims) > 0 && o.dims[0] == 0 || o.leaf.Kind == Text && len(o.dims) > 0 {
		p.column.Ragged = true
		o.dims = o.dims[1:]
	}
	if p.column.Ragged && p.pick.Null == NullNaN && o.leaf.Kind == Text {
		return fmt.Errorf("column %q is %v, which has no NaN", o.name, t)
	}
	return nil
}

// measure finds lengths that the type leaves open in the first row of the table.
func (s *Source) measure(ctx context.Context, o *origin, column int) error {
	if slices.Contains(o.dims, 0) {
		var rows Rows
		for block, n := range s.t.Blocks() {
			if n == 0 {
				continue
			}
			if err := s.t.Read(ctx, block, 0, 1, []int{column}, &rows); err != nil {
				return err
			}
			at := 0
			for c, i := &rows.Columns[0], 0; i < len(o.dims); c, i = c.Elem, i+1 {
				if c == nil || c.Null(at) {
					file, row := Place(s.t, block, 0)
					return MalformedAt(file, o.name, row,
						"%w, where the length of lists is to be found; give a type or another first row", ErrNull)
				}
				o.dims[i] = int(c.Offsets[at+1] - c.Offsets[at])
				if at = int(c.Offsets[at]); o.dims[i] == 0 {
					file, row := Place(s.t, block, 0)
					return MalformedAt(file, o.name, row, "a list of no elements, want at least one")
				}
			}
			break
		}
	}
	size, ok := tensor.Elements(o.dims)
	if !ok || size > math.MaxInt32 {
		return fmt.Errorf("column %q: lists of %v are too large", o.name, o.dims)
	}
	o.width = size
	return nil
}

// layout finds dtype and shape.
func (p *part) layout(joined bool) error {
	c := &p.column
	c.Name, c.DType = p.pick.Name, p.pick.DType
	for _, o := range p.from {
		p.size += o.width
	}
	leaf := p.from[0].leaf.Kind
	if c.DType == 0 {
		switch {
		case joined:
			c.DType = tensor.Float32
		case p.pick.Class, leaf == Int:
			c.DType = tensor.Int64
		case leaf == Bool && p.pick.Null != NullNaN:
			c.DType = tensor.Bool
		case leaf == Time, leaf == Span:
			c.DType = tensor.Float64
		case leaf == Text, leaf == Binary:
			c.DType = tensor.Uint8
		default:
			c.DType = tensor.Float32
		}
	}
	isFloat := c.DType == tensor.Float32 || c.DType == tensor.Float64
	c.Text = leaf == Text && !p.pick.Class
	switch {
	case !slices.Contains([]tensor.DType{tensor.Float32, tensor.Float64, tensor.Int64, tensor.Int32, tensor.Int8,
		tensor.Uint8, tensor.Bool}, c.DType):
		return fmt.Errorf("column %q as %v: want float, integer or bool", c.Name, c.DType)
	case p.pick.Null == NullNaN && !isFloat:
		return fmt.Errorf("column %q: NaN for nulls wants a float DType, not %v", c.Name, c.DType)
	case p.pick.Scale != 1 && !isFloat:
		return fmt.Errorf("column %q: Scale %v wants a float DType, not %v", c.Name, p.pick.Scale, c.DType)
	case p.pick.Null == NullFill && !c.Text && !isFloat && p.pick.Fill != math.Trunc(p.pick.Fill):
		return fmt.Errorf("column %q: Fill %v is no %v", c.Name, p.pick.Fill, c.DType)
	}
	if c.Text {
		return nil
	}
	if joined {
		c.Shape = []int{p.size}
	} else if len(p.from[0].dims) > 0 {
		c.Shape = slices.Clone(p.from[0].dims)
	}
	if s := p.pick.Shape; s != nil && !slices.Equal(s, []int{joinedWidth}) {
		n, ok := tensor.Elements(s)
		if !ok || n != p.size && !slices.Contains(p.from[0].dims, 0) {
			return fmt.Errorf("column %q has %d elements a row, shape %v has another number", c.Name, p.size, s)
		}
		c.Shape, p.size = slices.Clone(s), n
	}
	return nil
}

// fill sets the column of a batch, or returns the row and the column that cannot be.
func (p *part) fill(b *dataset.Batch, rows *Rows) (row int, column string, err error) {
	o := &p.from[0]
	switch {
	case p.column.Text:
		row, err = p.text(b, &rows.Columns[o.read])
		return row, o.name, err
	case p.classes != nil:
		row, err = p.names(tensor.Data[int64](b.Col(p.column.Name)), &rows.Columns[o.read])
		return row, o.name, err
	case p.column.Ragged:
		row, err = p.ragged(b, &rows.Columns[o.read])
		return row, o.name, err
	}
	at := 0
	dst := b.Col(p.column.Name)
	for i := range p.from {
		o := &p.from[i]
		if row, err := p.scatter(dst, at, o, &rows.Columns[o.read]); err != nil {
			return row, o.name, err
		}
		at += o.width
	}
	if p.column.Classes > 0 {
		row, err = inClasses(tensor.Data[int64](dst), p.column.Classes, p.size)
	}
	return row, o.name, err
}

// inClasses returns an error for the first of labels, of size a row, that is no class.
func inClasses(labels []int64, classes, size int) (row int, err error) {
	for i, v := range labels {
		if v < 0 || v >= int64(classes) {
			return i / max(1, size), fmt.Errorf("label %d, want 0 … %d", v, classes-1)
		}
	}
	return 0, nil
}

// scatter sets elements at, at+1, … of each sample to those of column c, whose lists all have o.dims.
func (p *part) scatter(dst *tensor.Tensor, at int, o *origin, c *Column) (row int, err error) {
	n := c.Len()
	if len(o.dims) == 0 {
		return p.put(dst, at, p.size, c, 0, n, 1)
	}
	if leaf, from, ok := even(c, o.dims); ok { // all rows at once
		return p.put(dst, at, p.size, leaf, from, n, o.width)
	}
	for row := range n {
		leaf, from, null, err := locate(c, row, o.dims)
		if err != nil {
			return row, err
		}
		if null {
			if p.pick.Null == NullError {
				return row, ErrNull
			}
			p.blank(dst, at+row*p.size, o.width)
			continue
		}
		if _, err := p.put(dst, at+row*p.size, o.width, leaf, from, 1, o.width); err != nil {
			return row, err
		}
	}
	return 0, nil
}

// even says whether c is lists of one level or bytes, as many in each row as dims says, and no row is missing. Their
// elements then follow one another in leaf, from from on.
func even(c *Column, dims []int) (leaf *Column, from int, ok bool) {
	n := c.Len()
	if len(dims) != 1 || c.Valid != nil || n == 0 {
		return nil, 0, false
	}
	for i := range n {
		if int(c.Offsets[i+1]-c.Offsets[i]) != dims[0] {
			return nil, 0, false
		}
	}
	from = int(c.Offsets[0])
	if c.Type.Kind == List {
		return c.Elem, from, true
	}
	return c, from, true
}

// blank sets the elements of a missing list.
func (p *part) blank(dst *tensor.Tensor, at, n int) {
	nulls := Column{Field: Field{Type: Type{Kind: Int}}, Ints: make([]int64, n), Valid: make([]bool, n)}
	p.put(dst, at, n, &nulls, 0, 1, n)
}

// locate returns where the elements of a row's lists begin in the innermost column. All lists must have the lengths
// dims.
func locate(c *Column, row int, dims []int) (leaf *Column, from int, null bool, err error) {
	from = row
	n := 1
	for _, want := range dims {
		for i := from; i < from+n; i++ {
			if c.Null(i) {
				if n > 1 {
					return nil, 0, false, ErrNull
				}
				return nil, 0, true, nil
			}
			if got := int(c.Offsets[i+1] - c.Offsets[i]); got != want {
				return nil, 0, false, fmt.Errorf("a list of %d elements, want %d", got, want)
			}
		}
		from, n = int(c.Offsets[from]), n*want
		if c.Type.Kind != List {
			return c, from, false, nil
		}
		c = c.Elem
	}
	return c, from, false, nil
}
