package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// Max returns the largest element of x over the axes named, which the result lacks, or of all elements; NaN if there is
// one. It panics if there is no element. The gradient goes to the first of equals, as of PyTorch's max over an axis;
// its amax shares it out.
func Max(x *Var, axes ...int) *Var { return maxOp.winners(x, axes) }

// Min returns the smallest element of x over the axes named, as Max does the largest.
func Min(x *Var, axes ...int) *Var { return minOp.winners(x, axes) }

var (
	maxOp = &op{"Max", kernels{maxForward[float32], maxBackward[float32]}, kernels{maxForward[float64], maxBackward[float64]}}
	minOp = &op{"Min", kernels{minForward[float32], maxBackward[float32]}, kernels{minForward[float64], maxBackward[float64]}}
)

func (o *op) winners(x *Var, axes []int) *Var {
	return o.reduceRows(x, axes, func(n *node) {
		if n.ints[1] == 0 {
			o.panicf("rows %v have no element", n.in[0].Shape())
		}
		n.save(0, tensor.Int64, n.ints[0])
	})
}

func maxForward[T vec.Float](n *node) {
	x, y, at, cols := in[T](n, 0), out[T](n), tensor.Data[int64](n.saved[0]), n.ints[1]
	for i := range y {
		r := row(x, i, cols)
		won := vec.ArgMax(r)
		y[i], at[i] = r[won], int64(won)
	}
}

func minForward[T vec.Float](n *node) {
	x, y, at, cols := in[T](n, 0), out[T](n), tensor.Data[int64](n.saved[0]), n.ints[1]
	for i := range y {
		r := row(x, i, cols)
		won, least := 0, r[0]
		for k, v := range r {
			if v < least || v != v {
				won, least = k, v
				if v != v {
					break
				}
			}
		}
		y[i], at[i] = least, int64(won)
	}
}

// The derivative is one for the element that won its row, zero for the others.
func maxBackward[T vec.Float](n *node) {
	dx, dy, cols := acc[T](n, 0), outGrad[T](n), n.ints[1]
	for i, won := range tensor.Data[int64](n.saved[0]) {
		dx[i*cols+int(won)] += dy[i]
	}
}
