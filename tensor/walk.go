package tensor

// This file walks the elements of one shape through several tensors at once, whatever their strides.

import (
	"unsafe"
)

// operands is how many tensors a walk can move through: a destination and three sources.
const operands = 4

// A span is an axis as a walk sees it: its length, and how many bytes apart neighbours are in each operand; 0 where the
// operand is broadcast along it.
type span struct {
	n  int
	by [operands]int
}

// A walk is the order in which a shape is gone through: rows of n elements, as many as the outer spans count. Axes of length
// 1 are left out, and neighbouring axes along which every operand moves evenly are walked as one.
type walk struct {
	base  [operands]unsafe.Pointer
	size  [operands]int // of an element, in bytes
	k     int           // operands in use
	spans []span        // innermost first; after rows, without the row's
	n     int           // elements in a row
	by    [operands]int // bytes from one to the next in a row
	rows  int
}

// set prepares the walk of shape through ts, which must broadcast to it, innermost axis first and not yet cut in rows.
func (w *walk) set(shape []int, ts ...*Tensor) {
	w.k = len(ts)
	for k, t := range ts {
		w.base[k], w.size[k] = t.data, t.dtype.Size()
	}
	w.spans = w.spans[:0]
	for i := len(shape) - 1; i >= 0; i-- {
		if shape[i] == 1 {
			continue
		}
		s := span{n: shape[i]}
		for k, t := range ts {
			if a := i - len(shape) + len(t.shape); a >= 0 && t.shape[a] != 1 {
				s.by[k] = t.strides[a] * w.size[k]
			}
		}
		w.spans = append(w.spans, s)
	}
}

// sort puts the axes along which the first operand moves least innermost: its order in memory.
func (w *walk) sort() {
	s := w.spans
	for i := 1; i < len(s); i++ {
		for j := i; j > 0 && s[j].before(&s[j-1]); j-- {
			s[j], s[j-1] = s[j-1], s[j]
		}
	}
}

func (s *span) before(t *span) bool {
	for k := range s.by {
		if a, b := magnitude(s.by[k]), magnitude(t.by[k]); a != b {
			return a < b
		}
	}
	return false
}

func magnitude(n int) int { return max(n, -n) }

// merge joins neighbouring spans that every operand walks as one.
func (w *walk) merge() {
	out := w.spans[:0]
	for _, s := range w.spans {
		if last := len(out) - 1; last >= 0 && out[last].leadsTo(&s, w.k) {
			out[last].n *= s.n
		} else {
			out = append(out, s)
		}
	}
	w.spans = out
}

// leadsTo reports whether the step past the end of s is one step of t in all k operands.
func (s *span) leadsTo(t *span, k int) bool {
	for i := range k {
		if t.by[i] != s.by[i]*s.n {
			return false
		}
	}
	return true
}

// cut takes span i for the row.
func (w *walk) cut(i int) {
	if len(w.spans) == 0 {
		w.n, w.by = 1, w.size // one element, which touches its neighbours
	} else {
		w.n, w.by = w.spans[i].n, w.spans[i].by
		w.spans = append(w.spans[:i], w.spans[i+1:]...)
	}
	w.rows = 1
	for _, s := range w.spans {
		w.rows *= s.n
	}
	if w.n == 0 {
		w.rows = 0
	}
}

// longest returns the span to cut for the row: the innermost, unless it is so short that another is worth its gaps.
func (w *walk) longest() int {
	const short = 16
	if len(w.spans) == 0 || w.spans[0].n >= short {
		return 0
	}
	best := 0
	for i, s := range w.spans {
		if s.n > w.spans[best].n && s.n >= 4*w.spans[0].n {
			best = i
		}
	}
	return best
}

// elementwise prepares the walk of shape for an operation on each element by itself, where the order is free.
func (w *walk) elementwise(shape []int, ts ...*Tensor) {
	w.set(shape, ts...)
	w.sort()
	w.merge()
	w.cut(w.longest())
}

// forget drops the pointers, so that a walk that waits for its next use keeps no memory alive.
func (w *walk) forget() { w.base = [operands]unsafe.Pointer{} }

// A cursor is a place in a walk, at the beginning of a row.
type cursor struct {
	p     [operands]unsafe.Pointer
	off   [operands]int // bytes from the operands' bases
	index []int         // along the outer spans
}

// seek moves to a row by its number.
func (c *cursor) seek(w *walk, row int) {
	c.place(w, row)
	c.point(w)
}

// place moves the offsets alone.
func (c *cursor) place(w *walk, row int) {
	c.index, c.off = c.index[:0], [operands]int{}
	for _, s := range w.spans {
		i := row % s.n
		row /= s.n
		c.index = append(c.index, i)
		for k := range w.k {
			c.off[k] += i * s.by[k]
		}
	}
}

// next moves to the next row; past the last one it moves to the first.
func (c *cursor) next(w *walk) {
	c.advance(w)
	c.point(w)
}

// advance moves the offsets alone.
func (c *cursor) advance(w *walk) {
	for i := range w.spans {
		s := &w.spans[i]
		c.index[i]++
		if c.index[i] < s.n {
			for k := range w.k {
				c.off[k] += s.by[k]
			}
			return
		}
		c.index[i] = 0
		for k := range w.k {
			c.off[k] -= (s.n - 1) * s.by[k]
		}
	}
}

// skip is k calls of advance, none of which but the last may pass the end of the innermost span.
func (c *cursor) skip(w *walk, k int) {
	s := &w.spans[0]
	c.index[0] += k - 1
	for i := range w.k {
		c.off[i] += (k - 1) * s.by[i]
	}
	c.advance(w)
}

func (c *cursor) point(w *walk) {
	for k := range w.k {
		c.p[k] = unsafe.Add(w.base[k], c.off[k])
	}
}
