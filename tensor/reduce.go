package tensor

// This file holds the machine that reductions run on: it goes through a tensor of any strides and folds the axes named.
//
// The walk takes one axis as its row: the one along which elements touch, unless that is very short. If this axis is
// reduced, each row becomes one number, in blocks; if it is kept, rows are folded into a row of results, a piece of
// columns at a time. Work is shared out by results, or by pieces of fixed length of a long row, never so that a result
// depends on the number of threads.
//
// What is folded by itself (a row, a piece of one, leafRows rows of columns) is a leaf of a binary tree, so that the
// error of a sum grows with the logarithm of the number of its terms. The tree depends on the number of leaves alone:
// see tree.go.

import (
	"fmt"
	"slices"
	"sync"
	"unsafe"

	"github.com/tutti-ml/tutti/internal/parallel"
)

const (
	pieceLen = 32 << 10 // elements of a very long row that are folded by themselves
	leafRows = 32       // rows folded into a row of results, one after another, before that joins the tree
)

// A fold is a reduction of elements of type T to numbers of type A. Beside x, it may see z, one number for each result.
type fold[A, T any] struct {
	start  A                                  // what no elements give
	join   func(a, b A) A                     // of two results
	row    func(x []T, z A, tmp []T) A        // of one or more elements
	add    func(acc []A, x, z []T, tmp []T)   // folds x[i] into acc[i]; z and tmp are nil unless sees
	joinTo func(acc, b []A)                   // folds b[i] into acc[i]
	stack  func(acc []A, x []T, rows, by int) // is add for rows by elements apart, in order; nil if nothing is faster
	sees   bool                               // row and add use z and tmp: they are given at most a block at a time
	post   func(acc []A, z []A, n int)        // makes results of the folds of n elements each; nil leaves them
}

// folder is a fold whose types are forgotten.
type folder interface {
	rows(r *reduction, s *scratch, lo, hi int)    // results lo to hi of rows that are reduced
	columns(r *reduction, s *scratch, lo, hi int) // pieces of rows that are kept
	join2(r *reduction)                           // brings the pieces of long rows together
	stacks() bool                                 // whether many short rows that are kept are as good as long ones
}

// A reduceOp is a reduction: what it is called in panics, and a fold for each dtype that it takes.
type reduceOp struct {
	name   string
	result [len(dtypes)]DType
	folds  [len(dtypes)]folder
	some   bool // it panics for no elements
}

// A reduction is one call. Operand 0 is the destination, 1 is x, and 2 is z if there is one.
type reduction struct {
	walk         // along the kept axes
	inner   walk // along the reduced axes
	reduced []bool
	view    Tensor // the destination, with the axes reduced
	zView   Tensor
	fold    folder
	count   int  // elements to a result
	keep    bool // the row's axis is kept
	pieces  int  // of a reduced row
	chunk   int  // columns at a time of a kept row
	chunks  int
	parts   []uint64 // one partial result for each piece

	rowsDo, columnsDo func(lo, hi int)
}

var reductions = sync.Pool{New: func() any {
	r := new(reduction)
	r.rowsDo, r.columnsDo = r.doRows, r.doColumns
	return r
}}

// make returns the reduction of x over axes, in a new tensor without them.
func (o *reduceOp) make(x, z *Tensor, axes []int) *Tensor {
	dst := o.like(x, axes)
	o.to(dst, x, z, axes)
	return dst
}

// like returns a tensor for the result: x's shape without axes.
func (o *reduceOp) like(x *Tensor, axes []int) *Tensor {
	o.of(x)
	var room [2 * inlineRank]int
	return New(o.result[x.dtype], droppedShape(room[:0], o.name, x, axes)...)
}

// of returns the fold for x's dtype.
func (o *reduceOp) of(x *Tensor) folder {
	f := o.folds[x.dtype]
	if f == nil {
		panic(fmt.Sprintf("tensor: %s: dtype %v is not one it works on", o.name, x.dtype))
	}
	return f
}

