package autograd

import (
	"math"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// Dropout sets each element of x to zero with probability p and multiplies the others by 1/(1−p), so that the expected
// value stays the same. On an infer tape, and with p = 0, it returns x itself. It draws from the tape's generator, a Uint64
// for every two elements, and rounds p to a multiple of 2⁻³². It panics unless 0 ≤ p ≤ 1.
// Source: Srivastava et al., JMLR 15 (2014).
func Dropout(x *Var, p float64) *Var {
	if !dropoutOp.drops(x, p) {
		return x
	}
	n := dropoutOp.on(x)
	n.factor = p
	n.save(0, x.DType(), x.Shape()...) // 0 or 1/(1−p)
	return n.run(x.Shape()...)
}

// drops reports whether a dropout of x does anything.
func (o *op) drops(x *Var, p float64) bool {
	if !(p >= 0 && p <= 1) {
		o.panicf("probability %v is not between 0 and 1", p)
	}
	return p != 0 && x.Tape().Training()
}

var dropoutOp = &op{"Dropout",
	kernels{dropoutForward[float32], factorBackward[float32]}, kernels{dropoutForward[float64], factorBackward[float64]}}

func dropoutForward[T vec.Float](n *node) {
	mask := tensor.Data[T](n.saved[0])
	dropMask(mask, n.factor, n.tape.Rand(), keepFactor[T](n.factor))
	vec.Mul(out[T](n), in[T](n, 0), mask)
}

// keepFactor returns 1/(1−p), which keeps the expected value where p of the elements are dropped.
func keepFactor[T vec.Float](p float64) T {
	if p < 1 {
		return T(1 / (1 - p))
	}
	return 0
}

// dropMask fills mask with zeros, each with probability p, and keep.
func dropMask[T vec.Float](mask []T, p float64, rng *rand.Rand, keep T) {
	limit := uint64(math.Round(p * (1 << 32))) // drop where 32 random bits are below
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
}
