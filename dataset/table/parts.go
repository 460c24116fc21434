package table

import (
	"context"
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file holds the columns that folders' names give: dt=2026-01-31/.

// withParts is a table and columns that have one value in all its rows.
type withParts struct {
	Table
	schema Schema
	values []Column // one row each
}

func addParts(t Table, fields []Field, parts []Part) (Table, error) {
	w := &withParts{Table: t, schema: slices.Clone(t.Schema())}
	for i, f := range fields {
		if _, err := w.schema.Find(f.Name); err == nil {
			return nil, &Error{File: t.Name(), Column: f.Name, Row: -1, Err: errors.New("is in the file and in a folder's name")}
		}
		w.schema = append(w.schema, f)
		w.values = append(w.values, partColumn(f, parts[i]))
	}
	return w, nil
}

func (w *withParts) Schema() Schema                       { return w.schema }
func (w *withParts) Place(block, row int) (string, int64) { return Place(w.Table, block, row) }

func (w *withParts) Note(column int) string {
	if column >= len(w.Table.Schema()) {
		return ""
	}
	return Note(w.Table, column)
}

func (w *withParts) Idle() {
	if i, ok := w.Table.(Idler); ok {
		i.Idle()
	}
}

func (w *withParts) Read(ctx context.Context, block, lo, hi int, columns []int, dst *Rows) error {
	CheckRead(w, block, lo, hi, columns)
	n := len(w.Table.Schema())
	var inner []int
	for _, c := range columns {
		if c < n {
			inner = append(inner, c)
		}
	}
	if err := w.Table.Read(ctx, block, lo, hi, inner, dst); err != nil {
		return err
	}
	// Places past next are free: the columns read move up to theirs, from the last on, and keep their memory.
	next := len(inner) - 1
	dst.Columns = slices.Grow(dst.Columns, len(columns)-len(inner))[:len(columns)]
	for i := len(columns) - 1; i >= 0; i-- {
		c := columns[i]
		if c < n {
			dst.Columns[i], dst.Columns[next] = dst.Columns[next], dst.Columns[i]
			next--
			continue
		}
		dst.Columns[i].Reset(w.schema[c])
		for range hi - lo {
			dst.Columns[i].AppendFrom(&w.values[c-n], 0, 1)
		}
	}
	dst.N = hi - lo
	return nil
}

// partFields returns the columns that folders' names give, with types that fit the values of all files.
func partFields(files []File) []Field {
	var fields []Field
	for i, p := range files[0].Parts {
		f := Field{Name: p.Column, Type: Type{Kind: Text}}
		kinds := []Type{{Kind: Int}, {Kind: Time, Unit: Day}, {Kind: Float64}}
		some := false
		for _, file := range files {
			part := file.Parts[i]
			if part.Null {
				f.Nullable = true
				continue
			}
			some = true
			kinds = slices.DeleteFunc(kinds, func(t Type) bool {
				_, _, ok := parsePart(t, part.Value)
				return !ok
			})
		}
		if some && len(kinds) > 0 {
			f.Type = kinds[0]
		}
		fields = append(fields, f)
	}
	return fields
}

// parsePart reads a value of a folder's name as an integer or day, or a float.
func parsePart(t Type, s string) (int64, float64, bool) {
	switch t.Kind {
	case Int:
		v, err := strconv.ParseInt(s, 10, 64)
		return v, 0, err == nil && strconv.FormatInt(v, 10) == s
	case Time:
		d, err := time.Parse(time.DateOnly, s)
		return d.Unix() / (24 * 3600), 0, err == nil
	default:
		v, err := strconv.ParseFloat(s, 64)
		return 0, v, err == nil && decimalNumber.MatchString(s) && !math.IsInf(v, 0) &&
			(strings.ContainsAny(s, ".eE") || math.Abs(v) < 1<<53) // a long number is an id
	}
}

var decimalNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func partColumn(f Field, p Part) Column {
	c := Column{Field: f}
	c.Reset(f)
	if p.Null {
		c.AppendNull()
		return c
	}
	i, x, _ := parsePart(f.Type, p.Value)
	switch f.Type.Kind {
	case Text:
		c.AppendString(p.Value)
	case Float64:
		c.AppendFloat(x)
	default:
		c.AppendInt(i)
	}
	return c
}
