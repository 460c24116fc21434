package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
	"github.com/tutti-ml/tutti/tensor"
)

// Rotary turns pairs of features by an angle that grows with the step: y₁ = x₁·cos − x₂·sin, y₂ = x₂·cos + x₁·sin. So the product of
// a query and a key depends on how far apart they are.
//
//	x [B, T, E]   cos, sin [Max, D/2] as of RotaryTables   result as x
//
// The first heads heads of D features are turned, in which feature i pairs with feature i + D/2; further features stay, so that
// queries, keys and values that lie side by side can be handed in as they are. The first step stands at place offset.
// Source: Su et al., arXiv:2104.09864, with the pairs of GPT-NeoX and Llama.
func Rotary(x *Var, cos, sin *tensor.Tensor, heads, offset int) *Var {
	n := rotaryOp.on(x)
	if x.Rank() != 3 || cos.Rank() != 2 || !cos.SameShape(sin) || cos.DType() != x.DType() || sin.DType() != x.DType() {
		n.op.panicf("x %v %v, cos %v %v and sin %v: want [B, T, E] and [Max, D/2]", x.DType(), x.Shape(), cos.DType(), cos.Shape(), sin.Shape())
	}
	if heads*2*cos.Dim(1) > x.Dim(2) || offset < 0 || offset+x.Dim(1) > cos.Dim(0) {
		n.op.panicf("x %v from step %d, %d heads, tables %v", x.Shape(), offset, heads, cos.Shape())
	}
	n.saved[0], n.saved[1] = n.tape.contiguous(cos), n.tape.contiguous(sin)
	n.ints[0], n.ints[1] = heads, offset
	return n.run(x.Shape()...)
}

// RotaryTables returns the cosines and sines for steps 0 to steps−1 of heads of d features: [steps, d/2] each. The angle of pair i
// at step t is t·base^(−2i/d); base is 10000 in the paper. It panics unless d is even.
func RotaryTables(dtype tensor.DType, steps, d int, base float64) (cos, sin *tensor.Tensor) {
	if d%2 != 0 {
		rotaryOp.panicf("heads of %d features: want an even number", d)
	}
	if !(base > 0) {
		rotaryOp.panicf("base = %v, want > 0", base)
	}
	cos, sin = tensor.New(tensor.Float64, steps, d/2), tensor.New(tensor.Float64, steps, d/2)
	for t := range steps {
		for i := range d / 2 {
			s, c := math.Sincos(float64(t) * math.Pow(base, -2*float64(i)/float64(d)))
			tensor.Data[float64](cos)[t*d/2+i], tensor.Data[float64](sin)[t*d/2+i] = c, s
		}
	}
	return cos.Cast(dtype), sin.Cast(dtype)
}

var rotaryOp = &op{name: "Rotary",
	f32: kernels{rotaryForward[float32], rotaryBackward[float32]}, f64: kernels{rotaryForward[float64], rotaryBackward[float64]}}

func rotaryForward[T vec.Float](n *node) { rotate(n, out[T](n), in[T](n, 0), 1) }

// The derivative of a turn is the turn the other way.
func rotaryBackward[T vec.Float](n *node) {
	rotate(n, begin[T](n, 0), outGrad[T](n), -1)
	end[T](n, 0)
}

// rotate stores x turned by direction times the angles in y.
func rotate[T vec.Float](n *node, y, x []T, direction T) {
	steps, e := n.in[0].Dim(1), n.in[0].Dim(2)
	half := n.saved[0].Dim(1)
	cos, sin := tensor.Data[T](n.saved[0]), tensor.Data[T](n.saved[1])
	heads, offset := n.ints[0], n.ints[1]
	parallel.For(n.in[0].Dim(0)*steps, max(1, 1<<13/max(e, 1)), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			x, y := x[r*e:(r+1)*e], y[r*e:(r+1)*e]
			at := (r%steps + offset) * half
			cos, sin := cos[at:at+half], sin[at:at+half]
			for range heads {
				x1, x2, y1, y2 := x[:half], x[half:2*half], y[:half], y[half:2*half]
				for i, c := range cos {
					s := direction * sin[i]
					y1[i], y2[i] = T(x1[i]*c)-T(x2[i]*s), T(x2[i]*c)+T(x1[i]*s)
				}
				x, y = x[2*half:], y[2*half:]
			}
			copy(y, x)
		}
	})
}

// rotaryRule is the derivative as ops: the turn the other way.
func rotaryRule(n *node, _ int, dy *Var) *Var {
	back := n.tape.pool.New(dy.DType(), n.saved[1].Shape()...)
	tensor.NegTo(back, n.saved[1])
	return Rotary(dy, n.saved[0], back, n.ints[0], n.ints[1])
}
