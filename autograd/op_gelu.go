package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// GELU returns x·Φ(x), element by element, where Φ is the distribution function of the standard normal distribution: the
// exact form, not the one with tanh.
// Source: Hendrycks and Gimpel, arXiv:1606.08415.
func GELU(x *Var) *Var { return geluOp.on(x).run(x.Shape()...) }

var geluOp = &op{"GELU",
	kernels{geluForward[float32], geluBackward[float32]}, kernels{geluForward[float64], geluBackward[float64]}}

func geluForward[T vec.Float](n *node) { vec.Gelu(out[T](n), in[T](n, 0)) }

// The derivative is Φ(x) + x·φ(x), where φ, the density, is the derivative of Φ.
func geluBackward[T vec.Float](n *node) {
	vec.GeluGrad(begin[T](n, 0), outGrad[T](n), in[T](n, 0))
	end[T](n, 0)
}
