package tensor

// This file prints tensors as NumPy prints arrays: brackets, lines, and what is left out. How numbers become words is in words.go.

import (
	"cmp"
	"fmt"
	"strings"
)

// Format says how to print a tensor. Its zero value prints as NumPy does by default.
type Format struct {
	Precision int  // most decimals of a float; 0 means 8, -1 none
	Threshold int  // tensors of more elements are abridged; 0 means 1000
	Edge      int  // so many elements are left at either end of an axis then; 0 means 3
	Width     int  // of a line, in characters; 0 means 75
	Suppress  bool // small floats do not make the others scientific: they are rounded to Precision
}

// String returns the elements as Format{}.Sprint does, followed by dtype and shape:
//
//	[[1.   2.25]
//	 [3.   4.  ]] float32 [2 2]
func (t *Tensor) String() string {
	return fmt.Sprintf("%s %v %v", Format{}.Sprint(t), t.dtype, t.shape)
}

// Sprint returns the elements of t in nested brackets, as NumPy prints them, but for true and false, which are Go's.
//
// All words are equally wide. Floats have as many decimals as it takes to tell them from their neighbours of the same dtype,
// up to Precision, and stand with their points in one column; all are scientific where one is 1e8 or more, one but zero is
// below 1e-4, or they differ by more than a factor of 1000. Of a tensor of more than Threshold elements only Edge at either
// end of an axis are shown, and count for all this. A tensor without axes is printed as the number it is, in full.
func (f Format) Sprint(t *Tensor) string {
	p := printer{t: t, edge: cmp.Or(f.Edge, 3), width: cmp.Or(f.Width, 75)}
	p.cut = t.n > cmp.Or(f.Threshold, 1000)
	switch {
	case t.n == 0:
		return "[]"
	case len(t.shape) == 0:
		return scalarWord(t)
	}
	p.word = p.words(max(0, cmp.Or(f.Precision, 8)), f.Suppress)
	p.print(0, 0)
	return p.out.String()
}

type printer struct {
	t     *Tensor
	cut   bool
	edge  int
	width int
	word  func(off int) string // the element at an offset in elements
	out   strings.Builder
}

// next returns the index along an axis of n elements that is shown after i, and whether some are left out between them.
func (p *printer) next(i, n int) (int, bool) {
	if p.cut && i == p.edge-1 && n > 2*p.edge {
		return n - p.edge, true
	}
	return i + 1, false
}

// visit calls fn with the offset of every element that is shown, from axis on.
func (p *printer) visit(axis, off int, fn func(off int)) {
	if axis == len(p.t.shape) {
		fn(off)
		return
	}
	n := p.t.shape[axis]
	for i := 0; i < n; i, _ = p.next(i, n) {
		p.visit(axis+1, off+i*p.t.strides[axis], fn)
	}
}

// print writes the block at off from axis on, whose bracket stands in column axis.
func (p *printer) print(axis, off int) {
	inner := len(p.t.shape) - 1 - axis
	if inner == 0 {
		p.line(off)
		return
	}
	gap := strings.Repeat("\n", inner) + strings.Repeat(" ", axis+1)
	n := p.t.shape[axis]
	p.out.WriteByte('[')
	for i, skip := 0, false; i < n; {
		if skip {
			p.out.WriteString("..." + gap)
		}
		p.print(axis+1, off+i*p.t.strides[axis])
		if i, skip = p.next(i, n); i < n {
			p.out.WriteString(gap)
		}
	}
	p.out.WriteByte(']')
}

// line writes the innermost axis at off, in as many lines as it takes. Each has room for the brackets that may close behind it.
func (p *printer) line(off int) {
	rank := len(p.t.shape)
	n, by := p.t.shape[rank-1], p.t.strides[rank-1]
	indent := strings.Repeat(" ", rank)
	line := indent[1:] + "[" // measured with its indent, written without: that stands there already
	from := rank - 1
	put := func(word string) {
		if len(line) > rank && len(line)+len(word) > p.width-rank {
			p.out.WriteString(strings.TrimRight(line[from:], " ") + "\n")
			line, from = indent, 0
		}
		line += word
	}
	for i, skip := 0, false; i < n; {
		if skip {
			put("...")
			line += " "
		}
		put(p.word(off + i*by))
		if i, skip = p.next(i, n); i < n {
			line += " "
		}
	}
	p.out.WriteString(line[from:] + "]")
}
