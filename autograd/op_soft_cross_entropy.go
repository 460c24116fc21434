package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// SoftCrossEntropy returns −Σ_c a_c·log softmax(x)_c of every row: cross-entropy with a weight for every class, as of class
// probabilities and of smoothed labels.
//
//	x [N, C] logits   a [N, C] of x's dtype, not differentiated   result [N]
//
// Classes with a = 0 do not count, even where their probability is 0.
func SoftCrossEntropy(x *Var, a *tensor.Tensor) *Var {
	n := softCrossEntropyOp.on(x)
	if x.Rank() != 2 || !x.value.SameShape(a) {
		n.op.panicf("logits %v and weights %v: want [N, C] twice", x.Shape(), append([]int{}, a.Shape()...))
	}
	if a.DType() != x.DType() {
		n.op.panicf("dtypes %v and %v", x.DType(), a.DType())
	}
	n.targets = n.tape.contiguous(a)
	n.save(0, x.DType(), x.Shape()...) // log softmax(x)
	return n.run(x.Dim(0))
}

var softCrossEntropyOp = &op{"SoftCrossEntropy",
	kernels{softCrossEntropyForward[float32], softCrossEntropyBackward[float32]},
	kernels{softCrossEntropyForward[float64], softCrossEntropyBackward[float64]}}

func softCrossEntropyForward[T vec.Float](n *node) {
	rows, cols := n.in[0].Dim(0), n.in[0].Dim(1)
	logp, a, y := tensor.Data[T](n.saved[0]), tensor.Data[T](n.targets), out[T](n)
	vec.LogSoftmax(logp, in[T](n, 0), rows, cols)
	for i := range y {
		sum := 0.0
		for j, w := range a[i*cols : (i+1)*cols] {
			if w != 0 {
				sum -= float64(w) * float64(logp[i*cols+j])
			}
		}
		y[i] = T(sum)
	}
}

// The derivative is the probability of each class times the sum of all weights, minus the class's own weight.
func softCrossEntropyBackward[T vec.Float](n *node) {
	cols := n.in[0].Dim(1)
	a, dy, dx := tensor.Data[T](n.targets), outGrad[T](n), begin[T](n, 0)
	vec.Exp(dx, tensor.Data[T](n.saved[0]))
	for i, d := range dy {
		dx, a := dx[i*cols:(i+1)*cols], a[i*cols:(i+1)*cols]
		vec.Scale(dx, d*vec.Sum(a), dx)
		vec.Axpy(dx, -d, a)
	}
	end[T](n, 0)
}

// softCrossEntropyRule is the derivative as ops.
func softCrossEntropyRule(n *node, _ int, dy *Var) *Var {
	x, a := n.in[0], n.tape.Const(n.targets)
	if x.Len() == 0 {
		return n.tape.zeros(x.DType(), x.Shape()...)
	}
	return Mul(Sub(Mul(Softmax(x), column(Sum(a, 1))), a), column(dy))
}
