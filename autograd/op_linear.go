package autograd

import (
	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/vec"
)

// Linear returns x·Wᵀ + b, the fully connected layer, in one op.
//
//	x [..., D]   w [O, D]   b [O] or nil   result [..., O]
//
// All axes of x but the last are the batch. Cost: 2·N·O·D flops for N rows of x, twice that backward.
func Linear(x, w, b *Var) *Var {
	var n *node
	if b == nil {
		n = linearOp.on(x, w)
	} else {
		n = linearOp.on(x, w, b)
	}
	if w.Rank() != 2 || x.Rank() < 1 || x.Dim(-1) != w.Dim(1) {
		n.op.panicf("x %v and w %v: the last axis of x must be as long as the second of w [O, D]", x.Shape(), w.Shape())
	}
	if b != nil && (b.Rank() != 1 || b.Dim(0) != w.Dim(0)) {
		n.op.panicf("w %v and b %v: b must be [%d]", w.Shape(), b.Shape(), w.Dim(0))
	}
	var room [maxRank]int
	return n.run(append(append(room[:0], x.Shape()[:x.Rank()-1]...), w.Dim(0))...)
}

var linearOp = &op{"Linear",
	kernels{linearForward[float32], linearBackward[float32]}, kernels{linearForward[float64], linearBackward[float64]}}

// linearSizes returns the rows of x, the features that come in and those that go out.
func linearSizes(n *node) (rows, d, o int) {
	o, d = n.in[1].Dim(0), n.in[1].Dim(1)
	rows = 1
	for _, s := range n.in[0].Shape()[:n.in[0].Rank()-1] {
		rows *= s
	}
	return rows, d, o
}

func linearForward[T vec.Float](n *node) {
	rows, d, o := linearSizes(n)
	y, beta := out[T](n), T(0)
	if len(n.in) == 3 {
		b := in[T](n, 2)
		for i := range rows {
			copy(y[i*o:], b)
		}
		beta = 1
	}
	gemm(blas.NoTrans, blas.Trans, rows, o, d, in[T](n, 0), d, in[T](n, 1), d, beta, y, o)
}

// The gradient of x is dy·W, that of W is dyᵀ·x, that of b the sum of dy's rows.
func linearBackward[T vec.Float](n *node) {
	rows, d, o := linearSizes(n)
	dy := outGrad[T](n)
	if n.wants(0) {
		dx, beta := sink[T](n, 0)
		gemm(blas.NoTrans, blas.NoTrans, rows, d, o, dy, o, in[T](n, 1), d, beta, dx, d)
	}
	if n.wants(1) {
		dw, beta := sink[T](n, 1)
		gemm(blas.Trans, blas.NoTrans, o, d, rows, dy, o, in[T](n, 0), d, beta, dw, d)
	}
	if len(n.in) == 3 && n.wants(2) {
		sumInto[T](n, 2, n.in[2].Shape(), 1, outGradTensor(n))
	}
}
