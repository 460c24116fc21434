package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Add returns a + b. Shapes broadcast: axes are aligned from the last, and one of length 1 or missing is repeated.
func Add(a, b *Var) *Var { return addOp.broadcast(a, b) }

var addOp = &op{"Add", kernels{addForward[float32], addBackward[float32]}, kernels{addForward[float64], addBackward[float64]}}

func addForward[T vec.Float](n *node) {
	a, b, y := in[T](n, 0), in[T](n, 1), out[T](n)
	for r := broadcastRows(n.out.Shape(), n.in[0].Shape(), n.in[1].Shape()); r.next(); {
		y := y[r.at : r.at+r.n]
		switch {
		case r.aStep == 1 && r.bStep == 1:
			vec.Add(y, a[r.a:r.a+r.n], b[r.b:r.b+r.n])
		case r.aStep == 1:
			vec.AddScalar(y, b[r.b], a[r.a:r.a+r.n])
		default: // an axis along which neither moves is 1 long, so the other does
			vec.AddScalar(y, a[r.a], b[r.b:r.b+r.n])
		}
	}
}

// The derivative with respect to either operand is one; a broadcast operand collects it from all its copies.
func addBackward[T vec.Float](n *node) {
	sumBack[T](n, 1, 1)
	sumBack[T](n, 0, 1)
}
