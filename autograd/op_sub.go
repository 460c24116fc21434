package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Sub returns a − b. Shapes broadcast as in Add.
func Sub(a, b *Var) *Var { return subOp.broadcast(a, b) }

var subOp = &op{"Sub", kernels{subForward[float32], subBackward[float32]}, kernels{subForward[float64], subBackward[float64]}}

func subForward[T vec.Float](n *node) {
	a, b, y := in[T](n, 0), in[T](n, 1), out[T](n)
	for r := broadcastRows(n.out.Shape(), n.in[0].Shape(), n.in[1].Shape()); r.next(); {
		y := y[r.at : r.at+r.n]
		switch {
		case r.aStep == 1 && r.bStep == 1:
			vec.Sub(y, a[r.a:r.a+r.n], b[r.b:r.b+r.n])
		case r.aStep == 1:
			vec.AddScalar(y, -b[r.b], a[r.a:r.a+r.n])
		default:
			vec.Neg(y, b[r.b:r.b+r.n])
			vec.AddScalar(y, a[r.a], y)
		}
	}
}

// The derivative is one with respect to a and minus one with respect to b.
func subBackward[T vec.Float](n *node) {
	sumBack[T](n, 1, -1)
	sumBack[T](n, 0, 1)
}
