package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// SiLU returns x·σ(x), also known as Swish, element by element. Source: Ramachandran et al., arXiv:1710.05941.
func SiLU(x *Var) *Var { return siluOp.along(x, 0, 0) }

var siluOp = curveOp("SiLU", curve[float32]{siluValue[float32], siluSlope[float32]},
	curve[float64]{siluValue[float64], siluSlope[float64]})

func siluValue[T vec.Float](y, x []T, _, _ T) {
	vec.Silu(y, x)
}

// The derivative is σ(x)·(1 + x·(1 − σ(x))).
func siluSlope[T vec.Float](dx, dy, x []T, _, _ T) {
	vec.SiluGrad(dx, dy, x)
}
