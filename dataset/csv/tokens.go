package csv

import (
	"bytes"
	"errors"
	"fmt"
)

// dialect is how values stand in a file.
type dialect struct {
	comma, quote, comment byte
	decimal, thousands    byte // in numbers; thousands 0: none
	stop                  [256]bool
}

func newDialect(c Config) (*dialect, error) {
	d := &dialect{comma: c.Comma, quote: '"', comment: c.Comment, decimal: '.', thousands: c.Thousands}
	if d.comma == 0 {
		d.comma = ','
	}
	if c.DecimalComma {
		d.decimal = ','
	}
	for _, b := range []byte{d.comma, d.comment, d.thousands} {
		if b == '"' || b == '\n' || b == '\r' || b >= 0x80 {
			return nil, fmt.Errorf("csv: Config: %q cannot be Comma, Comment or Thousands", b)
		}
	}
	switch {
	case d.comment == d.comma:
		return nil, fmt.Errorf("csv: Config: Comma and Comment are both %q", d.comma)
	case d.thousands == d.decimal:
		return nil, fmt.Errorf("csv: Config: %q is both the decimal sign and Thousands", d.decimal)
	case d.thousands >= '0' && d.thousands <= '9' || bytes.IndexByte([]byte("+-eE"), d.thousands) >= 0:
		return nil, fmt.Errorf("csv: Config: %q cannot be Thousands", d.thousands)
	}
	d.stop[d.comma], d.stop['\n'], d.stop['\r'] = true, true, true
	return d, nil
}

// span is a field of a record: where its bytes are, without quotes.
type span struct {
	lo, hi  int
	quoted  bool
	doubled bool // there are doubled quotes in it
}

// text returns the field's bytes: of data, or, where doubled quotes become one, of scratch.
func (s span) text(data []byte, quote byte, scratch *[]byte) []byte {
	raw := data[s.lo:s.hi]
	if !s.doubled {
		return raw
	}
	out := (*scratch)[:0]
	for {
		i := bytes.IndexByte(raw, quote)
		if i < 0 {
			break
		}
		out = append(out, raw[:i+1]...)
		raw = raw[i+2:]
	}
	out = append(out, raw...)
	*scratch = out
	return out
}

var errOpenQuote = errors.New("a quote is not closed before the end of the file")

// record finds the fields of the record that data begins with, and appends them to spans. Records end with LF, CR LF or
// CR; a field that begins with a quote ends with one, and within it a doubled quote is one quote. Any other quote is
// a character like others. n is the bytes the record takes, 0 if data ends before it does.
func (d *dialect) record(data []byte, atEOF bool, spans []span) (n int, out []span, err error) {
	i := 0
	for {
		s := span{lo: i}
		if i < len(data) && data[i] == d.quote {
			s.quoted, s.lo = true, i+1
			for i++; ; i += 2 { // over a doubled quote
				k := bytes.IndexByte(data[i:], d.quote)
				if k < 0 || i+k+1 == len(data) && !atEOF {
					if atEOF {
						return 0, nil, errOpenQuote
					}
					return 0, nil, nil
				}
				i += k
				if i+1 == len(data) || data[i+1] != d.quote {
					break
				}
				s.doubled = true
			}
			s.hi = i
			i++
			if i < len(data) && !d.stop[data[i]] {
				return 0, nil, fmt.Errorf("value %d goes on with %q after its closing quote", len(spans), data[i])
			}
		} else {
			for i < len(data) && !d.stop[data[i]] {
				i++
			}
			s.hi = i
		}
		spans = append(spans, s)
		switch {
		case i == len(data):
			if atEOF {
				return i, spans, nil
			}
			return 0, nil, nil
		case data[i] == d.comma:
			i++
		case data[i] == '\r' && i+1 == len(data) && !atEOF:
			return 0, nil, nil
		case data[i] == '\r' && i+1 < len(data) && data[i+1] == '\n':
			return i + 2, spans, nil
		default:
			return i + 1, spans, nil
		}
	}
}

// skip returns the bytes of the comment that data begins with, 0 if it ends before the comment does.
func (d *dialect) skip(data []byte, atEOF bool) int {
	i := bytes.IndexAny(data, "\r\n")
	switch {
	case i < 0 && atEOF:
		return len(data)
	case i < 0 || data[i] == '\r' && i+1 == len(data) && !atEOF:
		return 0
	case data[i] == '\r' && i+1 < len(data) && data[i+1] == '\n':
		return i + 2
	}
	return i + 1
}