// droppedShape appends x's shape without axes to dst; no axes mean all.
func droppedShape(dst []int, op string, x *Tensor, axes []int) []int {
	for _, a := range axes {
		x.axis(op, a)
	}
	for i, n := range x.shape {
		if len(axes) > 0 && !names(axes, i, len(x.shape)) {
			dst = append(dst, n)
		}
	}
	return dst
}

// names reports whether axes, some of which may count from the last, name axis i of rank.
func names(axes []int, i, rank int) bool {
	return slices.Contains(axes, i) || slices.Contains(axes, i-rank)
}

// to stores the reduction of x over axes in dst, which has x's shape with these axes left out, or 1 long. z is nil, or
// contiguous and of a shape of the same kind.
func (o *reduceOp) to(dst, x, z *Tensor, axes []int) {
	f := o.of(x)
	mustDType(o.name, dst, o.result[x.dtype])
	if !dst.contig { // the order of a sum must not depend on where it goes
		p := temporaries.Get().(*Pool)
		t := p.New(dst.dtype, dst.shape...)
		o.to(t, x, z, axes)
		dst.CopyFrom(t)
		p.Reset()
		temporaries.Put(p)
		return
	}
	r := reductions.Get().(*reduction)
	r.fold = f
	r.mark(o.name, x, axes)
	if !r.keepIn(&r.view, dst, x) {
		panic(fmt.Sprintf("tensor: %s: the destination's shape is %v; that of %v reduced over %v is %v", o.name, dst.shape, x.shape,
			slices.Clone(axes), droppedShape(nil, o.name, x, axes)))
	}
	if z != nil {
		r.keepIn(&r.zView, z, x)
	}
	r.count = 1
	for i, n := range x.shape {
		if r.reduced[i] {
			r.count *= n
		}
	}
	if r.count == 0 && o.some && dst.n > 0 {
		panic(fmt.Sprintf("tensor: %s: shape %v has no elements to reduce over %v", o.name, x.shape, slices.Clone(axes)))
	}
	if dst.n > 0 {
		r.plan(x, z)
		r.run()
	}
	r.forget()
	r.inner.forget()
	r.view.data, r.zView.data, r.fold = nil, nil, nil
	reductions.Put(r)
}

// mark notes which axes are reduced.
func (r *reduction) mark(op string, x *Tensor, axes []int) {
	r.reduced = r.reduced[:0]
	for range x.shape {
		r.reduced = append(r.reduced, len(axes) == 0)
	}
	for _, a := range axes {
		r.reduced[x.axis(op, a)] = true
	}
}

// keepIn makes v a view of t that broadcasts to x's shape, and reports whether t's shape allows it.
func (r *reduction) keepIn(v, t, x *Tensor) bool {
	v.dtype, v.data, v.n = t.dtype, t.data, t.n
	v.setRank(len(x.shape))
	kept := len(t.shape) == len(x.shape)
	at := 0
	for i, n := range x.shape {
		switch {
		case r.reduced[i] && (!kept || t.shape[i] == 1):
			v.shape[i], v.strides[i] = 1, 0
			if kept {
				at++
			}
		case !r.reduced[i] && at < len(t.shape) && t.shape[at] == n:
			v.shape[i], v.strides[i] = n, t.strides[at]
			at++
		default:
			return false
		}
	}
	return at == len(t.shape)
}

