package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// MSE returns the mean over all elements of (x − target)², a scalar. The shapes must be equal. The mean over no
// elements is 0, where PyTorch has NaN: a part of a batch that got no sample adds nothing.
func MSE(x, target *Var) *Var {
	n := mseOp.on(x, target)
	if !x.value.SameShape(target.value) {
		n.op.panicf("shapes %v and %v differ", x.Shape(), target.Shape())
	}
	n.save(0, x.DType(), x.Shape()...) // x − target
	return n.run()
}

var mseOp = &op{"MSE", kernels{mseForward[float32], mseBackward[float32]}, kernels{mseForward[float64], mseBackward[float64]}}

func mseForward[T vec.Float](n *node) {
	d := tensor.Data[T](n.saved[0])
	vec.Sub(d, in[T](n, 0), in[T](n, 1))
	out[T](n)[0] = vec.SumSq(d) / T(max(len(d), 1))
}

// The derivative with respect to x is twice the difference over the number of elements; with respect to the target, minus that.
func mseBackward[T vec.Float](n *node) {
	d := tensor.Data[T](n.saved[0])
	scale := 2 * outGrad[T](n)[0] / T(max(len(d), 1))
	for i, sign := range [2]T{1, -1} {
		if n.wants(i) {
			vec.Scale(begin[T](n, i), sign*scale, d)
			end[T](n, i)
		}
	}
}
