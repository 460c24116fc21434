package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Prod returns the product of x over the axes named, which the result lacks, or of all elements. Products are
// accumulated in float64. The product of none is 1.
func Prod(x *Var, axes ...int) *Var { return prodOp.reduceRows(x, axes, nil) }

var prodOp = &op{"Prod",
	kernels{prodForward[float32], prodBackward[float32]}, kernels{prodForward[float64], prodBackward[float64]}}

func prodForward[T vec.Float](n *node) {
	x, y, cols := in[T](n, 0), out[T](n), n.ints[1]
	for i := range y {
		p := 1.0
		for _, v := range row(x, i, cols) {
			p *= float64(v)
		}
		y[i] = T(p)
	}
}

// The derivative is the product of all the others: of those before times those behind, so that a zero does no harm.
func prodBackward[T vec.Float](n *node) {
	x, dx, dy, cols := in[T](n, 0), begin[T](n, 0), outGrad[T](n), n.ints[1]
	for i := range dy {
		x, dx := row(x, i, cols), row(dx, i, cols)
		p := 1.0
		for k, v := range x {
			dx[k] = T(p)
			p *= float64(v)
		}
		p = float64(dy[i])
		for k := cols - 1; k >= 0; k-- {
			dx[k] *= T(p)
			p *= float64(x[k])
		}
	}
	end[T](n, 0)
}

// prodDefinition is Prod made of other ops, for Gradients: the last of the running products of each row.
func prodDefinition(n *node) *Var {
	cols := n.ints[1]
	if cols == 0 {
		return n.tape.zeros(n.out.DType(), n.out.Shape()...)
	}
	return Reshape(Slice(CumProd(n.in[0], 1), 1, cols-1, cols), n.out.Shape()...)
}
