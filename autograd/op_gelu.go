package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
)

// GELU returns x·Φ(x), element by element, where Φ is the distribution function of the standard normal distribution: the
// exact form, not the one with tanh. It is computed in float64, whatever the dtype.
// Source: Hendrycks and Gimpel, arXiv:1606.08415.
func GELU(x *Var) *Var { return geluOp.on(x).run(x.Shape()...) }

var geluOp = &op{"GELU",
	kernels{geluForward[float32], geluBackward[float32]}, kernels{geluForward[float64], geluBackward[float64]}}

func geluForward[T vec.Float](n *node) {
	y := out[T](n)
	for i, x := range in[T](n, 0) {
		y[i] = T(float64(x) * normalCDF(float64(x)))
	}
}

// The derivative is Φ(x) + x·φ(x), where φ, the density, is the derivative of Φ.
func geluBackward[T vec.Float](n *node) {
	dx, dy := begin[T](n, 0), outGrad[T](n)
	for i, v := range in[T](n, 0) {
		x := float64(v)
		density := math.Exp(-x*x/2) / math.Sqrt(2*math.Pi)
		dx[i] = dy[i] * T(normalCDF(x)+x*density)
	}
	end[T](n, 0)
}

// normalCDF returns Φ(x) = ½·erfc(−x/√2), which keeps its digits where Φ is tiny.
func normalCDF(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
