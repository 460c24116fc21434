package autograd

import "github.com/tutti-ml/tutti/blas/vec"

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

// The derivative is one with respect to the larger operand and zero to the other; equals share it evenly.
func maximumBackward[T vec.Float](n *node) {
	rowwiseBackward(n, 1, func(dst, a, b []T) { above(dst, b, a) })
	rowwiseBackward(n, 0, above[T])
}

// The derivative is one with respect to the smaller operand and zero to the other; equals share it evenly.
func minimumBackward[T vec.Float](n *node) {
	rowwiseBackward(n, 1, above[T])
	rowwiseBackward(n, 0, func(dst, a, b []T) { above(dst, b, a) })
}

// above stores one where a > b, a half where they are equal, else zero.
func above[T vec.Float](dst, a, b []T) {
	for i := range dst {
		switch u, v := a[i], b[i]; {
		case u > v:
			dst[i] = 1
		case u == v:
			dst[i] = 0.5
		default:
			dst[i] = 0
		}
	}
}
