package jsonl

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

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
	w      *bufio.Writer
	name   string
	schema table.Schema
	keys   [][]byte       // "name":
	file   *table.Pending // nil: w is the caller's
	rows   int64
	line   []byte
}

func newWriter(w io.Writer, name string, s table.Schema, file *table.Pending) *writer {
	out := &writer{w: bufio.NewWriterSize(w, 1<<16), name: name, schema: s, file: file}
	for _, f := range s {
		out.keys = append(out.keys, append(appendString(nil, []byte(f.Name)), ':'))
	}
	return out
}

// Write writes rows. After an error a file that was begun by Create is given up.
func (w *writer) Write(ctx context.Context, r *table.Rows) error {
	err := w.write(ctx, r)
	if err != nil && w.file != nil {
		w.file.Abort()
	}
	return err
}

func (w *writer) write(ctx context.Context, r *table.Rows) error {
	if err := w.schema.Takes(r); err != nil {
		return fmt.Errorf("jsonl: %s: Write: %w", w.name, err)
	}
	for row := range r.N {
		if row&1023 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		w.line = append(w.line[:0], '{')
		for i := range r.Columns {
			if i > 0 {
				w.line = append(w.line, ',')
			}
			w.line = append(w.line, w.keys[i]...)
			if err := w.value(&r.Columns[i], row); err != nil {
				return table.MalformedAt(w.name, r.Columns[i].Name, w.rows, "%w", err)
			}
		}
		w.line = append(w.line, '}', '\n')
		if _, err := w.w.Write(w.line); err != nil {
			return fmt.Errorf("jsonl: %s: %w", w.name, err)
		}
		w.rows++
	}
	return nil
}

func (w *writer) Close() error {
	err := w.w.Flush()
	if w.file == nil {
		return err
	}
	if err != nil {
		w.file.Abort()
		return err
	}
	return w.file.Close()
}

func (w *writer) value(c *table.Column, row int) error {
	if c.Null(row) {
		w.line = append(w.line, "null"...)
		return nil
	}
	switch c.Type.Kind {
	case table.Bool:
		w.line = strconv.AppendBool(w.line, c.Ints[row] != 0)
	case table.Float32:
		w.line = appendFloat(w.line, float64(c.Floats32[row]), 32)
	case table.Float64:
		w.line = appendFloat(w.line, c.Floats[row], 64)
	case table.Decimal:
		if c.Type.Wide() {
			w.line = appendFloat(w.line, c.Floats[row], 64)
			break
		}
		w.line = fmt.Append(w.line, c.At(row))
	case table.Text:
		if !utf8.Valid(c.Bytes(row)) {
			return fmt.Errorf("%.40q is not UTF-8", c.Bytes(row))
		}
		w.line = appendString(w.line, c.Bytes(row))
	case table.Binary:
		w.line = append(w.line, '"')
		w.line = base64.StdEncoding.AppendEncode(w.line, c.Bytes(row))
		w.line = append(w.line, '"')
	case table.Time:
		t := table.Moment(c.Ints[row], c.Type.Unit)
		if t.Year() < 0 || t.Year() > 9999 {
			return fmt.Errorf("the year %d has not four digits", t.Year())
		}
		layout := time.RFC3339Nano
		if c.Type.Unit == table.Day {
			layout = time.DateOnly
		}
		w.line = append(w.line, '"')
		w.line = append(t.AppendFormat(w.line, layout), '"')
	case table.List:
		w.line = append(w.line, '[')
		for i := c.Offsets[row]; i < c.Offsets[row+1]; i++ {
			if i > c.Offsets[row] {
				w.line = append(w.line, ',')
			}
			if err := w.value(c.Elem, int(i)); err != nil {
				return err
			}
		}
		w.line = append(w.line, ']')
	default:
		w.line = strconv.AppendInt(w.line, c.Ints[row], 10)
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
