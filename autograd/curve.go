package autograd

import (
	"unsafe"

	"github.com/tutti-ml/tutti/blas/vec"
)

// curve is a function of one element, as two loops over slices of equal length: value stores f(x) in y, slope stores dy·f′(x)
// in dx. p and q are the op's constants. y and dx overlap no operand.
type curve[T vec.Float] struct {
	value func(y, x []T, p, q T)
	slope func(dx, dy, x []T, p, q T)
}

// curveChunk is how many elements a loop gets at a time: what several passes over them find in the nearest cache.
const curveChunk = 1024

func (c curve[T]) forward(n *node, lo, hi int) {
	y, x, p, q := out[T](n), in[T](n, 0), T(n.factor), T(n.other)
	for ; lo < hi; lo += curveChunk {
		end := min(lo+curveChunk, hi)
		c.value(y[lo:end], x[lo:end], p, q)
	}
}

// backward is the chain rule: the result's gradient times the slope at x.
func (c curve[T]) backward(n *node, lo, hi int) {
	dx, dy, x, p, q := gradBuffer[T](n, 0), outGrad[T](n), in[T](n, 0), T(n.factor), T(n.other)
	for ; lo < hi; lo += curveChunk {
		end := min(lo+curveChunk, hi)
		c.slope(dx[lo:end], dy[lo:end], x[lo:end], p, q)
	}
}

// curveOp returns the op that applies a curve to every element.
func curveOp(name string, f32 curve[float32], f64 curve[float64]) *op {
	// The method values are made once, here, so that running the op allocates nothing.
	forward32, forward64, backward32, backward64 := f32.forward, f64.forward, f32.backward, f64.backward
	forward := func(n *node) { n.each(n.out.Len(), slowGrain, forward32, forward64) }
	return &op{name,
		kernels{forward, func(n *node) {
			begin[float32](n, 0)
			n.each(n.out.Len(), slowGrain, backward32, backward64)
			end[float32](n, 0)
		}},
		kernels{forward, func(n *node) {
			begin[float64](n, 0)
			n.each(n.out.Len(), slowGrain, backward32, backward64)
			end[float64](n, 0)
		}}}
}

// along runs a curveOp on x with its constants.
func (o *op) along(x *Var, p, q float64) *Var {
	n := o.on(x)
	n.factor, n.other = p, q
	return n.run(x.Shape()...)
}

// pick returns a if ok, else b, without a branch: which way one goes is hard to predict where signs are random.
func pick[T vec.Float](ok bool, a, b T) T {
	i := 1
	if ok {
		i = 0
	}
	return [2]T{a, b}[i]
}

// single reports whether T is float32.
func single[T vec.Float]() bool {
	var x T
	return unsafe.Sizeof(x) == 4
}
