package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// GaussianDropout multiplies each element of x by a number drawn from the normal distribution of mean 1 and variance p/(1−p): as
// much noise as Dropout makes, without zeros. On an infer tape, and with p = 0, it returns x itself. It panics unless
// 0 ≤ p < 1. Source: Srivastava et al., JMLR 15 (2014), section 10.
func GaussianDropout(x *Var, p float64) *Var {
	if !(p >= 0 && p < 1) {
		gaussianDropoutOp.panicf("p = %v, want 0 <= p < 1", p)
	}
	if p == 0 || !x.Tape().Training() {
		return x
	}
	n := gaussianDropoutOp.on(x)
	n.save(0, x.DType(), x.Shape()...).Normal(x.tape.Rand(), 1, math.Sqrt(p/(1-p)))
	return n.run(x.Shape()...)
}

// GaussianNoise adds to each element of x a number drawn from the normal distribution of mean 0 and standard deviation std. On
// an infer tape, and with std = 0, it returns x itself. It panics unless std ≥ 0. Source: Bishop, Neural Computation 7 (1995).
func GaussianNoise(x *Var, std float64) *Var {
	if !(std >= 0) {
		gaussianNoiseOp.panicf("std = %v, want >= 0", std)
	}
	if std == 0 || !x.Tape().Training() {
		return x
	}
	n := gaussianNoiseOp.on(x)
	n.factor = std
	return n.run(x.Shape()...)
}

var (
	gaussianDropoutOp = &op{"GaussianDropout", kernels{gaussianDropoutForward[float32], factorBackward[float32]},
		kernels{gaussianDropoutForward[float64], factorBackward[float64]}}
	gaussianNoiseOp = &op{"GaussianNoise", kernels{gaussianNoiseForward[float32], gaussianNoiseBackward[float32]},
		kernels{gaussianNoiseForward[float64], gaussianNoiseBackward[float64]}}
)

func gaussianDropoutForward[T vec.Float](n *node) {
	vec.Mul(out[T](n), in[T](n, 0), tensor.Data[T](n.saved[0]))
}

func gaussianNoiseForward[T vec.Float](n *node) {
	n.out.value.Normal(n.tape.Rand(), 0, n.factor)
	vec.Add(out[T](n), out[T](n), in[T](n, 0))
}

// The noise does not depend on x: the derivative is one.
func gaussianNoiseBackward[T vec.Float](n *node) { pass[T](n, 0) }
