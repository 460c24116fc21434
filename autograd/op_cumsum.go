package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// CumSum returns the running sum of x along axis: y₀ = x₀, y₁ = x₀ + x₁, ….
func CumSum(x *Var, axis int) *Var {
	n := cumSumOp.on(x)
	n.ints[0] = axisOf(n.op, x, axis)
	return n.run(x.Shape()...)
}

var cumSumOp = &op{"CumSum",
	kernels{cumSumForward[float32], cumSumBackward[float32]}, kernels{cumSumForward[float64], cumSumBackward[float64]}}

func cumSumForward[T vec.Float](n *node) {
	x, y, d := in[T](n, 0), out[T](n), n.out.Dim(n.ints[0])
	outer, inner := alongAxis(n.out.Shape(), n.ints[0])
	copy(y, x)
	for o := range outer {
		y := y[o*d*inner:]
		for i := 1; i < d; i++ {
			accumulate(y[i*inner:][:inner], y[(i-1)*inner:][:inner])
		}
	}
}

// An element counts in every sum from its own on: its gradient is the running sum of theirs from the end.
func cumSumBackward[T vec.Float](n *node) {
	dx, dy, d := begin[T](n, 0), outGrad[T](n), n.out.Dim(n.ints[0])
	outer, inner := alongAxis(n.out.Shape(), n.ints[0])
	copy(dx, dy)
	for o := range outer {
		dx := dx[o*d*inner:]
		for i := d - 2; i >= 0; i-- {
			accumulate(dx[i*inner:][:inner], dx[(i+1)*inner:][:inner])
		}
	}
	end[T](n, 0)
}

// accumulate adds src to dst, without the cost of a call of package vec where there is one element.
func accumulate[T vec.Float](dst, src []T) {
	if len(dst) == 1 {
		dst[0] += src[0]
		return
	}
	vec.AddTo(dst, src)
}
