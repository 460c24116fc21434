package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Div returns a / b, element by element. Shapes broadcast as in Add.
func Div(a, b *Var) *Var { return divOp.broadcast(a, b) }

// Reciprocal returns 1/x, element by element.
func Reciprocal(x *Var) *Var { return reciprocalOp.on(x).run(x.Shape()...) }

var (
	divOp        = &op{"Div", kernels{divForward[float32], divBackward[float32]}, kernels{divForward[float64], divBackward[float64]}}
	reciprocalOp = &op{"Reciprocal",
		kernels{reciprocalForward[float32], reciprocalBackward[float32]}, kernels{reciprocalForward[float64], reciprocalBackward[float64]}}
)

func divForward[T vec.Float](n *node) { rowwiseForward(n, vec.Div[T]) }

// The gradient of a is dy/b, that of b −dy·(a/b)/b: in this order, as in PyTorch, for neither 1/b nor b² need be in the
// range.
func divBackward[T vec.Float](n *node) {
	rowwiseBackward(n, 1, func(dst, a, b []T) {
		vec.Div(dst, a, b)
		vec.Div(dst, dst, b)
		vec.Neg(dst, dst)
	})
	if a := n.in[0]; a.needs {
		d := beginFull[T](n, 0)
		rowwise(n, vec.Div[T], d, n.out.Shape(), outGrad[T](n), n.out.Shape(), in[T](n, 1), n.in[1].Shape())
		endFull(n, 0, d)
	}
}

func reciprocalForward[T vec.Float](n *node) {
	y := out[T](n)
	vec.Fill(y, 1)
	vec.Div(y, y, in[T](n, 0))
}

// The derivative is −y², with y the result.
func reciprocalBackward[T vec.Float](n *node) {
	dx, y := begin[T](n, 0), out[T](n)
	vec.Mul(dx, outGrad[T](n), y)
	vec.Mul(dx, dx, y)
	vec.Neg(dx, dx)
	end[T](n, 0)
}
