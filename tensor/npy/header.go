package npy

// This file reads and writes headers: a magic number, a version, a length, and a Python dictionary with three entries.

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/tutti-ml/tutti/tensor"
)

const (
	magic = "\x93NUMPY"
	// NumPy aligns the elements in a file to so many bytes.
	alignment = 64
	// NumPy itself does not read longer headers of files it does not trust.
	longest = 10000
	maxAxes = 64
)

type fileHeader struct {
	elem    *elem
	swap    bool // the other byte order
	fortran bool
	shape   []int
	n       int
}

func (h *fileHeader) size() int { return h.n * h.elem.size }

func readHeader(r io.Reader) (*fileHeader, error) {
	var start [12]byte
	if err := readFull(r, start[:10]); err != nil {
		return nil, err
	}
	if string(start[:6]) != magic {
		return nil, fmt.Errorf("%w: it begins with %q, not %q", ErrFormat, start[:6], magic)
	}
	length := int(binary.LittleEndian.Uint16(start[8:]))
	switch start[6] {
	case 1:
	case 2, 3:
		if err := readFull(r, start[10:12]); err != nil {
			return nil, err
		}
		length = int(min(binary.LittleEndian.Uint32(start[8:]), longest+1))
	default:
		return nil, fmt.Errorf("%w: version %d.%d", ErrFormat, start[6], start[7])
	}
	if length > longest {
		return nil, fmt.Errorf("%w: a header of more than %d bytes", ErrFormat, longest)
	}
	text := make([]byte, length)
	if err := readFull(r, text); err != nil {
		return nil, err
	}
	return parseHeader(string(text))
}

func readFull(r io.Reader, p []byte) error {
	_, err := io.ReadFull(r, p)
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return fmt.Errorf("%w: it ends in the header", ErrFormat)
	case err != nil:
		return fmt.Errorf("npy: %w", err)
	}
	return nil
}

// parseHeader reads the dictionary: keys 'descr', 'fortran_order' and 'shape', each once, in any order.
func parseHeader(text string) (*fileHeader, error) {
	p := &parser{rest: text}
	h := new(fileHeader)
	seen := map[string]bool{}
	p.expect("{")
	for p.err == nil && !p.accept("}") {
		key := p.quoted()
		p.expect(":")
		if seen[key] {
			p.fail("%q is there twice", key)
		}
		seen[key] = true
		switch key {
		case "descr":
			h.descr(p, p.quoted())
		case "fortran_order":
			h.fortran = p.boolean()
		case "shape":
			h.shape = p.tuple()
		default:
			p.fail("the key %q", key)
		}
		if !p.accept(",") {
			p.expect("}")
			break
		}
	}
	if p.err == nil && strings.TrimSpace(p.rest) != "" {
		p.fail("%q after the header", p.rest)
	}
	if p.err == nil && len(seen) != 3 {
		p.fail("keys missing in %q", text)
	}
	if p.err != nil {
		return nil, p.err
	}
	n, ok := tensor.Elements(h.shape)
	if !ok {
		return nil, fmt.Errorf("%w: shape %v: too many elements", ErrFormat, h.shape)
	}
	h.n = n
	return h, nil
}

// descr reads a type of elements: byte order, kind and size.
func (h *fileHeader) descr(p *parser, s string) {
	if p.err != nil {
		return
	}
	if len(s) == 3 && strings.Contains("<>|=", s[:1]) {
		for i := range elems {
			if e := &elems[i]; e.descr == s[1:] {
				h.elem = e
				h.swap = e.size > 1 && (s[0] == '<' && !littleEndian || s[0] == '>' && littleEndian)
				return
			}
		}
	}
	p.err = fmt.Errorf("%w: %q", ErrDType, s)
}

var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// parser reads Python literals; after a mistake it does nothing.
type parser struct {
	rest string
	err  error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("%w: "+format, append([]any{ErrFormat}, args...)...)
	}
}

// accept takes token, after spaces, and reports whether it was there.
func (p *parser) accept(token string) bool {
	rest, ok := strings.CutPrefix(strings.TrimLeft(p.rest, " \t\r\n"), token)
	if ok && p.err == nil {
		p.rest = rest
		return true
	}
	return false
}

func (p *parser) expect(token string) {
	if !p.accept(token) {
		p.fail("%q where %q should be", p.rest, token)
	}
}

func (p *parser) quoted() string {
	quote := "'"
	if !p.accept(quote) {
		quote = `"`
		p.expect(quote)
	}
	s, rest, ok := strings.Cut(p.rest, quote)
	if !ok {
		p.fail("a string without its end: %q", p.rest)
	}
	p.rest = rest
	return s
}

func (p *parser) boolean() bool {
	if p.accept("True") {
		return true
	}
	p.expect("False")
	return false
}

func (p *parser) tuple() []int {
	shape := []int{}
	p.expect("(")
	for p.err == nil && !p.accept(")") {
		p.rest = strings.TrimLeft(p.rest, " \t\r\n")
		digits := len(p.rest) - len(strings.TrimLeft(p.rest, "0123456789"))
		n, err := strconv.Atoi(p.rest[:digits])
		zeros := digits > 1 && p.rest[0] == '0' // Python has no 007
		if err != nil || zeros || len(shape) == maxAxes {
			p.fail("%q where the length of an axis should be", p.rest)
			break
		}
		p.rest = strings.TrimPrefix(p.rest[digits:], "L") // as Python 2 wrote
		shape = append(shape, n)
		if !p.accept(",") {
			if len(shape) == 1 { // "(6)" is a number in Python, and "(6,)" a tuple
				p.expect(",")
			}
			p.expect(")")
			break
		}
	}
	return shape
}

// header returns everything before the elements of t.
func header(t *tensor.Tensor) ([]byte, error) {
	var shape strings.Builder
	for i, n := range t.Shape() {
		if i > 0 {
			shape.WriteByte(' ')
		}
		fmt.Fprintf(&shape, "%d,", n)
	}
	tuple := shape.String()
	if t.Rank() > 1 {
		tuple = strings.TrimSuffix(tuple, ",")
	}
	for _, e := range elems {
		if e.dtype != t.DType() || e.widen != nil {
			continue
		}
		order := "|"
		if e.size > 1 && littleEndian {
			order = "<"
		} else if e.size > 1 {
			order = ">"
		}
		text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", order+e.descr, tuple)
		total := (10 + len(text) + 1 + alignment - 1) / alignment * alignment
		h := append([]byte(magic), 1, 0)
		h = binary.LittleEndian.AppendUint16(h, uint16(total-10))
		h = append(h, text...)
		for len(h) < total-1 {
			h = append(h, ' ')
		}
		return append(h, '\n'), nil
	}
	return nil, fmt.Errorf("%w: %v", ErrDType, t.DType())
}
