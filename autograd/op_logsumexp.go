package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// LogSumExp returns log Σ eˣ over the axes named, which the result lacks, or of all elements. The largest x is subtracted first, so
// that no exponential overflows. It panics if there is no element.
func LogSumExp(x *Var, axes ...int) *Var { return logSumExpOp.reduceRows(x, axes, nil) }

var logSumExpOp = &op{"LogSumExp",
	kernels{logSumExpForward[float32], logSumExpBackward[float32]}, kernels{logSumExpForward[float64], logSumExpBackward[float64]}}

func logSumExpForward[T vec.Float](n *node) {
	vec.LogSumExp(out[T](n), in[T](n, 0), n.ints[0], n.ints[1])
}

// The derivative is softmax(x).
func logSumExpBackward[T vec.Float](n *node) {
	dx, dy, cols := begin[T](n, 0), outGrad[T](n), n.ints[1]
	vec.Softmax(dx, in[T](n, 0), n.ints[0], cols)
	for i, g := range dy {
		r := row(dx, i, cols)
		vec.Scale(r, g, r)
	}
	end[T](n, 0)
}
