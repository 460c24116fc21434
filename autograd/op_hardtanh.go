package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Hardtanh returns x moved into [lo, hi], element by element. It panics unless lo < hi. The gradient is zero at the
// bounds and at a NaN, as in PyTorch's vector loops.
func Hardtanh(x *Var, lo, hi float64) *Var {
	if !(lo < hi) {
		hardtanhOp.panicf("bounds %v and %v, want the first below the second", lo, hi)
	}
	return hardtanhOp.along(x, lo, hi)
}

// ReLU6 returns min(max(x, 0), 6), element by element, Hardtanh from 0 to 6. Source: Howard et al., arXiv:1704.04861.
func ReLU6(x *Var) *Var { return relu6Op.along(x, 0, 6) }

var (
	hardtanhOp = curveOp("Hardtanh", curve[float32]{hardtanhValue[float32], hardtanhSlope[float32]},
		curve[float64]{hardtanhValue[float64], hardtanhSlope[float64]})
	relu6Op = curveOp("ReLU6", curve[float32]{hardtanhValue[float32], hardtanhSlope[float32]},
		curve[float64]{hardtanhValue[float64], hardtanhSlope[float64]})
)

func hardtanhValue[T vec.Float](y, x []T, lo, hi T) {
	vec.AtLeast(y, lo, x)
	vec.AtMost(y, hi, y)
}

// The derivative is one between the bounds, else zero.
func hardtanhSlope[T vec.Float](dx, dy, x []T, lo, hi T) {
	vec.KeepAbove(dx, lo, dy, x)
	vec.KeepBelow(dx, hi, dx, x)
}
