package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// BagMode says how EmbeddingBag makes one row of those of a bag.
type BagMode int

const (
	BagSum BagMode = iota
	BagMean
	BagMax
)

// EmbeddingBagOptions says what the bags are and how their rows are put together.
type EmbeddingBagOptions struct {
	Mode BagMode
	// Offsets [B], Int64 or Int32, says where each bag begins in index, which then has one axis: ascending from 0.
	// Without, index is [B, L] and each of its rows is a bag.
	Offsets *tensor.Tensor
	Padded  bool // row Padding of the table counts for nothing in any bag
	Padding int  // from 0, or from −1 for the last row backwards
}

// EmbeddingBag looks up rows of a table and returns, for every bag of indices, their sum, mean or maximum: as Embedding and then
// a reduction, without the rows in between.
//
//	w [V, D]   index [B, L], or [N] with Offsets   weights as index, or nil   result [B, D]
//
// weights multiply the rows; they need mode BagSum. An empty bag gives zeros. The gradient of w is sparse: see Tape.SparseGrad;
// that of a maximum goes to the first row that has it. It panics with an *IndexError if an index is out of range.
func EmbeddingBag(w *Var, index *tensor.Tensor, weights *Var, o EmbeddingBagOptions) *Var {
	var n *node
	if weights != nil {
		n = embeddingBagOp.on(w, weights)
		if o.Mode != BagSum || !weights.value.SameShape(index) {
			n.op.panicf("weights %v for indices %v in mode %d: want the same shape and BagSum", weights.Shape(), index.Shape(), o.Mode)
		}
	} else {
		n = embeddingBagOp.on(w)
	}
	n.lookup(index)
	bags := 0
	switch {
	case o.Offsets == nil && index.Rank() == 2:
		bags = index.Dim(0)
	case o.Offsets != nil && index.Rank() == 1 && o.Offsets.Rank() == 1:
		o.Offsets = n.integers("offsets", o.Offsets)
		bags = o.Offsets.Len()
		last := int64(0)
		for i, at := range tensor.Data[int64](o.Offsets) {
			if i == 0 && at != 0 || at < last || at > int64(index.Len()) {
				n.op.panicf("offset %d is %d: offsets ascend from 0 to at most %d", i, at, index.Len())
			}
			last = at
		}
	default:
		n.op.panicf("indices %v: want [B, L], or [N] and Offsets [B]", index.Shape())
	}
	n.ints[0], n.ints[1], n.saved[1] = n.skipped(o.Padded, o.Padding), int(o.Mode), o.Offsets
	if o.Mode == BagMax {
		n.save(0, tensor.Int64, bags, w.Dim(1)) // the position whose row is largest, −1 for none
	}
	return n.run(bags, w.Dim(1))
}

var embeddingBagOp = &op{"EmbeddingBag",
	kernels{embeddingBagForward[float32], embeddingBagBackward[float32]}, kernels{embeddingBagForward[float64], embeddingBagBackward[float64]}}

// bag returns where the indices of bag b begin and end, and how many of them count.
func (n *node) bag(b int) (lo, hi, count int) {
	index := tensor.Data[int64](n.targets)
	if n.saved[1] == nil {
		l := n.targets.Dim(1)
		lo, hi = b*l, (b+1)*l
	} else {
		offsets := tensor.Data[int64](n.saved[1])
		lo, hi = int(offsets[b]), len(index)
		if b+1 < len(offsets) {
			hi = int(offsets[b+1])
		}
	}
	for _, r := range index[lo:hi] {
		if r != int64(n.ints[0]) {
			count++
		}
	}
	return lo, hi, count
}

func embeddingBagForward[T vec.Float](n *node) {
	w, y, index, d := in[T](n, 0), out[T](n), tensor.Data[int64](n.targets), n.in[0].Dim(1)
	weights := inOrNil[T](n, 1)
	var from []int64
	var lo int
	add := func(y []T, k int) {
		p := lo + k
		r := int(index[p])
		if r == n.ints[0] {
			return
		}
		row := w[r*d : (r+1)*d]
		switch {
		case from != nil:
			for j, v := range row {
				if from[j] < 0 || v > y[j] {
					y[j], from[j] = v, int64(p)
				}
			}
		case weights != nil:
			vec.Axpy(y, weights[p], row)
		default:
			vec.Add(y, y, row)
		}
	}
	for b := range n.out.Dim(0) {
		first, hi, count := n.bag(b)
		lo = first
		y := y[b*d : (b+1)*d]
		clear(y)
		if BagMode(n.ints[1]) == BagMax {
			from = tensor.Data[int64](n.saved[0])[b*d : (b+1)*d]
			for j := range from {
				from[j] = -1
			}
			for k := range hi - lo {
				add(y, k)
			}
		} else {
			addMany(&n.tape.pool, n.out.DType(), y, hi-lo, add)
		}
		if BagMode(n.ints[1]) == BagMean && count > 0 {
			vec.Scale(y, 1/T(count), y)
		}
	}
}

