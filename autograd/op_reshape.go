package autograd

import (
	"fmt"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Reshape returns x with another shape and the same elements in the same order; nothing is copied. One axis may be −1: it
// takes what the others leave. It panics, as tensor.Reshape does, if the number of elements differs.
func Reshape(x *Var, shape ...int) *Var {
	n := reshapeOp.on(x)
	return n.finish(n.tape.pool.Reshape(x.value, shape...))
}

// Flatten returns x [N, ...] as [N, D], the batch axis kept and all others made one; nothing is copied.
func Flatten(x *Var) *Var {
	if x.Rank() < 1 {
		panic(fmt.Sprintf("autograd: Flatten: shape %v: there is no batch axis", x.Shape()))
	}
	d := 1
	for _, s := range x.Shape()[1:] {
		d *= s
	}
	return Reshape(x, x.Dim(0), d)
}

var reshapeOp = &op{"Reshape", kernels{nil, reshapeBackward[float32]}, kernels{nil, reshapeBackward[float64]}}

// Elements stay where they are, and so do their gradients.
func reshapeBackward[T vec.Float](n *node) { pass[T](n, 0) }
