package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// Two operands that broadcast, element by element: what ops other than addition and multiplication have in common.

// binary computes dst from a and b, element by element; dst may be either.
type binary[T vec.Float] func(dst, a, b []T)

// rowwise stores f(a, b) in y, both broadcast to y's shape, row by row. An operand that stays on one element is spread over a
// buffer first, so that f needs no form for it.
func rowwise[T vec.Float](n *node, f binary[T], y []T, shape []int, a []T, aShape []int, b []T, bShape []int) {
	const width = 512
	var buffer *tensor.Tensor
	for r := broadcastRows(shape, aShape, bShape); r.next(); {
		y := y[r.at : r.at+r.n]
		if r.aStep == 1 && r.bStep == 1 {
			f(y, a[r.a:r.a+r.n], b[r.b:r.b+r.n])
			continue
		}
		if buffer == nil {
			buffer = n.tape.pool.New(n.out.DType(), 2, width)
		}
		one := tensor.Data[T](buffer)[:min(width, r.n)]
		two := tensor.Data[T](buffer)[width:][:min(width, r.n)]
		if r.aStep == 0 {
			vec.Fill(one, a[r.a])
		}
		if r.bStep == 0 {
			vec.Fill(two, b[r.b])
		}
		for lo := 0; lo < r.n; lo += width {
			hi := min(lo+width, r.n)
			u, v := one[:hi-lo], two[:hi-lo]
			if r.aStep == 1 {
				u = a[r.a+lo : r.a+hi]
			}
			if r.bStep == 1 {
				v = b[r.b+lo : r.b+hi]
			}
			f(y[lo:hi], u, v)
		}
	}
	if buffer != nil {
		n.tape.pool.Put(buffer)
	}
}

// rowwiseForward is the forward pass of an op that computes f.
func rowwiseForward[T vec.Float](n *node, f binary[T]) {
	rowwise(n, f, out[T](n), n.out.Shape(), in[T](n, 0), n.in[0].Shape(), in[T](n, 1), n.in[1].Shape())
}

// rowwiseBackward sends the result's gradient, times the derivative with respect to it, to operand i.
func rowwiseBackward[T vec.Float](n *node, i int, derivative binary[T]) {
	if !n.wants(i) {
		return
	}
	d := beginFull[T](n, i)
	rowwise(n, derivative, d, n.out.Shape(), in[T](n, 0), n.in[0].Shape(), in[T](n, 1), n.in[1].Shape())
	vec.Mul(d, d, outGrad[T](n))
	endFull(n, i, d)
}

// beginFull is begin for an operand that may have been broadcast: the buffer has the result's shape, and endFull, which
// must follow before any other op of the node's, adds it up over the operand's copies.
func beginFull[T vec.Float](n *node, i int) []T {
	if n.in[i].value.SameShape(n.out.value) {
		return begin[T](n, i)
	}
	n.tmp = n.tape.pool.New(n.out.DType(), n.out.Shape()...)
	return tensor.Data[T](n.tmp)
}

func endFull[T vec.Float](n *node, i int, d []T) {
	x := n.in[i]
	if x.value.SameShape(n.out.value) {
		end[T](n, i)
		return
	}
	sumInto[T](n, i, x.Shape(), 1, n.tmp)
	n.tape.pool.Put(n.tmp)
	n.tmp = nil
}

// unaryOp returns an op of one operand, element by element, that no kernel computes: float32 goes through float64, which costs a
// scalar processor nothing and rounds once.
func unaryOp(name string, f32, f64, back32, back64 loop) *op {
	forward := func(n *node) { n.each(n.out.Len(), slowGrain, f32, f64) }
	return &op{name,
		kernels{forward, func(n *node) {
			begin[float32](n, 0)
			n.each(n.out.Len(), slowGrain, back32, back64)
			end[float32](n, 0)
		}},
		kernels{forward, func(n *node) {
			begin[float64](n, 0)
			n.each(n.out.Len(), slowGrain, back32, back64)
			end[float64](n, 0)
		}},
	}
}

// elements returns what a forward loop of unaryOp reads and fills.
func elements[T vec.Float](n *node, lo, hi int) (y, x []T) {
	return out[T](n)[lo:hi], in[T](n, 0)[lo:hi]
}

// slopes returns what a backward loop of unaryOp fills and reads: dx from dy, the operand and the result.
func slopes[T vec.Float](n *node, lo, hi int) (dx, dy, x, y []T) {
	return gradBuffer[T](n, 0)[lo:hi], outGrad[T](n)[lo:hi], in[T](n, 0)[lo:hi], out[T](n)[lo:hi]
}

// sign returns −1, 0 or 1: 0 of zero and of NaN, as PyTorch's sgn.
func sign[T vec.Float](x T) T {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}
