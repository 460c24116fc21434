package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// Mul returns a · b, element by element. Shapes broadcast as in Add.
func Mul(a, b *Var) *Var { return mulOp.broadcast(a, b) }

var mulOp = &op{"Mul", kernels{mulForward[float32], mulBackward[float32]}, kernels{mulForward[float64], mulBackward[float64]}}

func mulForward[T vec.Float](n *node) {
	mulRows(out[T](n), n.out.Shape(), in[T](n, 0), n.in[0].Shape(), in[T](n, 1), n.in[1].Shape())
}

// The derivative with respect to one operand is the other one.
func mulBackward[T vec.Float](n *node) {
	for i := range 2 {
		x, other := n.in[i], n.in[1-i]
		if !x.needs {
			continue
		}
		if x.value.SameShape(n.out.value) {
			mulRows(begin[T](n, i), x.Shape(), outGrad[T](n), x.Shape(), in[T](n, 1-i), other.Shape())
			end[T](n, i)
		} else {
			product := n.tape.pool.New(n.out.DType(), n.out.Shape()...)
			mulRows(tensor.Data[T](product), n.out.Shape(), outGrad[T](n), n.out.Shape(), in[T](n, 1-i), other.Shape())
			sumInto[T](n, i, x.Shape(), 1, product)
			n.tape.pool.Put(product)
		}
	}
}

// mulRows stores a·b in y, both broadcast to y's shape.
func mulRows[T vec.Float](y []T, shape []int, a []T, aShape []int, b []T, bShape []int) {
	for r := broadcastRows(shape, aShape, bShape); r.next(); {
		y := y[r.at : r.at+r.n]
		switch {
		case r.aStep == 1 && r.bStep == 1:
			vec.Mul(y, a[r.a:r.a+r.n], b[r.b:r.b+r.n])
		case r.aStep == 1:
			vec.Scale(y, b[r.b], a[r.a:r.a+r.n])
		default:
			vec.Scale(y, a[r.a], b[r.b:r.b+r.n])
		}
	}
}
