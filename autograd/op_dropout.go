package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// Dropout sets each element of x to zero with probability p and multiplies the others by 1/(1−p), so that the expected
// value stays the same. On an infer tape, and with p = 0, it returns x itself. It draws from the tape's generator, a Uint64
// for every two elements, and rounds p to a multiple of 2⁻³². It panics unless 0 ≤ p ≤ 1.
// Source: Srivastava et al., JMLR 15 (2014).
func Dropout(x *Var, p float64) *Var {
	if !(p >= 0 && p <= 1) {
		dropoutOp.panicf("probability %v is not between 0 and 1", p)
	}
	if p == 0 || !x.tape.Training() {
		return x
	}
	n := dropoutOp.on(x)
	n.factor = p
	n.save(0, x.DType(), x.Shape()...) // 0 or 1/(1−p)
	return n.run(x.Shape()...)
}

var dropoutOp = &op{"Dropout",
	kernels{dropoutForward[float32], dropoutBackward[float32]}, kernels{dropoutForward[float64], dropoutBackward[float64]}}

func dropoutForward[T vec.Float](n *node) {
	mask, rng := tensor.Data[T](n.saved[0]), n.tape.Rand()
	keep := T(0)
	if n.factor < 1 {
		keep = T(1 / (1 - n.factor))
	}
	limit := uint64(math.Round(n.factor * (1 << 32))) // drop where 32 random bits are below
	var bits uint64
	for i := range mask {
		if i%2 == 0 {
			bits = rng.Uint64()
		}
		mask[i] = keep
		if bits&math.MaxUint32 < limit {
			mask[i] = 0
		}
		bits >>= 32
	}
	vec.Mul(out[T](n), in[T](n, 0), mask)
}

// The derivative is what the element was multiplied by.
func dropoutBackward[T vec.Float](n *node) {
	vec.Mul(begin[T](n, 0), outGrad[T](n), tensor.Data[T](n.saved[0]))
	end[T](n, 0)
}
