package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Sqrt returns √x, element by element; NaN of a negative number.
func Sqrt(x *Var) *Var { return sqrtOp.on(x).run(x.Shape()...) }

// Rsqrt returns 1/√x, element by element.
func Rsqrt(x *Var) *Var { return rsqrtOp.on(x).run(x.Shape()...) }

var (
	sqrtOp = &op{"Sqrt",
		kernels{sqrtForward[float32], sqrtBackward[float32]}, kernels{sqrtForward[float64], sqrtBackward[float64]}}
	rsqrtOp = &op{"Rsqrt",
		kernels{rsqrtForward[float32], rsqrtBackward[float32]}, kernels{rsqrtForward[float64], rsqrtBackward[float64]}}
)

func sqrtForward[T vec.Float](n *node) { vec.Sqrt(out[T](n), in[T](n, 0)) }

// The derivative is 1/(2·√x): infinite at zero.
func sqrtBackward[T vec.Float](n *node) {
	dx := begin[T](n, 0)
	vec.Div(dx, outGrad[T](n), out[T](n))
	vec.Scale(dx, 0.5, dx)
	end[T](n, 0)
}

func rsqrtForward[T vec.Float](n *node) {
	vec.Rsqrt(out[T](n), in[T](n, 0))
}

// The derivative is −y³/2, with y the result.
func rsqrtBackward[T vec.Float](n *node) {
	dx, y := begin[T](n, 0), out[T](n)
	vec.Mul(dx, outGrad[T](n), y)
	vec.Mul(dx, dx, y)
	vec.Mul(dx, dx, y)
	vec.Scale(dx, -0.5, dx)
	end[T](n, 0)
}
