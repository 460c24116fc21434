package tensor

import (
	"fmt"
	"strconv"
	"strings"
)

// Printing follows NumPy: nested brackets, columns aligned, and the middle of long axes left out.
const (
	printAll  = 1000 // up to so many elements everything is printed
	printEdge = 3    // beyond, so many at either end of an axis
)

// String returns the elements in nested brackets, as NumPy prints them, followed by dtype and shape:
//
//	[[1 2]
//	 [3 4]] float32 [2 2]
//
// Of more than 1000 elements only three at either end of an axis are shown.
func (t *Tensor) String() string {
	var b strings.Builder
	p := printer{t: t, cut: t.n > printAll}
	p.visit(0, 0, func(off int) { p.width = max(p.width, len(p.format(off))) })
	p.print(&b, 0, 0)
	fmt.Fprintf(&b, " %v %v", t.dtype, t.shape)
	return b.String()
}

type printer struct {
	t     *Tensor
	cut   bool
	width int
}

// visit calls fn with the offset of every element that is shown, from axis on.
func (p *printer) visit(axis, off int, fn func(off int)) {
	if axis == len(p.t.shape) {
		if p.t.n > 0 {
			fn(off)
		}
		return
	}
	n := p.t.shape[axis]
	for i := 0; i < n; i++ {
		if p.cut && i == printEdge && n > 2*printEdge {
			i = n - printEdge
		}
		p.visit(axis+1, off+i*p.t.strides[axis], fn)
	}
}

func (p *printer) print(b *strings.Builder, axis, off int) {
	if axis == len(p.t.shape) {
		fmt.Fprintf(b, "%*s", p.width, p.format(off))
		return
	}
	gap := " " // between elements; between rows a line break, between blocks a blank line more
	if inner := len(p.t.shape) - 1 - axis; inner > 0 {
		gap = strings.Repeat("\n", inner) + strings.Repeat(" ", axis+1)
	}
	b.WriteByte('[')
	n := p.t.shape[axis]
	for i := 0; i < n; i++ {
		if i > 0 {
			b.WriteString(gap)
		}
		if p.cut && i == printEdge && n > 2*printEdge {
			b.WriteString("..." + gap)
			i = n - printEdge
		}
		p.print(b, axis+1, off+i*p.t.strides[axis])
	}
	b.WriteByte(']')
}

// format returns the element at an offset in elements.
func (p *printer) format(off int) string {
	switch t := p.t; t.dtype {
	case Float32:
		return strconv.FormatFloat(float64(*at[float32](t, off)), 'g', 6, 32)
	case Float64:
		return strconv.FormatFloat(*at[float64](t, off), 'g', 8, 64)
	case Float16:
		return strconv.FormatFloat(float64(fromFloat16(*at[uint16](t, off))), 'g', 4, 32)
	case BFloat16:
		return strconv.FormatFloat(float64(fromBFloat16(*at[uint16](t, off))), 'g', 3, 32)
	case Int32:
		return strconv.FormatInt(int64(*at[int32](t, off)), 10)
	case Int64:
		return strconv.FormatInt(*at[int64](t, off), 10)
	case Uint8:
		return strconv.FormatInt(int64(*at[uint8](t, off)), 10)
	case Int8:
		return strconv.FormatInt(int64(*at[int8](t, off)), 10)
	default:
		return strconv.FormatBool(*at[bool](t, off))
	}
}