// plan cuts the axes into kept and reduced ones, the row among either.
func (r *reduction) plan(x, z *Tensor) {
	w, inner := &r.walk, &r.inner
	// x comes first for its order in memory to count.
	if z == nil {
		w.set(x.shape, x, &r.view)
	} else {
		w.set(x.shape, x, &r.view, &r.zView)
	}
	w.sort()
	w.merge()
	w.swap()
	inner.k, inner.base, inner.size = w.k, w.base, w.size
	inner.spans, inner.rows = inner.spans[:0], 1
	if r.count == 0 {
		w.spans = slices.DeleteFunc(w.spans, func(s span) bool { return s.by[0] == 0 })
		inner.rows = 0
	}
	if len(w.spans) == 0 {
		w.spans = append(w.spans, span{n: 1, by: w.size})
	}
	at := w.longest()
	if s := &w.spans[0]; s.by[0] != 0 && s.by[1] == w.size[1] && r.fold.stacks() {
		at = 0
	}
	row := w.spans[at]
	r.keep = row.by[0] != 0
	kept := w.spans[:0]
	for i, s := range w.spans {
		switch {
		case i == at:
		case s.by[0] != 0: // only a reduced axis does not move through the results, for those of length 1 are left out
			kept = append(kept, s)
		default:
			inner.spans = append(inner.spans, s)
		}
	}
	w.spans = append(kept, row)
	w.cut(len(kept))
	for _, s := range inner.spans {
		inner.rows *= s.n
	}
	r.pieces, r.chunk, r.chunks = 1, 0, 0
	if r.keep {
		workers := parallel.Workers()
		r.chunk = min(block, max(64, (w.n/(2*workers)+15)&^15))
		r.chunks = (w.n + r.chunk - 1) / r.chunk
	} else if w.n >= 2*pieceLen && w.rows < 16 {
		r.pieces = (w.n + pieceLen - 1) / pieceLen
	}
}

// swap exchanges operands 0 and 1.
func (w *walk) swap() {
	w.base[0], w.base[1] = w.base[1], w.base[0]
	w.size[0], w.size[1] = w.size[1], w.size[0]
	for i := range w.spans {
		by := &w.spans[i].by
		by[0], by[1] = by[1], by[0]
	}
}

func (r *reduction) run() {
	if r.keep {
		share(r.rows*r.chunks, r.inner.rows*r.chunk, r.columnsDo)
		return
	}
	if r.pieces > 1 {
		r.parts = slices.Grow(r.parts[:0], r.rows*r.pieces)[:r.rows*r.pieces]
	}
	share(r.rows*r.pieces, r.inner.rows*(r.n/r.pieces), r.rowsDo)
	if r.pieces > 1 {
		r.fold.join2(r)
	}
}

// share calls fn for the ranges of units, each of which is work elements, on the worker threads if that is enough.
func share(units, work int, fn func(lo, hi int)) {
	if units*work < 2*cheap {
		fn(0, units)
		return
	}
	parallel.For(units, max(1, cheap/max(1, work)), fn)
}

func (r *reduction) doRows(lo, hi int) {
	s := scratches.Get().(*scratch)
	s.by = r.by
	r.fold.rows(r, s, lo, hi)
	s.release()
}

func (r *reduction) doColumns(lo, hi int) {
	s := scratches.Get().(*scratch)
	s.by = r.by
	r.fold.columns(r, s, lo, hi)
	s.release()
}

func (f *fold[A, T]) stacks() bool { return f.stack != nil }

func (f *fold[A, T]) rows(r *reduction, s *scratch, lo, hi int) {
	in := scratches.Get().(*scratch) // the place along the reduced axes
	pieceOf := (r.n + r.pieces - 1) / r.pieces
	s.seek(&r.walk, lo/r.pieces)
	var z A
	var t numbers[A]
	for u := lo; u < hi; u++ {
		piece := u % r.pieces
		from, to := piece*pieceOf, min((piece+1)*pieceOf, r.n)
		if f.sees {
			z = *(*A)(s.p[2])
		}
		t.leaves = 0
		in.place(&r.inner, 0)
		for range r.inner.rows {
			f.part(&t, s, unsafe.Add(s.p[1], in.off[1]), from, to, z)
			in.advance(&r.inner)
		}
		acc := t.total(f.join, f.start)
		if r.pieces > 1 {
			*(*A)(unsafe.Pointer(&r.parts[u])) = acc
		} else {
			f.finish(r, s, 0, append(buffer[A](s, 0, block)[:0], acc))
		}
		if piece == r.pieces-1 {
			s.next(&r.walk)
		}
	}
	in.release()
}

// part folds elements [from, to) of the row at p into t.
func (f *fold[A, T]) part(t *numbers[A], s *scratch, p unsafe.Pointer, from, to int, z A) {
	by := s.by[1]
	touch := touching[T](s, 1)
	if touch && !f.sees {
		t.push(f.join, f.row(unsafe.Slice((*T)(unsafe.Add(p, from*by)), to-from), z, nil))
		return
	}
	for lo := from; lo < to; lo += block {
		n := min(block, to-lo)
		var x []T
		if touch {
			x = unsafe.Slice((*T)(unsafe.Add(p, lo*by)), n)
		} else {
			x = buffer[T](s, 1, n)
			gather(x, unsafe.Add(p, lo*by), by)
		}
		t.push(f.join, f.row(x, z, buffer[T](s, 3, n)))
	}
}

