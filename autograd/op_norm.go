package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Norm returns the p-norm (Σ |x|ᵖ)^(1/p) over the axes named, which the result lacks, or of all elements: the Euclidean for p = 2,
// the largest |x| for p = math.Inf(1). It panics unless p > 0.
//
// At zero, where the norm has no derivative, the gradient is zero.
func Norm(x *Var, p float64, axes ...int) *Var {
	if !(p > 0) {
		normOp.panicf("p = %v, want > 0", p)
	}
	if math.IsInf(p, 1) {
		return Max(Abs(x), axes...)
	}
	return normOp.reduceRows(x, axes, func(n *node) { n.factor = p })
}

var normOp = &op{"Norm",
	kernels{normForward[float32], normBackward[float32]}, kernels{normForward[float64], normBackward[float64]}}

func normForward[T vec.Float](n *node) {
	x, y, cols := in[T](n, 0), out[T](n), n.ints[1]
	for i := range y {
		r, largest := row(x, i, cols), T(0)
		for _, v := range r {
			largest = max(largest, v, -v)
		}
		switch {
		case largest == 0 || math.IsInf(float64(largest), 1) || largest != largest:
			y[i] = largest
		case n.factor == 2 && largest > 1e-15 && largest < 1e15: // no square leaves the range of float32
			y[i] = T(math.Sqrt(float64(vec.SumSq(r))))
		default:
			sum := 0.0
			for _, v := range r {
				sum += math.Pow(math.Abs(float64(v/largest)), n.factor)
			}
			y[i] = largest * T(math.Pow(sum, 1/n.factor))
		}
	}
}

// The derivative is sign(x)·(|x|/y)ᵖ⁻¹, with y the norm.
func normBackward[T vec.Float](n *node) {
	x, y, dx, dy, cols := in[T](n, 0), out[T](n), begin[T](n, 0), outGrad[T](n), n.ints[1]
	for i, g := range dy {
		x, dx := row(x, i, cols), row(dx, i, cols)
		switch {
		case y[i] == 0:
			clear(dx)
		case n.factor == 2:
			vec.Scale(dx, g/y[i], x)
		default:
			for k, v := range x {
				dx[k] = 0
				if v != 0 {
					dx[k] = g * sign(v) * T(math.Pow(math.Abs(float64(v/y[i])), n.factor-1))
				}
			}
		}
	}
	end[T](n, 0)
}
