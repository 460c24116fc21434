package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Roll returns x moved by shift along axis, copied; what is pushed out at one end comes in at the other.
func Roll(x *Var, axis, shift int) *Var {
	n := rollOp.on(x)
	axis = axisOf(n.op, x, axis)
	n.ints[0] = axis
	if d := x.Dim(axis); d > 0 {
		n.ints[1] = (shift%d + d) % d
	}
	return n.run(x.Shape()...)
}

var rollOp = &op{"Roll",
	kernels{rollForward[float32], rollBackward[float32]}, kernels{rollForward[float64], rollBackward[float64]}}

func rollForward[T vec.Float](n *node) {
	d := n.out.Dim(n.ints[0])
	_, inner := alongAxis(n.out.Shape(), n.ints[0])
	roll(out[T](n), in[T](n, 0), d*inner, n.ints[1]*inner)
}

// The gradient is rolled back.
func rollBackward[T vec.Float](n *node) {
	d := n.out.Dim(n.ints[0])
	_, inner := alongAxis(n.out.Shape(), n.ints[0])
	roll(begin[T](n, 0), outGrad[T](n), d*inner, (d-n.ints[1])%max(d, 1)*inner)
	end[T](n, 0)
}

// roll moves every row of src by so many elements.
func roll[T vec.Float](dst, src []T, row, by int) {
	for lo := 0; lo < len(src); lo += row {
		copy(dst[lo+by:lo+row], src[lo:])
		copy(dst[lo:lo+by], src[lo+row-by:])
	}
}
