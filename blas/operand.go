// One operand of a product, as the micro-kernel sees it: panels of MR rows of op(A), or of NR columns of op(B).

package blas

import (
	"unsafe"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/cpu"
)

// An operand is a matrix of lanes × k: lanes are the rows of op(A) or the columns of op(B). A panel is width lanes.
// Panels are read where they lie or from a packed copy; the last, if it is short, is always packed, padded with zeros.
type operand[T kernel.Float] struct {
	origin *T
	ls, ks int // from a lane, and from a step of k, to the next
	width  int // lanes in a panel
	isa    cpu.ISA
	direct bool // whole panels are read where they lie
	late   bool // panels are packed when they are used, elsewhere than in buf

	// The block at hand.
	from   *T
	lanes  int // lanes in it
	k      int // steps of k in it
	panels int // panels in it, a short one included
	packed int // the first panel that is, or must be, packed
	first  int // the panel whose packed copy starts buf
	buf    []T
}

// set starts a product. alongRows says that a row of the matrix in memory runs along k.
func (o *operand[T]) set(isa cpu.ISA, origin *T, ld int, alongRows bool, width int) {
	o.isa, o.origin, o.width = isa, origin, width
	if o.ls, o.ks = 1, ld; alongRows {
		o.ls, o.ks = ld, 1
	}
}

// block moves to the block of lanes and k that starts at lane l, step p.
func (o *operand[T]) block(l, lanes, p, k int) {
	o.from, o.lanes, o.k = at(o.origin, l*o.ls+p*o.ks), lanes, k
	o.panels = ceil(lanes, o.width)
	o.first = 0
	if o.direct {
		o.first = lanes / o.width
	}
	o.packed = o.first
	if o.late {
		o.packed = o.panels
		return
	}
	o.buf = grow(o.buf, (o.panels-o.first)*o.width*k)
}

// group is how many panels are packed together: some 64 lanes, so that rows are read in stretches of a few cache lines.
func (o *operand[T]) group() int { return max(1, 64/o.width) }

// groups returns how many groups are to be packed.
func (o *operand[T]) groups() int { return ceil(o.panels-o.packed, o.group()) }

// pack makes the packed copy of group i of the panels to be packed.
func (o *operand[T]) pack(i int) {
	from := o.packed + i*o.group()
	o.packTo(&o.buf[(from-o.first)*o.width*o.k], from, min(from+o.group(), o.panels))
}

// packTo packs panels [from, to) to dst.
func (o *operand[T]) packTo(dst *T, from, to int) {
	l := from * o.width
	lanes := min(to*o.width, o.lanes) - l
	kernel.Pack(o.isa, dst, o.width, at(o.from, l*o.ls), lanes, o.ls, o.k, o.ks)
}

// panel returns panel i, and the strides of its lanes and of k.
func (o *operand[T]) panel(i int) (p *T, ls, ks int) {
	if i < o.first {
		return at(o.from, i*o.width*o.ls), o.ls, o.ks
	}
	return &o.buf[(i-o.first)*o.width*o.k], 1, o.width
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
