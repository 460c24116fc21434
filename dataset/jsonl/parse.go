package jsonl

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// token is one word of JSON.
type token struct {
	kind byte   // { } [ ] : , or " for a string, 0 for a number, t f n for true, false, null
	raw  []byte // of a number, as it is written; of a string its text, which lasts until the next string
}

// parser reads one line of JSON (RFC 8259). NaN, Infinity and -Infinity, which Python's json module writes, are
// numbers.
type parser struct {
	data []byte
	pos  int
	at   int    // where the last token began
	path []byte // the keys that lead to the value, with dots between
	text []byte // of the last string that had escapes
}

// maxNesting bounds objects in objects and lists in lists.
const maxNesting = 64

var errShort = errors.New("is cut short: want one whole object a line")

func (p *parser) space() {
	for p.pos < len(p.data) && (p.data[p.pos] == ' ' || p.data[p.pos] == '\t' || p.data[p.pos] == '\r') {
		p.pos++
	}
}

// peek returns the byte that the next token begins with, 0 at the end.
func (p *parser) peek() byte {
	p.space()
	if p.pos == len(p.data) {
		return 0
	}
	return p.data[p.pos]
}

func (p *parser) next() (token, error) {
	c := p.peek()
	p.at = p.pos
	switch c {
	case 0:
		if p.pos < len(p.data) {
			return token{}, p.unexpected()
		}
		return token{}, errShort
	case '{', '}', '[', ']', ':', ',':
		p.pos++
		return token{kind: c}, nil
	case '"':
		text, err := p.str()
		return token{'"', text}, err
	case 't':
		return p.word("true")
	case 'f':
		return p.word("false")
	case 'n':
		return p.word("null")
	}
	return p.number()
}

func (p *parser) unexpected() error {
	r, _ := utf8.DecodeRune(p.data[p.pos:])
	return fmt.Errorf("byte %d of the line: unexpected %q", p.pos, r)
}

func (p *parser) word(w string) (token, error) {
	if !bytes.HasPrefix(p.data[p.pos:], []byte(w)) {
		return token{}, p.unexpected()
	}
	p.pos += len(w)
	return token{kind: w[0]}, nil
}

// number reads -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
func (p *parser) number() (token, error) {
	from := p.pos
	for _, w := range []string{"NaN", "Infinity", "-Infinity"} {
		if bytes.HasPrefix(p.data[from:], []byte(w)) {
			p.pos += len(w)
			return token{raw: p.data[from:p.pos]}, nil
		}
	}
	if p.data[p.pos] == '-' {
		p.pos++
	}
	zero := p.pos < len(p.data) && p.data[p.pos] == '0'
	n := p.digits()
	ok := n == 1 || n > 1 && !zero
	if ok && p.pos < len(p.data) && p.data[p.pos] == '.' {
		p.pos++
		ok = p.digits() > 0
	}
	if ok && p.pos < len(p.data) && p.data[p.pos]|0x20 == 'e' {
		if p.pos++; p.pos < len(p.data) && (p.data[p.pos] == '+' || p.data[p.pos] == '-') {
			p.pos++
		}
		ok = p.digits() > 0
	}
	if !ok {
		if p.pos == from {
			return token{}, p.unexpected()
		}
		return token{}, fmt.Errorf("byte %d of the line: %.40q is no number of JSON", from, p.data[from:min(p.pos+1,
			len(p.data))])
	}
	return token{raw: p.data[from:p.pos]}, nil
}

func (p *parser) digits() (n int) {
	for p.pos < len(p.data) && p.data[p.pos]-'0' <= 9 {
		p.pos++
		n++
	}
	return n
}

// str reads a string. The result is of data, or of p.text if there are escapes in it.
func (p *parser) str() ([]byte, error) {
	from := p.pos + 1
	i := from
	for i < len(p.data) && p.data[i] != '"' && p.data[i] != '\\' && p.data[i] >= ' ' {
		i++
	}
	if i < len(p.data) && p.data[i] == '"' {
		p.pos = i + 1
		return p.data[from:i], nil
	}
	out := append(p.text[:0], p.data[from:i]...)
	for i < len(p.data) {
		switch c := p.data[i]; {
		case c == '"':
			p.pos, p.text = i+1, out
			return out, nil
		case c < ' ':
			return nil, fmt.Errorf("byte %d of the line: control character %q in a string", i, c)
		case c != '\\':
			out = append(out, c)
			i++
			continue
		}
		if i+1 == len(p.data) {
			return nil, errShort
		}
		c := p.data[i+1]
		if c == 'u' {
			r, n, err := p.unicode(i)
			if err != nil {
				return nil, err
			}
			out = utf8.AppendRune(out, r)
			i += n
			continue
		}
		at := bytes.IndexByte([]byte(`"\/bfnrt`), c)
		if at < 0 {
			return nil, fmt.Errorf("byte %d of the line: no escape \\%c", i, c)
		}
		out = append(out, "\"\\/\b\f\n\r\t"[at])
		i += 2
	}
	return nil, errShort
}

