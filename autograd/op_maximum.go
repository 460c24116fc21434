package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// Maximum returns the larger of a and b, element by element, or NaN if either is. Shapes broadcast as in Add.
func Maximum(a, b *Var) *Var { return maximumOp.broadcast(a, b) }

// Minimum returns the smaller of a and b, element by element, or NaN if either is. Shapes broadcast as in Add.
func Minimum(a, b *Var) *Var { return minimumOp.broadcast(a, b) }

var (
	maximumOp = &op{"Maximum",
		kernels{maximumForward[float32], maximumBackward[float32]}, kernels{maximumForward[float64], maximumBackward[float64]}}
	minimumOp = &op{"Minimum",
		kernels{minimumForward[float32], minimumBackward[float32]}, kernels{minimumForward[float64], minimumBackward[float64]}}
)

func maximumForward[T vec.Float](n *node) { rowwiseForward(n, vec.Maximum[T]) }
func minimumForward[T vec.Float](n *node) { rowwiseForward(n, vec.Minimum[T]) }

// The derivative is one with respect to the larger operand and zero to the other; equals share it evenly. Where an
// operand is NaN both are one, as in PyTorch.
func maximumBackward[T vec.Float](n *node) {
	rowwiseBackward(n, 1, below[T])
	rowwiseBackward(n, 0, above[T])
}

// The derivative is as Maximum's, with respect to the smaller operand.
func minimumBackward[T vec.Float](n *node) {
	rowwiseBackward(n, 1, above[T])
	rowwiseBackward(n, 0, below[T])
}

// above stores zero where a < b, a half where they are equal, else one.
func above[T vec.Float](dst, a, b []T) {
	for i := range dst {
		switch u, v := a[i], b[i]; {
		case u < v:
			dst[i] = 0
		case u == v:
			dst[i] = 0.5
		default:
			dst[i] = 1
		}
	}
}

// below is above with the operands exchanged.
func below[T vec.Float](dst, a, b []T) { above(dst, b, a) }

// share returns what part of the gradient operand i gets, as a constant.
func (n *node) share(i int) *Var {
	f32, f64 := above[float32], above[float64]
	if (i == 1) == (n.op == maximumOp) {
		f32, f64 = below[float32], below[float64]
	}
	shape, a, b := n.out.Shape(), n.in[0].Shape(), n.in[1].Shape()
	c := n.tape.pool.New(n.out.DType(), shape...)
	if c.DType() == tensor.Float32 {
		rowwise(n, f32, tensor.Data[float32](c), shape, in[float32](n, 0), a, in[float32](n, 1), b)
	} else {
		rowwise(n, f64, tensor.Data[float64](c), shape, in[float64](n, 0), a, in[float64](n, 1), b)
	}
	return n.tape.newVar(c)
}
