package tensor

// This file runs an elementwise operation over a walk, row by row, on the worker threads where there is enough to do.

import (
	"math"
	"sync"
	"unsafe"

	"github.com/tutti-ml/tutti/internal/parallel"
)

// A rowFunc does n elements from a scratch's cursor on. It reads the pointers and steps there, destination first.
type rowFunc func(s *scratch, n int)

// Fewest elements worth a thread of their own: some 10 µs of work.
const (
	cheap  = 16 << 10 // a few instructions each
	costly = 2 << 10  // a function each
	alone  = math.MaxInt / 2
)

// A loop is one elementwise call. Loops are kept, with their methods bound, so that a call allocates nothing.
type loop struct {
	walk
	row        rowFunc
	aux        aux
	whole, one func(lo, hi int)
}

// aux is numbers that a rowFunc needs beside its operands.
type aux [3]int

var loops = sync.Pool{New: func() any {
	l := new(loop)
	l.whole, l.one = l.doRows, l.doPart
	return l
}}

// run does row for every row of shape in ts, the destination first; those after it broadcast to shape. grain is cheap or
// costly.
func run(row rowFunc, grain int, shape []int, ts ...*Tensor) {
	runWith(row, aux{}, grain, shape, ts...)
}

// runWith is run for a row that reads a from its scratch. With a grain of alone everything happens on the caller.
func runWith(row rowFunc, a aux, grain int, shape []int, ts ...*Tensor) {
	l := loops.Get().(*loop)
	l.row, l.aux = row, a
	l.elementwise(shape, ts...)
	switch {
	case l.rows == 0:
	case l.rows*l.n < 2*grain:
		l.doRows(0, l.rows)
	case l.rows == 1:
		parallel.For(l.n, grain, l.one)
	default:
		parallel.For(l.rows, (grain+l.n-1)/l.n, l.whole)
	}
	l.forget()
	loops.Put(l)
}

func (l *loop) doRows(lo, hi int) {
	s := scratches.Get().(*scratch)
	s.by, s.aux = l.by, l.aux
	s.seek(&l.walk, lo)
	for range hi - lo {
		l.row(s, l.n)
		s.next(&l.walk)
	}
	s.release()
}

// doPart does elements [lo, hi) of the only row.
func (l *loop) doPart(lo, hi int) {
	s := scratches.Get().(*scratch)
	s.by, s.aux = l.by, l.aux
	for k := range l.k {
		s.p[k] = unsafe.Add(l.base[k], lo*l.by[k])
	}
	l.row(s, hi-lo)
	s.release()
}

// block is how many elements with gaps between them are brought together at a time.
const block = 1024

// A scratch is what one goroutine needs on a walk: its place, and room to bring elements together that do not touch.
type scratch struct {
	cursor
	by   [operands]int // the row's
	aux  aux
	room [operands][block]uint64
	more [][]uint64 // blocks for the levels of a tree, made when there is one
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func (s *scratch) release() {
	s.p = [operands]unsafe.Pointer{}
	scratches.Put(s)
}

// touching reports whether operand k's elements, of type T, lie side by side in the row.
func touching[T any](s *scratch, k int) bool {
	var e T
	return s.by[k] == int(unsafe.Sizeof(e))
}

// row returns the n elements of operand k, which touch.
func row[T any](s *scratch, k, n int) []T { return unsafe.Slice((*T)(s.p[k]), n) }

// buffer returns room for n ≤ block elements of operand k.
func buffer[T any](s *scratch, k, n int) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(&s.room[k])), n)
}

// extra returns room for n ≤ block elements in buffer i of a scratch whose operands need none.
func extra[T any](s *scratch, i, n int) []T {
	if i < operands {
		return buffer[T](s, i, n)
	}
	for len(s.more) <= i-operands {
		s.more = append(s.more, make([]uint64, block))
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(s.more[i-operands]))), n)
}

// load returns elements [lo, lo+n) of the row of operand k, brought together in the buffer unless they touch. Blocks are
// asked for in order: an element that is repeated fills the buffer with the first.
func load[T any](s *scratch, k, lo, n int) []T {
	by := s.by[k]
	if touching[T](s, k) {
		return unsafe.Slice((*T)(unsafe.Add(s.p[k], lo*by)), n)
	}
	buf := buffer[T](s, k, n)
	if by == 0 && lo > 0 {
		return buf
	}
	gather(buf, unsafe.Add(s.p[k], lo*by), by)
	return buf
}

// gather brings elements together that lie by bytes apart from p on.
func gather[T any](dst []T, p unsafe.Pointer, by int) {
	if by == 0 {
		v := *(*T)(p)
		for i := range dst {
			dst[i] = v
		}
		return
	}
	for i := range dst {
		dst[i] = *(*T)(unsafe.Add(p, i*by))
	}
}

// scatter puts elements by bytes apart from p on.
func scatter[T any](p unsafe.Pointer, by int, src []T) {
	for i, v := range src {
		*(*T)(unsafe.Add(p, i*by)) = v
	}
}

// target returns where elements [lo, lo+n) of the destination's row are to be written: in place, or in the buffer if they do
// not touch; store then takes them from there.
func target[T any](s *scratch, lo, n int) []T {
	if touching[T](s, 0) {
		return unsafe.Slice((*T)(unsafe.Add(s.p[0], lo*s.by[0])), n)
	}
	return buffer[T](s, 0, n)
}

func store[T any](s *scratch, lo int, d []T) {
	if !touching[T](s, 0) {
		scatter(unsafe.Add(s.p[0], lo*s.by[0]), s.by[0], d)
	}
}

// unaryRow makes a rowFunc of a loop over slices: dst[i] from a[i].
func unaryRow[D, A any](f func(dst []D, a []A)) rowFunc {
	return func(s *scratch, n int) {
		if touching[D](s, 0) && touching[A](s, 1) {
			f(row[D](s, 0, n), row[A](s, 1, n))
			return
		}
		for lo := 0; lo < n; lo += block {
			m := min(block, n-lo)
			d := target[D](s, lo, m)
			f(d, load[A](s, 1, lo, m))
			store(s, lo, d)
		}
	}
}

// binaryRow makes a rowFunc of a loop over slices: dst[i] from a[i] and b[i].
func binaryRow[D, A, B any](f func(dst []D, a []A, b []B)) rowFunc {
	return func(s *scratch, n int) {
		if touching[D](s, 0) && touching[A](s, 1) && touching[B](s, 2) {
			f(row[D](s, 0, n), row[A](s, 1, n), row[B](s, 2, n))
			return
		}
		for lo := 0; lo < n; lo += block {
			m := min(block, n-lo)
			d := target[D](s, lo, m)
			f(d, load[A](s, 1, lo, m), load[B](s, 2, lo, m))
			store(s, lo, d)
		}
	}
}

// ternaryRow makes a rowFunc of a loop over slices: dst[i] from a[i], b[i] and c[i].
func ternaryRow[D, A, B, C any](f func(dst []D, a []A, b []B, c []C)) rowFunc {
	return func(s *scratch, n int) {
		for lo := 0; lo < n; {
			m := n - lo
			if !(touching[D](s, 0) && touching[A](s, 1) && touching[B](s, 2) && touching[C](s, 3)) {
				m = min(block, m)
			}
			d := target[D](s, lo, m)
			f(d, load[A](s, 1, lo, m), load[B](s, 2, lo, m), load[C](s, 3, lo, m))
			store(s, lo, d)
			lo += m
		}
	}
}