// Each row of a bag gets the bag's gradient: whole for a sum, times its weight if it has one, in equal shares for a mean; for a
// maximum element by element, whoever was largest. A weight gets the product of its row and the bag's gradient.
func embeddingBagBackward[T vec.Float](n *node) {
	w, dy, index, d := in[T](n, 0), outGrad[T](n), tensor.Data[int64](n.targets), n.in[0].Dim(1)
	weights := inOrNil[T](n, 1)
	bags := n.out.Dim(0)
	if weights != nil && n.wants(1) {
		dw := acc[T](n, 1)
		for b := range bags {
			lo, hi, _ := n.bag(b)
			for p := lo; p < hi; p++ {
				if r := int(index[p]); r != n.ints[0] {
					dw[p] += vec.Dot(w[r*d:(r+1)*d], dy[b*d:(b+1)*d])
				}
			}
		}
	}
	if !n.wants(0) {
		return
	}
	// For each position its bag and its factor.
	pool := &n.tape.pool
	bagOf, factors := pool.New(tensor.Int64, len(index)), pool.New(n.in[0].DType(), len(index))
	of, factor := tensor.Data[int64](bagOf), tensor.Data[T](factors)
	for b := range bags {
		lo, hi, count := n.bag(b)
		for p := lo; p < hi; p++ {
			of[p], factor[p] = int64(b), 1
			if weights != nil {
				factor[p] = weights[p]
			}
			if BagMode(n.ints[1]) == BagMean {
				factor[p] = 1 / T(max(count, 1))
			}
		}
	}
	scatterRows(n, 0, index, int64(n.ints[0]), func(into []T, p int) {
		b := int(of[p])
		dy := dy[b*d : (b+1)*d]
		if BagMode(n.ints[1]) != BagMax {
			vec.Axpy(into, factor[p], dy)
			return
		}
		for j, from := range tensor.Data[int64](n.saved[0])[b*d : (b+1)*d] {
			if int(from) == p {
				into[j] += dy[j]
			}
		}
	})
	pool.Put(bagOf)
	pool.Put(factors)
}

// embeddingBagRule is the derivative as ops, of the positions that count: each has a row of the table, a bag, and a
// factor.
func embeddingBagRule(n *node, i int, dy *Var) *Var {
	if BagMode(n.ints[1]) == BagMax {
		return n.bagMaxRule(dy)
	}
	w, t := n.in[0], n.tape
	total := 0
	for b := range n.out.Dim(0) {
		_, _, count := n.bag(b)
		total += count
	}
	indices := func() (*tensor.Tensor, []int64) {
		x := t.pool.New(tensor.Int64, total)
		return x, tensor.Data[int64](x)
	}
	rows, rowOf := indices()
	bags, bagOf := indices()
	places, placeOf := indices()
	shares := t.pool.New(tensor.Float64, total)
	index, k := tensor.Data[int64](n.targets), 0
	for b := range n.out.Dim(0) {
		lo, hi, count := n.bag(b)
		for p := lo; p < hi; p++ {
			if index[p] == int64(n.ints[0]) {
				continue
			}
			rowOf[k], bagOf[k], placeOf[k] = index[p], int64(b), int64(p)
			tensor.Data[float64](shares)[k] = 1
			if BagMode(n.ints[1]) == BagMean {
				tensor.Data[float64](shares)[k] = 1 / float64(count)
			}
			k++
		}
	}
	dy = IndexSelect(dy, 0, bags)
	switch {
	case i == 1:
		slopes := Sum(Mul(dy, IndexSelect(w, 0, rows)), 1)
		return Reshape(addedAt(places, slopes, len(index)), n.in[1].Shape()...)
	case len(n.in) > 1:
		dy = Mul(dy, column(IndexSelect(Reshape(n.in[1], len(index)), 0, places)))
	case BagMode(n.ints[1]) == BagMean:
		dy = Mul(dy, column(t.constLike(w, shares)))
	}
	return addedAt(rows, dy, w.Shape()...)
}

// bagMaxRule sends each element's gradient to the row that was largest in it.
func (n *node) bagMaxRule(dy *Var) *Var {
	w, t := n.in[0], n.tape
	rows, none := t.pool.New(tensor.Int64, n.out.Shape()...), t.pool.New(tensor.Bool, n.out.Shape()...)
	index := tensor.Data[int64](n.targets)
	for i, p := range tensor.Data[int64](n.saved[0]) {
		tensor.Data[bool](none)[i] = p < 0
		tensor.Data[int64](rows)[i] = 0
		if p >= 0 {
			tensor.Data[int64](rows)[i] = index[p]
		}
	}
	return ScatterAdd(t.zeros(w.DType(), w.Shape()...), 0, rows, MaskedFill(dy, none, 0))
}
