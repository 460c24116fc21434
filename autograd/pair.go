package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// pair is a function of two elements, a prediction x and a target t, as loops over slices of equal length: value stores f(x, t) in
// y, dx and dt store its derivatives. p and q are the op's constants; results overlap no operand.
type pair[T vec.Float] struct {
	value, dx, dt func(y, x, t []T, p, q T)
}

func (f pair[T]) forward(n *node, lo, hi int) {
	f.value(out[T](n)[lo:hi], in[T](n, 0)[lo:hi], in[T](n, 1)[lo:hi], T(n.factor), T(n.other))
}

// backward is the chain rule: the result's gradient times the derivative with respect to the operand.
func (f pair[T]) backward(n *node) {
	for i, slope := range [2]func(y, x, t []T, p, q T){f.dx, f.dt} {
		if n.wants(i) {
			g := begin[T](n, i)
			slope(g, in[T](n, 0), in[T](n, 1), T(n.factor), T(n.other))
			vec.Mul(g, g, outGrad[T](n))
			end[T](n, i)
		}
	}
}

// pairOp returns the op that applies a pair's function to every pair of elements.
func pairOp(name string, f32 pair[float32], f64 pair[float64]) *op {
	forward32, forward64 := f32.forward, f64.forward // made once, so that running the op allocates nothing
	forward := func(n *node) { n.each(n.out.Len(), slowGrain, forward32, forward64) }
	return &op{name, kernels{forward, f32.backward}, kernels{forward, f64.backward}}
}

// between runs a pairOp on operands of equal shapes with its constants.
func (o *op) between(x, t *Var, p, q float64) *Var {
	n := o.on(x, t)
	if !x.value.SameShape(t.value) {
		o.panicf("shapes %v and %v differ", x.Shape(), t.Shape())
	}
	n.factor, n.other = p, q
	return n.run(x.Shape()...)
}

// Ops that make one number of each row of their operands leave the derivative of that number with respect to operand i in
// saved[i], where it is wanted; slopesBackward multiplies it by the number's gradient.

// saveSlopes makes room for the derivatives with respect to operand i and reports whether they are wanted.
func (n *node) saveSlopes(i int) {
	if n.wants(i) {
		n.save(i, n.in[i].DType(), n.in[i].Shape()...)
	}
}

// savedSlopes returns the room that saveSlopes made, or nil.
func savedSlopes[T vec.Float](n *node, i int) []T {
	if n.saved[i] == nil {
		return nil
	}
	return tensor.Data[T](n.saved[i])
}

func slopesBackward[T vec.Float](n *node) {
	for i := range n.in {
		if n.saved[i] != nil {
			scaleRows(begin[T](n, i), tensor.Data[T](n.saved[i]), outGrad[T](n))
			end[T](n, i)
		}
	}
}