func (f *fold[A, T]) join2(r *reduction) {
	s := scratches.Get().(*scratch)
	s.by = r.by
	s.seek(&r.walk, 0)
	var t numbers[A]
	parts := unsafe.Slice((*[8]byte)(unsafe.Pointer(unsafe.SliceData(r.parts))), len(r.parts))
	for row := range r.rows {
		t.leaves = 0
		for _, p := range parts[row*r.pieces : (row+1)*r.pieces] {
			t.push(f.join, *(*A)(unsafe.Pointer(&p)))
		}
		f.finish(r, s, 0, append(buffer[A](s, 0, block)[:0], t.total(f.join, f.start)))
		s.next(&r.walk)
	}
	s.release()
}

func (f *fold[A, T]) columns(r *reduction, s *scratch, lo, hi int) {
	in := scratches.Get().(*scratch)
	s.seek(&r.walk, lo/r.chunks)
	var t vectors[A]
	for u := lo; u < hi; u++ {
		from := u % r.chunks * r.chunk
		f.finish(r, s, from, f.column(r, s, in, &t, from, min(r.chunk, r.n-from)))
		if u%r.chunks == r.chunks-1 {
			s.next(&r.walk)
		}
	}
	in.release()
}

// column folds the rows into n columns of results, from column from on.
func (f *fold[A, T]) column(r *reduction, s, in *scratch, t *vectors[A], from, n int) []A {
	acc := t.begin(in, n)
	fillWith(acc, f.start)
	var z, tmp []T
	if f.sees {
		z, tmp = f.seen(s, 2, from, n), buffer[T](s, 3, n)
	}
	var e T
	by, touch := 0, touching[T](s, 1)
	if touch && f.stack != nil && len(r.inner.spans) > 0 {
		by = r.inner.spans[0].by[1] / int(unsafe.Sizeof(e))
	}
	in.place(&r.inner, 0)
	for done := 0; done < r.inner.rows; {
		if done > 0 && done%leafRows == 0 {
			acc = t.push(in, f.joinTo, acc)
			fillWith(acc, f.start)
		}
		p := unsafe.Add(s.p[1], in.off[1]+from*s.by[1])
		if by > 0 {
			k := min(r.inner.spans[0].n-in.index[0], leafRows-done%leafRows)
			f.stack(acc, unsafe.Slice((*T)(p), (k-1)*by+n), k, by)
			in.skip(&r.inner, k)
			done += k
			continue
		}
		x := buffer[T](s, 1, n)
		if touch {
			x = unsafe.Slice((*T)(p), n)
		} else {
			gather(x, p, s.by[1])
		}
		f.add(acc, x, z, tmp)
		in.advance(&r.inner)
		done++
	}
	return t.total(f.joinTo, acc)
}

// seen returns n elements of operand k, a row of results, from its element from on.
func (f *fold[A, T]) seen(s *scratch, k, from, n int) []T {
	p := unsafe.Add(s.p[k], from*s.by[k])
	if touching[T](s, k) {
		return unsafe.Slice((*T)(p), n)
	}
	buf := buffer[T](s, k, n)
	gather(buf, p, s.by[k])
	return buf
}

// finish makes results of acc and stores them from element from of the results' row on.
func (f *fold[A, T]) finish(r *reduction, s *scratch, from int, acc []A) {
	if f.post != nil {
		var z []A
		if f.sees {
			z = buffer[A](s, 3, len(acc))
			gather(z, unsafe.Add(s.p[2], from*s.by[2]), s.by[2])
		}
		f.post(acc, z, r.count)
	}
	scatter(unsafe.Add(s.p[0], from*s.by[0]), s.by[0], acc)
}

func fillWith[T any](dst []T, v T) {
	for i := range dst {
		dst[i] = v
	}
}