// unicode reads \uXXXX at i, and the half that belongs to it.
func (p *parser) unicode(i int) (r rune, n int, err error) {
	unit := func(at int) rune {
		if at+6 > len(p.data) || p.data[at] != '\\' || p.data[at+1] != 'u' {
			return -1
		}
		v, err := strconv.ParseUint(string(p.data[at+2:at+6]), 16, 16)
		if err != nil {
			return -1
		}
		return rune(v)
	}
	switch r = unit(i); {
	case r < 0:
		return 0, 0, fmt.Errorf("byte %d of the line: \\u without four digits", i)
	case !utf16.IsSurrogate(r):
		return r, 6, nil
	}
	if r = utf16.DecodeRune(r, unit(i+6)); r == utf8.RuneError {
		return 0, 0, fmt.Errorf("byte %d of the line: half of a surrogate pair", i)
	}
	return r, 12, nil
}

// object reads an object, and calls leaf at each value that is none, with p.path as its name and before it is read; and
// inner, if any, at each object within. leaf reads the value.
func (p *parser) object(depth int, inner, leaf func() error) error {
	if depth > maxNesting {
		return fmt.Errorf("objects are nested more than %d deep", maxNesting)
	}
	if t, err := p.next(); err != nil || t.kind != '{' {
		return p.want(err)
	}
	if p.peek() == '}' {
		p.pos++
		return nil
	}
	for {
		if p.peek() != '"' {
			if p.pos == len(p.data) {
				return errShort
			}
			return p.unexpected()
		}
		key, err := p.str()
		if err != nil {
			return err
		}
		length := len(p.path)
		if depth > 0 {
			p.path = append(p.path, '.')
		}
		p.path = append(p.path, key...)
		if t, err := p.next(); err != nil || t.kind != ':' {
			return p.want(err)
		}
		if p.peek() == '{' {
			if inner != nil {
				if err := inner(); err != nil {
					return err
				}
			}
			err = p.object(depth+1, inner, leaf)
		} else {
			err = leaf()
		}
		if err != nil {
			return err
		}
		p.path = p.path[:length]
		t, err := p.next()
		switch {
		case err != nil || t.kind != ',' && t.kind != '}':
			return p.want(err)
		case t.kind == '}':
			return nil
		}
	}
}

// want is the error of a token that is another than must stand there.
func (p *parser) want(err error) error {
	if err != nil {
		return err
	}
	p.pos = p.at
	return p.unexpected()
}

// elements reads a list, and calls elem at each element before it is read.
func (p *parser) elements(depth int, elem func() error) error {
	if depth > maxNesting {
		return fmt.Errorf("lists are nested more than %d deep", maxNesting)
	}
	p.pos++ // [
	if p.peek() == ']' {
		p.pos++
		return nil
	}
	for {
		if err := elem(); err != nil {
			return err
		}
		t, err := p.next()
		switch {
		case err != nil || t.kind != ',' && t.kind != ']':
			return p.want(err)
		case t.kind == ']':
			return nil
		}
	}
}

// line reads a whole line: one object.
func (p *parser) line(data []byte, inner, leaf func() error) error {
	p.data, p.pos, p.path = data, 0, p.path[:0]
	if p.peek() == '[' {
		return errors.New("begins with a list: want JSON Lines, one object a line, not one list of all")
	}
	if err := p.object(0, inner, leaf); err != nil {
		return err
	}
	if p.space(); p.pos < len(p.data) {
		return fmt.Errorf("byte %d of the line: goes on with %q after its object", p.pos, p.data[p.pos])
	}
	return nil
}

// skip reads a value that nobody wants, which has been checked before.
func (p *parser) skip(depth int) error {
	if p.peek() == '[' {
		return p.elements(depth, func() error { return p.skip(depth + 1) })
	}
	t, err := p.next()
	if err == nil && slices.Contains([]byte("{}],:"), t.kind) {
		return p.want(nil)
	}
	return err
}
