package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// layout says where the elements of a shape lie in a slice: the one with index i, j, … at offset + i·strides[0] + j·strides[1]
// + …. Strides may be zero, for a repeated axis, or negative, for one that runs backwards. It is what permuting, slicing,
// flipping and repeating have in common: one copy through a layout.
type layout struct {
	rank          int
	dims, strides [2 * maxRank]int
	offset        int
}

// dense returns the layout of a row-major tensor, an axis of it for an axis of the shape.
func dense(shape []int) layout {
	var l layout
	stride := 1
	l.rank = len(shape)
	for i := len(shape) - 1; i >= 0; i-- {
		l.dims[i], l.strides[i] = shape[i], stride
		stride *= shape[i]
	}
	return l
}

// axis adds an axis behind those that l has.
func (l *layout) axis(dim, stride int) {
	l.dims[l.rank], l.strides[l.rank] = dim, stride
	l.rank++
}

// len returns the number of elements.
func (l *layout) len() int {
	n := 1
	for _, d := range l.dims[:l.rank] {
		n *= d
	}
	return n
}

// merged returns l with fewer axes: without those that are 1 long, and neighbours that one stride serves made one. There is
// at least one axis in it.
func (l *layout) merged() layout {
	m := layout{offset: l.offset}
	for i, d := range l.dims[:l.rank] {
		last := m.rank - 1
		switch s := l.strides[i]; {
		case d == 1:
		case last >= 0 && m.strides[last] == s*d:
			m.dims[last], m.strides[last] = m.dims[last]*d, s
		default:
			m.axis(d, s)
		}
	}
	if m.rank == 0 {
		m.axis(1, 1)
	}
	return m
}

// walk goes through the rows of a merged layout, from row lo on: dims of all axes but the last count them.
type walk struct {
	l     *layout
	index [2 * maxRank]int
	at    int // where the row's first element lies
}

func (l *layout) rows() int {
	n := 1
	for _, d := range l.dims[:l.rank-1] {
		n *= d
	}
	return n
}

func (l *layout) from(row int) walk {
	w := walk{l: l, at: l.offset}
	for i := l.rank - 2; i >= 0; i-- {
		w.index[i] = row % l.dims[i]
		w.at += w.index[i] * l.strides[i]
		row /= l.dims[i]
	}
	return w
}

func (w *walk) next() {
	for i := w.l.rank - 2; i >= 0; i-- {
		w.index[i]++
		w.at += w.l.strides[i]
		if w.index[i] < w.l.dims[i] {
			return
		}
		w.index[i] = 0
		w.at -= w.l.dims[i] * w.l.strides[i]
	}
}

// take stores in dst, row-major, what l points at in src: rows [lo, hi) of a merged l.
func take[T vec.Float](dst, src []T, l *layout, lo, hi int) {
	n, step := l.dims[l.rank-1], l.strides[l.rank-1]
	if n == 0 || lo >= hi {
		return
	}
	if step != 1 && step != 0 && l.rank > 1 && l.strides[l.rank-2] == 1 {
		takeTurned(dst, src, l, lo, hi)
		return
	}
	w := l.from(lo)
	for r := lo; r < hi; r++ {
		row := dst[r*n:][:n]
		switch step {
		case 1:
			copy(row, src[w.at:])
		case 0:
			vec.Fill(row, src[w.at])
		default:
			for i, at := 0, w.at; i < n; i, at = i+1, at+step {
				row[i] = src[at]
			}
		}
		w.next()
	}
}

// takeTurned is take where neighbours of the last axis but one touch, as when a matrix is transposed: rows go eight at a time,
// so that a cache line of src is used while it is there.
func takeTurned[T vec.Float](dst, src []T, l *layout, lo, hi int) {
	n, step, height := l.dims[l.rank-1], l.strides[l.rank-1], l.dims[l.rank-2]
	w := l.from(lo)
	for r := lo; r < hi; {
		if h := w.index[l.rank-2]; h+8 <= height && r+8 <= hi {
			block := dst[r*n:][:8*n]
			for i, at := 0, w.at; i < n; i, at = i+1, at+step {
				s := src[at:][:8]
				block[i], block[n+i], block[2*n+i], block[3*n+i] = s[0], s[1], s[2], s[3]
				block[4*n+i], block[5*n+i], block[6*n+i], block[7*n+i] = s[4], s[5], s[6], s[7]
			}
			for range 8 {
				w.next()
			}
			r += 8
			continue
		}
		row := dst[r*n:][:n]
		for i, at := 0, w.at; i < n; i, at = i+1, at+step {
			row[i] = src[at]
		}
		w.next()
		r++
	}
}

// give adds src, row-major, to what l points at in dst: the adjoint of take. Rows of one dst element are added in order.
func give[T vec.Float](dst, src []T, l *layout, lo, hi int) {
	n, step := l.dims[l.rank-1], l.strides[l.rank-1]
	if n == 0 || lo >= hi {
		return
	}
	w := l.from(lo)
	for r := lo; r < hi; r++ {
		row := src[r*n:][:n]
		switch step {
		case 1:
			vec.AddTo(dst[w.at:][:n], row)
		case 0:
			dst[w.at] += vec.Sum(row)
		default:
			for i, at := 0, w.at; i < n; i, at = i+1, at+step {
				dst[at] += row[i]
			}
		}
		w.next()
	}
}

