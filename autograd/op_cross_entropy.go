package autograd

import (
	"fmt"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// SoftmaxCrossEntropy returns the mean over the batch of −log softmax(x)[label], a scalar: logits and cross-entropy in one
// op, which loses no digits where a probability is tiny.
//
//	x [N, C] logits   labels [N] Int64 or Int32, 0 ≤ label < C   result []
//
// The mean over no samples is 0, as MSE's. A logit of −Inf has probability 0; of the label it gives +Inf. One of +Inf
// gives NaN. It panics with a *LabelError if a label is out of range, and with a message if shapes or dtypes disagree.
// The sum over the batch is accumulated in float64, first row first.
func SoftmaxCrossEntropy(x *Var, labels *tensor.Tensor) *Var {
	n := crossEntropyOp.on(x)
	n.labels(labels, nil)
	n.save(0, x.DType(), x.Shape()...) // log softmax(x)
	return n.run()
}

// LabelError says that a label is no class of the model: bad data rather than a mistake in the program, so whoever runs a
// step should recover it and report it as an error.
type LabelError struct {
	Op      string // that met it
	Row     int    // in the batch
	Label   int64
	Classes int
}

func (e *LabelError) Error() string {
	return fmt.Sprintf("autograd: %s: row %d has label %d, but the logits have %d classes (0 to %d)",
		e.Op, e.Row, e.Label, e.Classes, e.Classes-1)
}

var crossEntropyOp = &op{"SoftmaxCrossEntropy",
	kernels{crossEntropyForward[float32], crossEntropyBackward[float32]},
	kernels{crossEntropyForward[float64], crossEntropyBackward[float64]}}

func crossEntropyForward[T vec.Float](n *node) {
	rows, cols := n.in[0].Dim(0), n.in[0].Dim(1)
	logp := tensor.Data[T](n.saved[0])
	vec.LogSoftmax(logp, in[T](n, 0), rows, cols)
	var sum float64
	for row, label := range tensor.Data[int64](n.targets) {
		sum -= float64(logp[row*cols+int(label)])
	}
	out[T](n)[0] = T(sum / float64(max(rows, 1)))
}

// The derivative is the probability that the model gives each class, minus one for the right class, over N.
func crossEntropyBackward[T vec.Float](n *node) {
	rows, cols := n.in[0].Dim(0), n.in[0].Dim(1)
	scale := outGrad[T](n)[0] / T(max(rows, 1))
	dx := begin[T](n, 0)
	vec.Exp(dx, tensor.Data[T](n.saved[0]))
	vec.Scale(dx, scale, dx)
	for row, label := range tensor.Data[int64](n.targets) {
		dx[row*cols+int(label)] -= scale
	}
	end[T](n, 0)
}
