package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Transpose returns x with axes i and j exchanged, copied into row-major order. For the transpose of a matrix in a product,
// MatMulNT and MatMulTN do without the copy.
func Transpose(x *Var, i, j int) *Var {
	n := transposeOp.on(x)
	v := n.tape.pool.Transpose(x.value, i, j)
	n.ints[0], n.ints[1] = i, j
	return n.run(v.Shape()...)
}

var transposeOp = &op{"Transpose", kernels{transposeForward, transposeBackward[float32]},
	kernels{transposeForward, transposeBackward[float64]}}

func transposeForward(n *node) {
	n.out.value.CopyFrom(n.tape.pool.Transpose(n.in[0].value, n.ints[0], n.ints[1]))
}

// The gradient is the result's, with the axes exchanged back.
func transposeBackward[T vec.Float](n *node) {
	begin[T](n, 0)
	dy := n.tape.pool.Reshape(n.out.grad, n.out.Shape()...)
	n.begun(0).CopyFrom(n.tape.pool.Transpose(dy, n.ints[0], n.ints[1]))
	end[T](n, 0)
}
