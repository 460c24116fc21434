package csv

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/tutti-ml/tutti/dataset/internal/textfile"
	"github.com/tutti-ml/tutti/dataset/table"
)

// Create begins a CSV file, which takes its name when the Writer is closed. Of Config, Comma, Comment and NoHeader
// count.
//
// Values are written so that a reader with the same types in Config.Types reads the same: floats by the fewest digits
// that tell them apart, decimals with all of theirs, instants as RFC 3339 in UTC, days as 2026-01-31, spans as the
// number of their units, a null as nothing, and a text of no letters as "". Binary columns and lists are refused.
func Create(path string, s table.Schema, c Config) (table.Writer, error) {
	if ext := strings.ToLower(path); c.Comma == 0 && (strings.HasSuffix(ext, ".tsv") || strings.HasSuffix(ext, ".tab")) {
		c.Comma = '\t'
	}
	if err := writable(s, c); err != nil {
		return nil, err
	}
	file, err := table.Create(path)
	if err != nil {
		return nil, err
	}
	w, err := newWriter(file, path, s, c, file)
	if err != nil {
		file.Abort()
		return nil, err
	}
	return w, nil
}

// NewWriter is Create for any io.Writer. Close writes what is left, and does not close w.
func NewWriter(w io.Writer, s table.Schema, c Config) (table.Writer, error) {
	if err := writable(s, c); err != nil {
		return nil, err
	}
	return newWriter(w, "csv", s, c, nil)
}

func writable(s table.Schema, c Config) error {
	if _, err := newDialect(c); err != nil {
		return err
	}
	if err := s.Check(); err != nil {
		return fmt.Errorf("csv: %w", err)
	}
	for _, f := range s {
		if f.Type.Kind == table.Binary || f.Type.Kind == table.List {
			return fmt.Errorf("csv: column %q is %v, which CSV has not", f.Name, f.Type)
		}
	}
	return nil
}

type writer struct {
	textfile.Writer
	d *dialect
}

func newWriter(w io.Writer, name string, s table.Schema, c Config, file *table.Pending) (*writer, error) {
	d, err := newDialect(c)
	if err != nil {
		return nil, err
	}
	out := &writer{textfile.NewWriter(w, "csv", name, s, file), d}
	out.Row = out.row
	if c.NoHeader {
		return out, nil
	}
	for i, f := range s {
		out.comma(i)
		out.text([]byte(f.Name))
	}
	return out, out.EndLine()
}

func (w *writer) row(r *table.Rows, row int) error {
	for i := range r.Columns {
		w.comma(i)
		if err := w.value(&r.Columns[i], row); err != nil {
			return w.Malformed(r.Columns[i].Name, err)
		}
	}
	return nil
}

func (w *writer) comma(i int) {
	if i > 0 {
		w.Line = append(w.Line, w.d.comma)
	}
}

func (w *writer) value(c *table.Column, row int) error {
	if c.Null(row) {
		return nil
	}
	switch c.Type.Kind {
	case table.Text:
		w.text(c.Bytes(row))
	case table.Float32:
		w.plain(strconv.AppendFloat(nil, float64(c.Floats32[row]), 'g', -1, 32))
	case table.Float64:
		w.plain(strconv.AppendFloat(nil, c.Floats[row], 'g', -1, 64))
	case table.Bool:
		w.plain(strconv.AppendBool(nil, c.Ints[row] != 0))
	case table.Time:
		t := table.Moment(c.Ints[row], c.Type.Unit)
		if t.Year() < 0 || t.Year() > 9999 {
			return fmt.Errorf("the year %d has not four digits", t.Year())
		}
		if c.Type.Unit == table.Day {
			w.plain(t.AppendFormat(nil, time.DateOnly))
		} else {
			w.plain(t.AppendFormat(nil, time.RFC3339Nano))
		}
	case table.Decimal:
		w.plain(fmt.Append(nil, c.At(row)))
	default:
		w.plain(strconv.AppendInt(nil, c.Ints[row], 10))
	}
	return nil
}

// plain writes what needs quotes only where the comma is one of its characters, or it begins like a comment.
func (w *writer) plain(v []byte) {
	if bytes.IndexByte(v, w.d.comma) >= 0 || v[0] == w.d.comment {
		w.quoted(v)
		return
	}
	w.Line = append(w.Line, v...)
}

func (w *writer) text(v []byte) {
	begins := len(v) > 0 && (v[0] == w.d.comment && w.d.comment != 0 || v[0] == 0xef) // 0xef: it may look like a mark
	if len(v) == 0 || begins || bytes.IndexByte(v, w.d.comma) >= 0 || bytes.ContainsAny(v, "\"\r\n") {
		w.quoted(v)
		return
	}
	w.Line = append(w.Line, v...)
}

func (w *writer) quoted(v []byte) {
	w.Line = append(w.Line, '"')
	for _, c := range v {
		if c == '"' {
			w.Line = append(w.Line, '"')
		}
		w.Line = append(w.Line, c)
	}
	w.Line = append(w.Line, '"')
}
