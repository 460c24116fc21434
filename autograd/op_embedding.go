package autograd

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
	"github.com/tutti-ml/tutti/tensor"
)

// EmbeddingOptions says what Embedding does besides looking up.
type EmbeddingOptions struct {
	Padded  bool // row Padding stands for no word: it gets no gradient
	Padding int  // from 0, or from −1 for the last row backwards, as in PyTorch
	// MaxNorm, if positive, scales longer rows down to that Euclidean length in the result. As in PyTorch the gradient takes no
	// notice of it; unlike there, the table itself stays as it is.
	MaxNorm float64
}

// skipped returns the row of the table that counts for nothing, −1 if all count.
func (n *node) skipped(padded bool, padding int) int {
	rows := n.in[0].Dim(0)
	switch {
	case !padded:
		return -1
	case padding < -rows || padding >= rows:
		n.op.panicf("row %d is padding, but the table has %d rows", padding, rows)
	case padding < 0:
		return padding + rows
	}
	return padding
}

// Embedding looks up rows of a table: result[i..., :] = w[index[i...], :].
//
//	w [V, D]   index [...] Int64 or Int32, 0 ≤ index < V   result [..., D]
//
// The gradient of w is sparse: see Tape.SparseGrad. It panics with an *IndexError if an index is out of range.
func Embedding(w *Var, index *tensor.Tensor, o EmbeddingOptions) *Var {
	n := embeddingOp.on(w)
	n.lookup(index)
	n.ints[0], n.factor = n.skipped(o.Padded, o.Padding), o.MaxNorm
	var room [maxRank]int
	return n.run(append(append(room[:0], index.Shape()...), w.Dim(1))...)
}

// IndexError says that an index is no row of the table: bad data rather than a mistake in the program, so whoever runs a step
// should recover it and report it as an error.
type IndexError struct {
	Op       string
	Position int // in the indices, row-major
	Index    int64
	Rows     int
}

func (e *IndexError) Error() string {
	return fmt.Sprintf("autograd: %s: index %d at position %d, but the table has %d rows", e.Op, e.Index, e.Position, e.Rows)
}

var embeddingOp = &op{"Embedding",
	kernels{embeddingForward[float32], embeddingBackward[float32]}, kernels{embeddingForward[float64], embeddingBackward[float64]}}

// lookup checks a table and indices into it, and keeps these.
func (n *node) lookup(index *tensor.Tensor) {
	w := n.in[0]
	if w.Rank() != 2 {
		n.op.panicf("table %v: want [V, D]", w.Shape())
	}
	index = n.integers("indices", index)
	for i, v := range tensor.Data[int64](index) {
		if v < 0 || v >= int64(w.Dim(0)) {
			panic(&IndexError{Op: n.op.name, Position: i, Index: v, Rows: w.Dim(0)})
		}
	}
	n.targets = index
}

func embeddingForward[T vec.Float](n *node) {
	w, y, index, d := in[T](n, 0), out[T](n), tensor.Data[int64](n.targets), n.in[0].Dim(1)
	most := n.factor
	parallel.For(len(index), max(1, 1<<14/max(d, 1)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row := w[int(index[i])*d : (int(index[i])+1)*d]
			copy(y[i*d:(i+1)*d], row)
			if most <= 0 {
				continue
			}
			if norm := math.Sqrt(float64(vec.SumSq(row))); norm > most {
				vec.Scale(y[i*d:(i+1)*d], T(most/(norm+1e-7)), row) // PyTorch's guard against rounding
			}
		}
	})
}

// A row of the table collects the gradients of all the places that it went to.
func embeddingBackward[T vec.Float](n *node) {
	index, d := tensor.Data[int64](n.targets), n.in[0].Dim(1)
	dy := outGrad[T](n)
	scatterRows(n, 0, index, int64(n.ints[0]), func(into []T, i int) { vec.Add(into, into, dy[i*d:(i+1)*d]) })
}

// Indices returns an Int64 tensor of the tape's for indices, whose elements are undefined. It is valid until Reset.
func (t *Tape) Indices(shape ...int) *tensor.Tensor { return t.pool.New(tensor.Int64, shape...) }

// embeddingRule is the derivative as ops: a dense table of the rows' gradients.
func embeddingRule(n *node, _ int, dy *Var) *Var {
	w, t, count := n.in[0], n.tape, n.targets.Len()
	rows := Reshape(dy, count, w.Dim(1))
	if skip := int64(n.ints[0]); skip >= 0 {
		none := t.pool.New(tensor.Bool, count, 1)
		for i, r := range tensor.Data[int64](n.targets) {
			tensor.Data[bool](none)[i] = r == skip
		}
		rows = MaskedFill(rows, none, 0)
	}
	return addedAt(t.pool.Reshape(n.targets, count), rows, w.Shape()...)
}
