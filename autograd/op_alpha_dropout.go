package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// AlphaDropout sets each element of x, with probability p, to the value that SELU has at −∞, then scales and shifts all so that
// mean 0 and variance 1 stay what they were. On an infer tape, and with p = 0, it returns x itself. It panics unless
// 0 ≤ p ≤ 1. Source: Klambauer et al., arXiv:1706.02515.
func AlphaDropout(x *Var, p float64) *Var {
	if !alphaDropoutOp.drops(x, p) {
		return x
	}
	n := alphaDropoutOp.on(x)
	n.factor = p
	n.save(0, x.DType(), x.Shape()...) // 0 or the scale
	return n.run(x.Shape()...)
}

var alphaDropoutOp = &op{"AlphaDropout",
	kernels{alphaDropoutForward[float32], factorBackward[float32]}, kernels{alphaDropoutForward[float64], factorBackward[float64]}}

func alphaDropoutForward[T vec.Float](n *node) {
	const low = -seluAlpha * seluScale // SELU(−∞)
	p, scale := n.factor, 0.0
	if p < 1 {
		scale = 1 / math.Sqrt((1-p)*(1+p*low*low))
	}
	mask, x, y := tensor.Data[T](n.saved[0]), in[T](n, 0), out[T](n)
	dropMask(mask, p, n.tape.Rand(), T(scale))
	kept, dropped := T(-scale*low*p), T(scale*low*(1-p))
	for i, m := range mask {
		y[i] = m*x[i] + pick(m != 0, kept, dropped)
	}
}
