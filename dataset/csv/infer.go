package csv

import (
	"fmt"

	"github.com/tutti-ml/tutti/dataset/internal/textfile"
	"github.com/tutti-ml/tutti/dataset/table"
)

// kinds is a set of types that values may have.
type kinds uint8

const (
	canInt kinds = 1 << iota
	canFloat
	canBool
	canDate
	canMicro // an instant of whole microseconds
	canNano  // an instant that nanoseconds in an int64 can tell
	canAll   = 1<<iota - 1
)

// finding is what is known of a column's values: which types all of them have.
type finding struct {
	can    kinds
	values int64  // that are there
	nulls  bool   // some are missing
	empty  bool   // some are a quoted nothing: in a column of text they are a text
	broke  string // the first value that was no number, after some that were
	row    int64  // of it
}

// add takes a value into account.
func (f *finding) add(d *dialect, v []byte, row int64) {
	f.values++
	if f.can == 0 {
		return
	}
	could := f.can
	if f.can&(canInt|canFloat) != 0 {
		_, isInt, isFloat := d.number(v)
		if !isInt {
			f.can &^= canInt
		}
		if !isFloat {
			f.can &^= canFloat
		}
	}
	if f.can&canBool != 0 {
		if _, ok := boolean(v, false); !ok {
			f.can &^= canBool
		}
	}
	if f.can&(canDate|canMicro|canNano) != 0 {
		f.addTime(v)
	}
	if f.values > 1 && f.can == 0 && could != 0 && f.broke == "" {
		f.broke, f.row = string(v[:min(len(v), 40)]), row
	}
}

func (f *finding) addTime(v []byte) {
	m, ok := textfile.ParseTime(v)
	if !ok {
		f.can &^= canDate | canMicro | canNano
		return
	}
	if !m.Date {
		f.can &^= canDate
	}
	if m.Digits > 6 {
		f.can &^= canMicro
	}
	if _, ok := m.In(table.Nanosecond); !ok {
		f.can &^= canNano
	}
}

// join makes f what is known of two parts of a column.
func (f *finding) join(g finding) {
	f.can &= g.can
	f.values += g.values
	f.nulls, f.empty = f.nulls || g.nulls, f.empty || g.empty
}

// typ returns the type of the column.
func (f *finding) typ() table.Type {
	switch {
	case f.values == 0 && !f.empty:
		return table.Type{Kind: table.Null}
	case f.values == 0:
		return table.Type{Kind: table.Text}
	case f.can&canInt != 0:
		return table.Type{Kind: table.Int}
	case f.can&canFloat != 0:
		return table.Type{Kind: table.Float64}
	case f.can&canBool != 0:
		return table.Type{Kind: table.Bool}
	case f.can&canDate != 0:
		return table.Type{Kind: table.Time, Unit: table.Day}
	case f.can&canMicro != 0:
		return table.Type{Kind: table.Time, Unit: table.Microsecond}
	case f.can&canNano != 0:
		return table.Type{Kind: table.Time, Unit: table.Nanosecond}
	}
	return table.Type{Kind: table.Text}
}

// note says why the column is text, if some of its values were something else.
func (f *finding) note() string {
	if f.broke == "" {
		return ""
	}
	return fmt.Sprintf("row %d has %q, the values before had another type", f.row, f.broke)
}
