package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
)

// LogSumExp returns log Σ eˣ over the axes named, which the result lacks, or of all elements. The largest x is
// subtracted first, so that no exponential overflows. Of no elements it is −Inf. The gradient of a row of −Inf alone is
// zero; PyTorch 2.15 has NaN.
func LogSumExp(x *Var, axes ...int) *Var { return logSumExpOp.reduceRows(x, axes, nil) }

var logSumExpOp = &op{"LogSumExp",
	kernels{logSumExpForward[float32], logSumExpBackward[float32]}, kernels{logSumExpForward[float64], logSumExpBackward[float64]}}

func logSumExpForward[T vec.Float](n *node) {
	vec.LogSumExp(out[T](n), in[T](n, 0), n.ints[0], n.ints[1])
}

// The derivative is softmax(x), and zero where the result is infinite but x is not +Inf.
func logSumExpBackward[T vec.Float](n *node) {
	dx, dy, cols := begin[T](n, 0), outGrad[T](n), n.ints[1]
	vec.Softmax(dx, in[T](n, 0), n.ints[0], cols)
	for i, g := range dy {
		r := row(dx, i, cols)
		vec.Scale(r, g, r)
		if y := out[T](n)[i]; math.IsInf(float64(y), 0) {
			for k, v := range row(in[T](n, 0), i, cols) {
				r[k] = pick(beside(v, y), 0, r[k])
			}
		}
	}
	end[T](n, 0)
}

// beside reports whether v counts for nothing in the infinite sum y: all but +Inf itself does not.
func beside[T vec.Float](v, y T) bool { return y < 0 || v != y }

func logSumExpRule(n *node, _ int, dy *Var) *Var {
	x, cols := n.in[0], n.ints[1]
	mask := n.tape.maskWhere(x.Shape(), func(i int) bool {
		y := floatAt(n.out.value, i/cols)
		return math.IsInf(y, 0) && beside(floatAt(x.value, i), y)
	})
	if mask == nil {
		return Mul(Softmax(x), column(dy))
	}
	return Mul(MaskedFill(Softmax(MaskedFill(x, mask, 0)), mask, 0), column(dy))
}
