package jsonl

import (
	"encoding/base64"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/tutti-ml/tutti/dataset/internal/textfile"
	"github.com/tutti-ml/tutti/dataset/table"
)

// Create begins a file of JSON Lines, which takes its name when the Writer is closed.
//
// Each row is an object with all columns, null where they are, under their names as they are: a column a.b is written
// as "a.b", which Open reads as it does b in a. A reader with the same types in Config.Types reads the same: floats
// have the fewest digits that tell them apart, NaN and infinities stand as Python's json module writes them, instants
// as RFC 3339 in UTC, days as 2026-01-31, binary values in base64, decimals as numbers with all their digits, spans as
// the number of their units. Text that is not UTF-8 is an error.
func Create(path string, s table.Schema) (table.Writer, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("jsonl: %w", err)
	}
	file, err := table.Create(path)
	if err != nil {
		return nil, err
	}
	return newWriter(file, path, s, file), nil
}

// NewWriter is Create for any io.Writer. Close writes what is left, and does not close w.
func NewWriter(w io.Writer, s table.Schema) (table.Writer, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("jsonl: %w", err)
	}
	return newWriter(w, "jsonl", s, nil), nil
}

type writer struct {
	textfile.Writer
	keys [][]byte // "name":
}

func newWriter(w io.Writer, name string, s table.Schema, file *table.Pending) *writer {
	out := &writer{Writer: textfile.NewWriter(w, "jsonl", name, s, file)}
	out.Row = out.row
	for _, f := range s {
		out.keys = append(out.keys, append(appendString(nil, []byte(f.Name)), ':'))
	}
	return out
}

func (w *writer) row(r *table.Rows, row int) error {
	w.Line = append(w.Line, '{')
	for i := range r.Columns {
		if i > 0 {
			w.Line = append(w.Line, ',')
		}
		w.Line = append(w.Line, w.keys[i]...)
		if err := w.value(&r.Columns[i], row); err != nil {
			return w.Malformed(r.Columns[i].Name, err)
		}
	}
	w.Line = append(w.Line, '}')
	return nil
}

func (w *writer) value(c *table.Column, row int) error {
	if c.Null(row) {
		w.Line = append(w.Line, "null"...)
		return nil
	}
	switch c.Type.Kind {
	case table.Bool:
		w.Line = strconv.AppendBool(w.Line, c.Ints[row] != 0)
	case table.Float32:
		w.Line = appendFloat(w.Line, float64(c.Floats32[row]), 32)
	case table.Float64:
		w.Line = appendFloat(w.Line, c.Floats[row], 64)
	case table.Decimal:
		if c.Type.Wide() {
			w.Line = appendFloat(w.Line, c.Floats[row], 64)
			break
		}
		w.Line = fmt.Append(w.Line, c.At(row))
	case table.Text:
		if !utf8.Valid(c.Bytes(row)) {
			return fmt.Errorf("%.40q is not UTF-8", c.Bytes(row))
		}
		w.Line = appendString(w.Line, c.Bytes(row))
	case table.Binary:
		w.Line = append(w.Line, '"')
		w.Line = base64.StdEncoding.AppendEncode(w.Line, c.Bytes(row))
		w.Line = append(w.Line, '"')
	case table.Time:
		t := table.Moment(c.Ints[row], c.Type.Unit)
		if t.Year() < 0 || t.Year() > 9999 {
			return fmt.Errorf("the year %d has not four digits", t.Year())
		}
		layout := time.RFC3339Nano
		if c.Type.Unit == table.Day {
			layout = time.DateOnly
		}
		w.Line = append(w.Line, '"')
		w.Line = append(t.AppendFormat(w.Line, layout), '"')
	case table.List:
		w.Line = append(w.Line, '[')
		for i := c.Offsets[row]; i < c.Offsets[row+1]; i++ {
			if i > c.Offsets[row] {
				w.Line = append(w.Line, ',')
			}
			if err := w.value(c.Elem, int(i)); err != nil {
				return err
			}
		}
		w.Line = append(w.Line, ']')
	default:
		w.Line = strconv.AppendInt(w.Line, c.Ints[row], 10)
	}
	return nil
}

// appendFloat writes a float so that it is read as one: an integer past 2⁵³ has an exponent.
func appendFloat(line []byte, v float64, bits int) []byte {
	switch {
	case v != v:
		return append(line, "NaN"...)
	case math.IsInf(v, 1):
		return append(line, "Infinity"...)
	case math.IsInf(v, -1):
		return append(line, "-Infinity"...)
	case math.Abs(v) > 1<<53:
		return strconv.AppendFloat(line, v, 'e', -1, bits)
	}
	return strconv.AppendFloat(line, v, 'g', -1, bits)
}

func appendString(line, s []byte) []byte {
	const hex = "0123456789abcdef"
	line = append(line, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			line = append(line, '\\', c)
		case c == '\n':
			line = append(line, `\n`...)
		case c < ' ':
			line = append(line, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			line = append(line, c)
		}
	}
	return append(line, '"')
}
