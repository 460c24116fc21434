package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/elementary"
)

// GaussianNLL returns ½·(log v + (x − t)²/v), element by element, the negative log-likelihood of t under normal distributions of
// means x and variances v, but for a constant. Variances count as at least eps, which their derivative does not see. All shapes
// must be equal. It panics unless eps > 0. Source: Nix and Weigend, ICNN 1994.
func GaussianNLL(x, t, v *Var, eps float64) *Var {
	n := gaussianNLLOp.on(x, t, v)
	if !x.value.SameShape(t.value) || !x.value.SameShape(v.value) {
		n.op.panicf("shapes %v, %v and %v differ", x.Shape(), t.Shape(), v.Shape())
	}
	if !(eps > 0) {
		n.op.panicf("eps = %v, want > 0", eps)
	}
	n.factor = eps
	for i := range n.in {
		n.saveSlopes(i)
	}
	return n.run(x.Shape()...)
}

var gaussianNLLOp = &op{"GaussianNLL", kernels{gaussianNLLForward, slopesBackward[float32]}, kernels{gaussianNLLForward, slopesBackward[float64]}}

func gaussianNLLForward(n *node) {
	n.each(n.out.Len(), slowGrain, gaussianNLLLoop[float32], gaussianNLLLoop[float64])
}

// With d = x − t the derivatives are d/v, −d/v and ½·(1/v − d²/v²).
func gaussianNLLLoop[T vec.Float](n *node, lo, hi int) {
	y, x, t, v := out[T](n), in[T](n, 0), in[T](n, 1), in[T](n, 2)
	dx, dt, dv := savedSlopes[T](n, 0), savedSlopes[T](n, 1), savedSlopes[T](n, 2)
	for i := lo; i < hi; i++ {
		v := max(v[i], T(n.factor))
		d := x[i] - t[i]
		s := d / v
		y[i] = (T(elementary.Log(float64(v))) + d*s) / 2
		if dx != nil {
			dx[i] = s
		}
		if dt != nil {
			dt[i] = -s
		}
		if dv != nil {
			dv[i] = (1/v - s*s) / 2
		}
	}
}
