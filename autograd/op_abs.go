package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Abs returns |x|, element by element.
func Abs(x *Var) *Var { return absOp.on(x).run(x.Shape()...) }

var absOp = &op{"Abs", kernels{absForward[float32], absBackward[float32]}, kernels{absForward[float64], absBackward[float64]}}

func absForward[T vec.Float](n *node) { vec.Abs(out[T](n), in[T](n, 0)) }

// The derivative is the sign of x; at zero and at NaN, where there is none, zero.
func absBackward[T vec.Float](n *node) {
	dx, dy, x := begin[T](n, 0), outGrad[T](n), in[T](n, 0)
	for i, v := range x {
		dx[i] = dy[i] * sign(v)
	}
	end[T](n, 0)
}
