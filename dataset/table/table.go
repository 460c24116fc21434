// Package table is how data lies in files and databases: rows of typed, named columns that may have nulls, lists
// and text, read block by block. The packages of file formats read and
// write it; package dataset's sources are made of it.
//
//	file, query → Table (typed rows) → Choose: columns, nulls, classes → dataset.Source (tensors)
//	predictions → Rows → Writer → file
//
// Reading order: this file (the contract), schema.go, rows.go and column.go (rows in memory), handle.go (a file of an fs.FS),
// files.go and join.go (folders), parts.go (columns of folders' names); then choose.go, part.go, ragged.go, classes.go and
// put.go (how a source is made), stats.go.
package table

import "context"

// Kind is the type of a column's values, as a program sees them; how a file stores them is the format's
// business.
type Kind uint8

const (
	Bool    Kind = iota // Ints: 0 or 1
	Int                 // Ints: any integer, signed or not, that an int64 holds
	Float32             // Floats32
	Float64             // Floats
	Decimal             // Ints: unscaled, value = Ints·10^−Scale; beyond 18 digits Floats
	Text                // Data, Offsets: UTF-8
	Binary              // Data, Offsets
	Time                // Ints: Unit since 1970-01-01 00:00 UTC, or local time where the file says no zone
	Span                // Ints: a duration in Unit
	List                // Offsets into Elem
	Null                // no values at all: every row is null, as in a file of text with nothing in a column
)

// Unit is what a Time or Span counts, in nanoseconds.
type Unit int64

// The units of files.
const (
	Nanosecond  Unit = 1
	Microsecond Unit = 1e3
	Millisecond Unit = 1e6
	Second      Unit = 1e9
	Day         Unit = 24 * 3600 * 1e9
)

// Type is the type of a column.
type Type struct {
	Kind     Kind
	Bits     int   // of an Int in the file: 8, 16, 32 or 64; 0 is 64
	Unsigned bool  // an Int is never negative
	Digits   int   // of a Decimal, its precision
	Scale    int   // of a Decimal
	Unit     Unit  // of a Time or Span
	Size     int   // bytes of every Binary value, or elements of every List; 0: they differ, or it is not known
	Elem     *Type // of a List
}

// Field is one column of a Schema.
type Field struct {
	Name     string
	Type     Type
	Nullable bool // there may be nulls
}

// Schema lists the columns of a Table, in order. Names are unique.
type Schema []Field

// Table is rows in blocks: row groups of a Parquet file, record batches of an Arrow file, ranges of a text file.
// It is safe for use by many goroutines at once.
type Table interface {
	Name() string   // for messages: a file, a folder, a query
	Schema() Schema // the same at every call; read only
	// Blocks returns the number of rows of each block, in order. A block is what is cheap to open and fits
	// memory: some thousand to some hundred thousand rows. Read only.
	Blocks() []int
	// Read fills dst with rows [lo, hi) of a block, of the columns listed by their place in the Schema, in that
	// order. dst's memory is reused. An error names file, row (from 0, of the
	// file) and column, as they apply.
	Read(ctx context.Context, block, lo, hi int, columns []int, dst *Rows) error
	Close() error
}

// Writer writes rows to a file. Schemas of all Rows must be the one it was made with.
type Writer interface {
	Write(ctx context.Context, r *Rows) error
	// Close completes the file. A file whose Writer was not closed does not exist under its name, or is noticed
	// as torn.
	Close() error
}

// Rows are N rows of some columns.
type Rows struct {
	N       int
	Columns []Column
}

// Column is the values of one column. Which slice holds them follows from its Kind. The elements of nulls are
// zero (of Text, Binary and List: empty).
type Column struct {
	Field
	Valid    []bool    // [N]; nil: no nulls
	Ints     []int64   // [N]
	Floats   []float64 // [N]
	Floats32 []float32 // [N]
	Data     []byte    // the bytes of all Text or Binary values, one after the other
	Offsets  []int64   // [N+1] where each begins in Data, or in Elem, and the last ends
	Elem     *Column   // of a List: the elements of all rows, one after the other
}