// moved runs an op whose result, of the given shape, is x read through the layout that the node has; its axes are the result's,
// or finer.
func (n *node) moved(shape ...int) *Var {
	n.layout = n.layout.merged()
	return n.run(shape...)
}

func takeForward(n *node) {
	n.each(n.layout.rows(), rowGrain(&n.layout), takeLoop[float32], takeLoop[float64])
}

func takeLoop[T vec.Float](n *node, lo, hi int) { take(out[T](n), in[T](n, 0), &n.layout, lo, hi) }

// giveBackward is the derivative of every op that only moves elements: an element's gradient is the sum of its copies'.
func giveBackward[T vec.Float](n *node) {
	forward := n.layout
	if n.layout.repeats() {
		grad := n.out.grad
		n.out.grad, n.layout = n.sumRepeats()
		giveBackward[T](n)
		n.tape.pool.Put(n.out.grad)
		n.out.grad, n.layout = grad, forward
		return
	}
	if inverse, ok := forward.inverse(n.in[0].Len()); ok {
		begin[T](n, 0)
		n.layout = inverse
		n.each(n.layout.rows(), rowGrain(&n.layout), takeBackLoop[float32], takeBackLoop[float64])
		n.layout = forward
		end[T](n, 0)
		return
	}
	acc[T](n, 0)
	grain := rowGrain(&n.layout)
	if n.layout.overlaps() { // pieces would add to the same elements
		grain = n.layout.rows() + 1
	}
	n.each(n.layout.rows(), grain, giveLoop[float32], giveLoop[float64])
}

// repeats reports whether l has an axis along which it stays on one element.
func (l *layout) repeats() bool {
	for i, s := range l.strides[:l.rank] {
		if s == 0 && l.dims[i] > 1 {
			return true
		}
	}
	return false
}

// sumRepeats returns the result's gradient summed over the axes along which the layout stays on one element, and the
// layout without these.
func (n *node) sumRepeats() (sums *tensor.Tensor, l layout) {
	var axesRoom, keptRoom [2 * maxRank]int
	axes, kept := axesRoom[:0], keptRoom[:0]
	l.offset = n.layout.offset
	for i, d := range n.layout.dims[:n.layout.rank] {
		if n.layout.strides[i] == 0 {
			axes = append(axes, i)
			continue
		}
		kept = append(kept, d)
		l.axis(d, n.layout.strides[i])
	}
	sums = n.tape.pool.New(n.out.DType(), kept...)
	tensor.SumTo(sums, n.tape.pool.Reshape(n.out.grad, n.layout.dims[:n.layout.rank]...), axes...)
	return sums, l.merged()
}

func takeBackLoop[T vec.Float](n *node, lo, hi int) {
	take(gradBuffer[T](n, 0), outGrad[T](n), &n.layout, lo, hi)
}

// inverse returns the layout that undoes l, if every one of the n elements that l points into is read exactly once.
func (l *layout) inverse(n int) (layout, bool) {
	result := dense(l.dims[:l.rank])
	if l.len() != n || l.overlaps() {
		return result, false
	}
	// Axes by falling stride, which is the order in which they lie in the operand.
	order := [2 * maxRank]int{}
	for i := range l.rank {
		at := i
		for ; at > 0 && max(l.strides[order[at-1]], -l.strides[order[at-1]]) < max(l.strides[i], -l.strides[i]); at-- {
			order[at] = order[at-1]
		}
		order[at] = i
	}
	inv := layout{}
	for _, i := range order[:l.rank] {
		stride := result.strides[i]
		switch {
		case l.strides[i] == 0:
			return result, false
		case l.strides[i] < 0:
			inv.offset += (l.dims[i] - 1) * stride
			stride = -stride
		}
		inv.axis(l.dims[i], stride)
	}
	return inv.merged(), true
}

func giveLoop[T vec.Float](n *node, lo, hi int) {
	g, _ := sink[T](n, 0)
	give(g, outGrad[T](n), &n.layout, lo, hi)
}

// overlaps reports whether two rows may hold the same element: whether the axes, by falling stride, do not lie within each other.
func (l *layout) overlaps() bool {
	for i, s := range l.strides[:l.rank] {
		reach := 0 // of all axes with smaller strides
		for k, t := range l.strides[:l.rank] {
			if k != i && (max(t, -t) < max(s, -s) || max(t, -t) == max(s, -s) && k > i) {
				reach += (l.dims[k] - 1) * max(t, -t)
			}
		}
		if l.dims[i] > 1 && max(s, -s) <= reach || l.dims[i] > 1 && s == 0 && i < l.rank-1 {
			return true
		}
	}
	return false
}

// rowGrain returns how many rows are worth a thread of their own.
func rowGrain(l *layout) int { return max(1, 4*fastGrain/max(1, l.dims[l.rank-1])) }

// mover returns an op of the given name that moves elements.
func mover(name string) *op {
	return &op{name, kernels{takeForward, giveBackward[float32]}, kernels{takeForward, giveBackward[float64]}}
}
