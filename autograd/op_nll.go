package autograd

import (
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// NLL returns −w[label]·x[label] of every row of x, the negative log-likelihood of labels under logarithms x of probabilities.
//
//	x [N, C]   labels [N] Int64 or Int32, 0 ≤ label < C or listed in ignore   w [C] or nil for ones   result [N]
//
// Rows whose label is in ignore give 0 and no gradient. It panics with a *LabelError if a label is out of range, and with a
// message if shapes or dtypes disagree.
func NLL(x *Var, labels, w *tensor.Tensor, ignore []int64) *Var {
	n := nllOp.on(x)
	n.labels(labels, ignore)
	n.save(0, tensor.Float64, x.Dim(0)) // each row's weight, 0 for one to ignore
	n.rowWeights(n.saved[0], w, ignore)
	return n.run(x.Dim(0))
}

// labels checks and notes the labels of a loss on x [N, C].
func (n *node) labels(labels *tensor.Tensor, ignore []int64) {
	x := n.in[0]
	if x.Rank() != 2 || labels.Rank() != 1 || x.Dim(0) != labels.Dim(0) {
		n.op.panicf("x %v and labels %v: want [N, C] and [N]", x.Shape(), slices.Clone(labels.Shape()))
	}
	labels = n.integers("labels", labels)
	for row, label := range tensor.Data[int64](labels) {
		if (label < 0 || label >= int64(x.Dim(1))) && !slices.Contains(ignore, label) {
			panic(&LabelError{Op: n.op.name, Row: row, Label: label, Classes: x.Dim(1)})
		}
	}
	n.targets = labels
}

// rowWeights stores in rows, Float64 [N], what each row's label weighs: its class's weight in w [C], 1 if w is nil, 0
// if it is to be ignored.
func (n *node) rowWeights(rows, w *tensor.Tensor, ignore []int64) {
	if w != nil {
		if c := n.in[0].Dim(1); w.Rank() != 1 || w.Dim(0) != c {
			n.op.panicf("weights %v of %d classes: want [%d]", slices.Clone(w.Shape()), c, c)
		}
		if w.DType() != tensor.Float32 && w.DType() != tensor.Float64 {
			n.op.panicf("weights are %v, want float32 or float64", w.DType())
		}
		w = n.tape.contiguous(w)
	}
	dst := tensor.Data[float64](rows)
	for i, label := range tensor.Data[int64](n.targets) {
		switch {
		case slices.Contains(ignore, label):
			dst[i] = 0
		case w == nil:
			dst[i] = 1
		default:
			dst[i] = floatAt(w, int(label))
		}
	}
}

// floatAt returns element i of a contiguous tensor of floating-point numbers.
func floatAt(t *tensor.Tensor, i int) float64 {
	if t.DType() == tensor.Float32 {
		return float64(tensor.Data[float32](t)[i])
	}
	return tensor.Data[float64](t)[i]
}

var nllOp = &op{"NLL", kernels{nllForward[float32], nllBackward[float32]}, kernels{nllForward[float64], nllBackward[float64]}}

func nllForward[T vec.Float](n *node) {
	y, x, w, c := out[T](n), in[T](n, 0), tensor.Data[float64](n.saved[0]), n.in[0].Dim(1)
	for i, label := range tensor.Data[int64](n.targets) {
		y[i] = 0
		if w[i] != 0 {
			y[i] = T(-w[i]) * x[i*c+int(label)]
		}
	}
}

// The derivative is minus the weight for the label's element, zero for the others.
func nllBackward[T vec.Float](n *node) {
	g, dy, w, c := acc[T](n, 0), outGrad[T](n), tensor.Data[float64](n.saved[0]), n.in[0].Dim(1)
	for i, label := range tensor.Data[int64](n.targets) {
		if w[i] != 0 {
			g[i*c+int(label)] -= T(w[i]) * dy[i]
		}
	}
}

// nllRule is the derivative as ops: −weight·dy, put at each row's label. A row of weight 0 has none.
func nllRule(n *node, _ int, dy *Var) *Var {
	x, t, rows := n.in[0], n.tape, n.in[0].Dim(0)
	index, none := t.pool.New(tensor.Int64, rows, 1), t.pool.New(tensor.Bool, rows)
	factors := t.pool.New(tensor.Float64, rows)
	labels, weights := tensor.Data[int64](n.targets), tensor.Data[float64](n.saved[0])
	at, off, factor := tensor.Data[int64](index), tensor.Data[bool](none), tensor.Data[float64](factors)
	for i, w := range weights {
		at[i], off[i], factor[i] = labels[i], w == 0, -w
		if w == 0 { // the label may be no class
			at[i] = 0
		}
	}
	slopes := MaskedFill(Mul(dy, t.constLike(x, factors)), none, 0)
	return ScatterAdd(t.zeros(x.DType(), x.Shape()...), 1, index, column(slopes))
}
