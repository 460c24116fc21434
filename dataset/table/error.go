package table

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tutti-ml/tutti/dataset"
)

// Error says where data is not what it should be. It wraps dataset.ErrFormat and Err.
type Error struct {
	File   string
	Column string // "" if it is not about one
	Row    int64  // from 0, of the file; negative if it is not about one
	Err    error
}

// Error returns one line: dataset: FILE: column "x", row 7: is null.
func (e *Error) Error() string {
	var where []string
	if e.Column != "" {
		where = append(where, fmt.Sprintf("column %q", e.Column))
	}
	if e.Row >= 0 {
		where = append(where, fmt.Sprintf("row %d", e.Row))
	}
	if where == nil {
		return fmt.Sprintf("dataset: %s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("dataset: %s: %s: %v", e.File, strings.Join(where, ", "), e.Err)
}

// Unwrap gives errors.Is and errors.As both dataset.ErrFormat and Err.
func (e *Error) Unwrap() []error { return []error{dataset.ErrFormat, e.Err} }

// Malformed returns an Error about a whole file. A %w in format is kept.
func Malformed(file, format string, args ...any) error {
	return &Error{File: file, Row: -1, Err: fmt.Errorf(format, args...)}
}

// MalformedAt returns an Error about a row of a file, and about a column unless that is "".
func MalformedAt(file, column string, row int64, format string, args ...any) error {
	return &Error{File: file, Column: column, Row: row, Err: fmt.Errorf(format, args...)}
}

// Placer is a Table whose rows come from several files.
type Placer interface {
	// Place returns the file that a row of a block lies in, and its number in that file, from 0.
	Place(block, row int) (file string, at int64)
}

// Place returns the file and the number in it of a row of t's block, for messages.
func Place(t Table, block, row int) (file string, at int64) {
	if p, ok := t.(Placer); ok {
		return p.Place(block, row)
	}
	at = int64(row)
	for _, n := range t.Blocks()[:block] {
		at += int64(n)
	}
	return t.Name(), at
}

// Noter is a Table that can say why a column has the type it has: which value of a file of text is no number.
type Noter interface {
	Note(column int) string // "" if there is nothing to say
}

// Note returns what t says about the type of a column, or "".
func Note(t Table, column int) string {
	if n, ok := t.(Noter); ok {
		return n.Note(column)
	}
	return ""
}

// ErrNull is wrapped by the error of a value that is missing where none may be.
var ErrNull = errors.New("is null")

// ErrChanged is wrapped by the error of a file that is no longer what it was when its Table was opened.
var ErrChanged = errors.New("the file has changed since it was opened")
