package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Prod returns the product of x over the axes named, which the result lacks, or of all elements. It panics if there is no element.
func Prod(x *Var, axes ...int) *Var { return prodOp.reduceRows(x, axes, nil) }

var prodOp = &op{"Prod",
	kernels{prodForward[float32], prodBackward[float32]}, kernels{prodForward[float64], prodBackward[float64]}}

func prodForward[T vec.Float](n *node) {
	x, y, cols := in[T](n, 0), out[T](n), n.ints[1]
	for i := range y {
		p := T(1)
		for _, v := range row(x, i, cols) {
			p *= v
		}
		y[i] = p
	}
}

// The derivative is the product of all the others: of those before times those behind, so that a zero does no harm.
func prodBackward[T vec.Float](n *node) {
	x, dx, dy, cols := in[T](n, 0), begin[T](n, 0), outGrad[T](n), n.ints[1]
	for i := range dy {
		x, dx := row(x, i, cols), row(dx, i, cols)
		p := dy[i]
		for k, v := range x {
			dx[k] = p
			p *= v
		}
		p = 1
		for k := cols - 1; k >= 0; k-- {
			dx[k] *= p
			p *= x[k]
		}
	}
	end[T](n, 0)
}

// prodDefinition is Prod made of other ops, for Gradients: the last of the running products of each row.
func prodDefinition(n *node) *Var {
	cols := n.ints[1]
	return Reshape(Slice(CumProd(n.in[0], 1), 1, cols-1, cols), n.out.Shape()...)
}
