package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// RReLU returns x where x is positive, else a·x, where every element draws a slope a of its own, evenly from [lo, hi), from the
// tape's generator. On an infer tape every slope is (lo+hi)/2. It panics unless lo ≤ hi. Source: Xu et al., arXiv:1505.00853.
func RReLU(x *Var, lo, hi float64) *Var {
	if !(lo <= hi) {
		rreluOp.panicf("slopes from %v to %v, want the first at most the second", lo, hi)
	}
	if !x.Tape().Training() {
		return LeakyReLU(x, (lo+hi)/2)
	}
	n := rreluOp.on(x)
	n.save(0, x.DType(), x.Shape()...).Uniform(x.tape.Rand(), lo, hi) // then: what x is multiplied by
	return n.run(x.Shape()...)
}

var rreluOp = &op{"RReLU", kernels{rreluForward[float32], factorBackward[float32]}, kernels{rreluForward[float64], factorBackward[float64]}}

func rreluForward[T vec.Float](n *node) {
	x, a := in[T](n, 0), tensor.Data[T](n.saved[0])
	for i := range a {
		a[i] = pick(x[i] > 0, 1, a[i])
	}
	vec.Mul(out[T](n), x, a)
}

// factorBackward is the derivative of an op that multiplies x by saved[0], element by element: the factor.
func factorBackward[T vec.Float](n *node) {
	vec.Mul(begin[T](n, 0), outGrad[T](n), tensor.Data[T](n.saved[0]))
	end[T](n, 0)
}
