package table

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// Config says which columns of a Table become the columns of a batch, and how. The zero value gives two: "x", all
// columns but "label" as float32 side by side [D], and "y", the column "label": classes from integers, bools or text,
// else targets.
type Config struct {
	Name    string // of the source, for messages; default: the table's
	Columns []Pick // of a batch, in order; default: as above, with Label
	Target  string // the Pick that is Y; default none, but "y" for the default Columns
	Label   string // column that the default Columns take as "y"; default "label"
}

// Pick makes one column of a batch from one or more of a table.
//
// What becomes of a column by itself, unless DType says otherwise:
//
//	Int            Int64, exactly         Bool      Bool
//	Float32/64     Float32                Decimal   Float32, its scale applied
//	Time, Span     Float64: seconds (a Time's since 1970-01-01 00:00 UTC)
//	Text           text                   Binary    Uint8 [Size], or ragged
//	List           its elements, [Size] or ragged; a list of lists of one Size [Size, …]; a list of text: ragged text
//
// Numbers that a DType does not hold are an error, with file, row and column: a fraction or a value out of range in an
// integer, a float past float32's range, an infinity. A Time in an integer DType is rounded down to whole seconds. An
// integer in a float DType is rounded to the nearest: past 2²⁴ float32 has not all of them.
type Pick struct {
	Name string // in the batch
	// From are the columns of the table; default: Name. Several are joined side by side into one [D]: numbers, times
	// and lists of them; lists whose length the type leaves open must all be as long as the first row's.
	From  []string
	DType tensor.DType // default: as above; Float32 where From are several
	// Shape is of a sample; default as above, and [D] where From are several. It makes a list of open length fixed.
	Shape []int
	Scale float64 // numbers in a float DType are multiplied by it; default 1

	// Class makes numbers of classes, Int64: of integers 0 … Classes-1 as they are, of bools 0 and 1, of text the place
	// in ClassNames. Classes default to the largest plus one, found by one pass over the column; ClassNames to those that
	// occur, in the order of their bytes, so that files with the same names have the same numbers. With ClassNames
	// integers are looked up as they are written: "-1", "1" for LIBSVM's labels. A value that is no class is an error
	// with its row.
	Class      bool
	Classes    int
	ClassNames []string

	// Null says what becomes of nulls, and in columns of floats of NaN, which files have in their place.
	Null     OnNull
	Fill     float64 // with NullFill: the number, before Scale
	FillText string  // with NullFill: the text; of a class its name
}

// OnNull says what becomes of values that are missing.
type OnNull uint8

const (
	NullError OnNull = iota // an error with file, row and column
	NullFill                // Pick.Fill or FillText in its place; in a missing list everywhere, or it is empty if lengths differ
	NullNaN                 // NaN, in a float DType
)

// Source is a dataset.Blocks made of a Table. It does not close the Table.
type Source struct {
	t      Table
	spec   dataset.Spec
	length int
	read   []int // columns of the table that are read
	parts  []*part
	pool   sync.Pool // of *Rows
}

// Choose returns a source of what c picks. What the table's schema can tell to be wrong is an error here, and not in
// the midst of an epoch. It reads the table where a default must be found: the first row for the length of lists, a
// column once for the number or the names of classes.
func Choose(ctx context.Context, t Table, c Config) (*Source, error) {
	schema := t.Schema()
	if c.Name == "" {
		c.Name = t.Name()
	}
	if len(schema) == 0 {
		return nil, Malformed(t.Name(), "has no columns")
	}
	if c.Columns == nil {
		var err error
		if c.Columns, err = standard(schema, c.Label); err != nil {
			return nil, Malformed(t.Name(), "%w", err)
		}
		c.Target = "y"
	}
	s := &Source{t: t}
	s.pool.New = func() any { return new(Rows) }
	for _, n := range t.Blocks() {
		s.length += n
	}
	s.spec = dataset.Spec{Name: c.Name, Target: c.Target}
	for _, pick := range c.Columns {
		p, err := s.part(ctx, pick)
		if err != nil {
			var placed *Error
			if errors.As(err, &placed) || ctx.Err() != nil {
				return nil, err
			}
			return nil, Malformed(t.Name(), "%w", err)
		}
		s.parts = append(s.parts, p)
		s.spec.Columns = append(s.spec.Columns, p.column)
	}
	return s, s.spec.Validate()
}

