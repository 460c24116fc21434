// One operand of a product, as the micro-kernel sees it: panels of MR rows of op(A), or of NR columns of op(B).

package blas

import (
	"unsafe"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/cpu"
)

// An operand is a matrix of lanes × k: lanes are the rows of op(A) or the columns of op(B). A panel is width lanes. Panels are
// read where they lie, or from a packed copy whose last panel is filled up with zeros.
type operand[T kernel.Float] struct {
	origin *T
	ls, ks int // from a lane, and from a step of k, to the next
	width  int // lanes in a panel
	isa    cpu.ISA
	fill   PackFunc[T] // writes packed panels, in place of origin
	packed *PackedB[T] // or they are packed already
	direct bool        // panels are read where they lie
	even   bool        // they are as even in width as can be: only if direct
	late   bool        // panels are packed when they are used, elsewhere than in buf

	// The block at hand.
	l, p   int // its first lane and step of k
	lanes  int // lanes in it
	k      int // steps of k in it
	panels int // panels in it, a short one included
	ready  bool
	buf    []T // packed panels
	own    []T // memory for them
}

// set starts a product with a matrix. alongRows says that a row of it in memory runs along k.
func (o *operand[T]) set(isa cpu.ISA, origin *T, ld int, alongRows bool, width int) {
	*o = operand[T]{isa: isa, origin: origin, ls: 1, ks: ld, width: width, own: o.own}
	if alongRows {
		o.ls, o.ks = ld, 1
	}
}

// block moves to the block of lanes and k that starts at lane l, step p.
func (o *operand[T]) block(l, lanes, p, k int) {
	o.l, o.p, o.lanes, o.k = l, p, lanes, k
	o.panels = ceil(lanes, o.width)
	switch {
	case o.packed != nil:
		o.buf, o.ready = o.packed.block(l, p), true
	case o.direct || o.late:
		o.ready = true
	default:
		o.own = grow(o.own, o.panels*o.width*k)
		o.buf, o.ready = o.own, false
	}
}

// release forgets the caller's memory.
func (o *operand[T]) release() { o.origin, o.fill, o.packed, o.buf = nil, nil, nil, nil }

// span returns the first lane of panel i, in the block, and how many lanes it has.
func (o *operand[T]) span(i int) (lane, lanes int) {
	if o.even {
		low, high := o.lanes/o.panels, o.lanes%o.panels // the first high of the panels have a lane more than low
		if i < high {
			return i * (low + 1), low + 1
		}
		return i*low + high, low
	}
	return i * o.width, min(o.width, o.lanes-i*o.width)
}

// whole returns how many panels of the block are as wide as can be: all that are come first.
func (o *operand[T]) whole() int {
	if !o.even {
		return o.lanes / o.width
	}
	switch low, high := o.lanes/o.panels, o.lanes%o.panels; o.width {
	case low:
		return o.panels
	case low + 1:
		return high
	}
	return 0
}

// next returns how many elements lie from a whole panel to the next.
func (o *operand[T]) next() int {
	if o.direct {
		return o.width * o.ls
	}
	return o.width * o.k
}

// group is how many panels are packed together: some 64 lanes, so that rows are read in stretches of a few cache lines.
func (o *operand[T]) group() int { return max(1, 64/o.width) }

// groups returns how many groups are to be packed.
func (o *operand[T]) groups() int {
	if o.ready {
		return 0
	}
	return ceil(o.panels, o.group())
}

// pack makes the packed copy of group i of the panels.
func (o *operand[T]) pack(i int) {
	from := i * o.group()
	to := min(from+o.group(), o.panels)
	o.packTo(o.buf[from*o.width*o.k:to*o.width*o.k], from, to)
}

// packTo packs panels [from, to) to dst.
func (o *operand[T]) packTo(dst []T, from, to int) {
	if o.fill == nil {
		l := from * o.width
		kernel.Pack(o.isa, &dst[0], o.width, at(o.origin, (o.l+l)*o.ls+o.p*o.ks), min(to*o.width, o.lanes)-l, o.ls, o.k, o.ks)
		return
	}
	size := o.width * o.k
	for i := from; i < to; i++ {
		lane, lanes := o.span(i)
		panel := dst[(i-from)*size : (i-from+1)*size : (i-from+1)*size]
		if lanes < o.width {
			clear(panel)
		}
		o.fill(panel, o.width, o.p, o.p+o.k, o.l+lane, o.l+lane+lanes)
	}
}

// lane returns the first element of panel i where it lies.
func (o *operand[T]) lane(i int) *T { return at(o.origin, (o.l+i*o.width)*o.ls+o.p*o.ks) }

// panel returns panel i, and the strides of its lanes and of k.
func (o *operand[T]) panel(i int) (p *T, ls, ks int) {
	if o.direct {
		lane, _ := o.span(i)
		return at(o.origin, (o.l+lane)*o.ls+o.p*o.ks), o.ls, o.ks
	}
	return &o.buf[i*o.width*o.k], 1, o.width
}

// grow returns a slice of n elements that starts on a cache line, s itself if it is long enough. Its contents are not kept.
func grow[T any](s []T, n int) []T {
	if n <= cap(s) {
		return s[:n]
	}
	const line = 64
	size := elementSize[T]()
	s = make([]T, n+line/size)
	skip := (line - int(uintptr(unsafe.Pointer(&s[0]))%line)) % line / size
	return s[skip : skip+n : skip+n]
}

// elementSize returns the bytes of a T.
func elementSize[T any]() int { return int(unsafe.Sizeof(*new(T))) }

// slice returns n elements from p on.
func slice[T kernel.Float](p *T, n int) []T { return unsafe.Slice(p, n) }

// at returns the address of element i counted from p.
func at[T kernel.Float](p *T, i int) *T {
	return (*T)(unsafe.Add(unsafe.Pointer(p), i*int(unsafe.Sizeof(*p))))
}
