package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Softmax returns exp(x)/Σ exp(x) over the last axis, the probabilities that logits x stand for. The largest x is
// subtracted first, so that no exponential overflows. A row of −Inf alone, or with +Inf or NaN, gives NaN, and an empty
// axis nothing.
func Softmax(x *Var) *Var { return softmaxOp.lastAxis(x) }

// LogSoftmax returns x − log Σ exp(x) over the last axis, the logarithm of Softmax without its loss of digits.
func LogSoftmax(x *Var) *Var { return logSoftmaxOp.lastAxis(x) }

var (
	softmaxOp = &op{"Softmax",
		kernels{softmaxForward[float32], softmaxBackward[float32]}, kernels{softmaxForward[float64], softmaxBackward[float64]}}
	logSoftmaxOp = &op{"LogSoftmax",
		kernels{logSoftmaxForward[float32], logSoftmaxBackward[float32]},
		kernels{logSoftmaxForward[float64], logSoftmaxBackward[float64]}}
)

// lastAxis runs an op that treats x as rows of its last axis: ints are the number of rows and their length.
func (o *op) lastAxis(x *Var) *Var {
	n := o.on(x)
	if x.Rank() < 1 {
		o.panicf("shape %v has no last axis", x.Shape())
	}
	n.ints[0], n.ints[1] = x.Len()/max(x.Dim(-1), 1), x.Dim(-1)
	return n.run(x.Shape()...)
}

func softmaxForward[T vec.Float](n *node) { vec.Softmax(out[T](n), in[T](n, 0), n.ints[0], n.ints[1]) }

// Raising one logit raises its own probability y and lowers all others in proportion: dx = y·(dy − Σ y·dy).
func softmaxBackward[T vec.Float](n *node) {
	y, dy, dx, cols := out[T](n), outGrad[T](n), begin[T](n, 0), n.ints[1]
	for lo := 0; lo < len(y); lo += cols {
		y, dy, dx := y[lo:lo+cols], dy[lo:lo+cols], dx[lo:lo+cols]
		vec.AddScalar(dx, -vec.Dot(y, dy), dy)
		vec.Mul(dx, dx, y)
	}
	end[T](n, 0)
}

func logSoftmaxForward[T vec.Float](n *node) {
	vec.LogSoftmax(out[T](n), in[T](n, 0), n.ints[0], n.ints[1])
}

// Every logit moves its own result by one and all results of the row by minus its probability: dx = dy − eʸ·Σ dy.
func logSoftmaxBackward[T vec.Float](n *node) {
	y, dy, dx, cols := out[T](n), outGrad[T](n), begin[T](n, 0), n.ints[1]
	vec.Exp(dx, y)
	for lo := 0; lo < len(y); lo += cols {
		dy, dx := dy[lo:lo+cols], dx[lo:lo+cols]
		vec.Scale(dx, -vec.Sum(dy), dx)
		vec.Add(dx, dx, dy)
	}
	end[T](n, 0)
}