// standard returns the Picks of the zero Config.
func standard(schema Schema, label string) ([]Pick, error) {
	if label == "" {
		label = "label"
	}
	at, err := schema.Find(label)
	if err != nil {
		return nil, err
	}
	x := Pick{Name: "x"}
	for _, f := range schema {
		if f.Name != label {
			x.From = append(x.From, f.Name)
		}
	}
	if x.From == nil {
		return nil, fmt.Errorf("has no columns beside %q", label)
	}
	if len(x.From) == 1 { // still float32 and [D]
		x.DType, x.Shape = tensor.Float32, []int{joinedWidth}
	}
	y := Pick{Name: "y", From: []string{label}, DType: tensor.Float32}
	switch schema[at].Type.Kind {
	case Int, Bool, Text:
		y.Class, y.DType = true, 0
	case Float32, Float64, Decimal:
	default:
		return nil, fmt.Errorf("label column %q is %v, want integers, booleans, text or floats", label, schema[at].Type)
	}
	return []Pick{x, y}, nil
}

// joinedWidth is a Shape's only element where it stands for the elements of all From.
const joinedWidth = -1

// Name returns the source's name.
func (s *Source) Name() string { return s.spec.Name }

// Len returns the number of rows.
func (s *Source) Len() int { return s.length }

// Spec describes a sample.
func (s *Source) Spec() dataset.Spec { return s.spec }

// Blocks returns the number of rows of each block.
func (s *Source) Blocks() []int { return s.t.Blocks() }

// Table returns the table it is made of.
func (s *Source) Table() Table { return s.t }

// Fill makes b hold the samples of the given numbers.
func (s *Source) Fill(b *dataset.Batch, index []int) error { return b.Gather(s, index) }

// ReadBlock makes b hold rows [lo, hi) of a block.
func (s *Source) ReadBlock(ctx context.Context, b *dataset.Batch, block, lo, hi int) error {
	rows := s.pool.Get().(*Rows)
	defer s.pool.Put(rows)
	if err := s.t.Read(ctx, block, lo, hi, s.read, rows); err != nil {
		return err
	}
	if rows.N != hi-lo {
		return fmt.Errorf("dataset: %s: %d rows of block %d were asked for, the table gave %d", s.spec.Name, hi-lo, block,
			rows.N)
	}
	b.Resize(rows.N, s.spec)
	for _, p := range s.parts {
		if row, column, err := p.fill(b, rows); err != nil {
			file, at := Place(s.t, block, lo+row)
			return &Error{File: file, Column: column, Row: at, Err: err}
		}
	}
	return nil
}

// use returns the place among the columns read of one of the table.
func (s *Source) use(column int) int {
	if i := slices.Index(s.read, column); i >= 0 {
		return i
	}
	s.read = append(s.read, column)
	return len(s.read) - 1
}

// each calls fn with all rows of one column, a piece at a time, and the block and row that a piece begins with.
func (s *Source) each(ctx context.Context, column int, fn func(c *Column, block, lo int) (row int, err error)) error {
	const piece = 1 << 15
	var rows Rows
	for block, n := range s.t.Blocks() {
		for lo := 0; lo < n; lo += piece {
			if err := s.t.Read(ctx, block, lo, min(n, lo+piece), []int{column}, &rows); err != nil {
				return err
			}
			if row, err := fn(&rows.Columns[0], block, lo); err != nil {
				file, at := Place(s.t, block, lo+row)
				return &Error{File: file, Column: s.t.Schema()[column].Name, Row: at, Err: err}
			}
		}
	}
	return nil
}
