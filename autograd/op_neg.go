package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Neg returns −x.
func Neg(x *Var) *Var { return negOp.on(x).run(x.Shape()...) }

var negOp = &op{"Neg", kernels{negForward[float32], negBackward[float32]}, kernels{negForward[float64], negBackward[float64]}}

func negForward[T vec.Float](n *node) { vec.Neg(out[T](n), in[T](n, 0)) }

// The derivative is minus one.
func negBackward[T vec.Float](n *node) { sumBack[T](n, 0, -1) }
