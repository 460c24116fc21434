package jsonl

import (
	"encoding/base64"
	"fmt"
	"strconv"

	"github.com/tutti-ml/tutti/dataset/internal/textfile"
	"github.com/tutti-ml/tutti/dataset/table"
)

// appendValue reads the value that the parser is at, and appends it to a column of its type.
func appendValue(p *parser, c *table.Column, depth int) error {
	if p.peek() == '[' {
		if c.Type.Kind != table.List {
			return fmt.Errorf("a list is no %v", c.Type)
		}
		from := c.Elem.Len()
		if err := p.elements(depth, func() error { return appendValue(p, c.Elem, depth+1) }); err != nil {
			return err
		}
		if n := c.Elem.Len() - from; c.Type.Size > 0 && n != c.Type.Size {
			return fmt.Errorf("a list of %d elements, want %d", n, c.Type.Size)
		}
		c.AppendList()
		return nil
	}
	t, err := p.next()
	if err != nil {
		return err
	}
	switch t.kind {
	case 'n':
		c.AppendNull()
		return nil
	case '{':
		return fmt.Errorf("an object is no %v", c.Type)
	case '"', 0, 't', 'f':
	default:
		return p.want(nil)
	}
	wrong := func() error {
		switch t.kind {
		case '"':
			return fmt.Errorf("the text %.40q is no %v", t.raw, c.Type)
		case 0:
			return fmt.Errorf("the number %.40s is no %v", t.raw, c.Type)
		}
		return fmt.Errorf("a boolean is no %v", c.Type)
	}
	switch kind := c.Type.Kind; {
	case kind == table.Bool && (t.kind == 't' || t.kind == 'f'):
		v := int64(0)
		if t.kind == 't' {
			v = 1
		}
		c.AppendInt(v)
	case kind == table.Text && (t.kind == '"' || t.kind == 0):
		c.AppendBytes(t.raw)
	case (kind == table.Int || kind == table.Span) && t.kind == 0:
		v, err := strconv.ParseInt(string(t.raw), 10, 64)
		if err != nil {
			return wrong()
		}
		if kind == table.Int {
			if err := textfile.InRange(c.Type, v); err != nil {
				return err
			}
		}
		c.AppendInt(v)
	case (kind == table.Float32 || kind == table.Float64) && t.kind == 0:
		bits := 64
		if kind == table.Float32 {
			bits = 32
		}
		v, err := strconv.ParseFloat(string(t.raw), bits)
		if err != nil {
			return wrong()
		}
		c.AppendFloat(v)
	case kind == table.Decimal && (t.kind == 0 || t.kind == '"'):
		q := parser{data: t.raw}
		if n, err := q.next(); err != nil || n.kind != 0 || q.pos < len(t.raw) || !plain(t.raw) {
			return wrong()
		}
		v, err := textfile.Fixed(t.raw, '.', c.Type)
		if err != nil {
			return err
		}
		c.AppendInt(v)
	case kind == table.Time && t.kind == '"':
		m, ok := textfile.ParseTime(t.raw)
		if !ok {
			return wrong()
		}
		v, whole := m.In(c.Type.Unit)
		if !whole {
			return fmt.Errorf("%.40q is no whole number of %v, or too far from 1970", t.raw, c.Type.Unit)
		}
		c.AppendInt(v)
	case kind == table.Binary && t.kind == '"':
		v, err := base64.StdEncoding.AppendDecode(nil, t.raw)
		if err != nil {
			return fmt.Errorf("%w: %w", wrong(), err)
		}
		c.AppendBytes(v)
	default:
		return wrong()
	}
	return nil
}

// plain reports whether a number has digits, a sign and a point alone.
func plain(raw []byte) bool {
	for _, c := range raw {
		if c-'0' > 9 && c != '-' && c != '.' {
			return false
		}
	}
	return true
}
