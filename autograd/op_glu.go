package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// GLU cuts x in two halves a and b along an axis, negative axes counting from the last, and returns a·σ(b): b is the gate that
// says how much of a goes through.
//
//	x [..., 2D, ...]   result [..., D, ...]
//
// It panics if the axis is of odd length. Source: Dauphin et al., arXiv:1612.08083.
func GLU(x *Var, axis int) *Var { return gluOp.gated(x, axis) }

// SwiGLU is GLU with the gate SiLU(b). Source: Shazeer, arXiv:2002.05202, as GEGLU and ReGLU.
func SwiGLU(x *Var, axis int) *Var { return swigluOp.gated(x, axis) }

// GEGLU is GLU with the gate GELU(b).
func GEGLU(x *Var, axis int) *Var { return gegluOp.gated(x, axis) }

// ReGLU is GLU with the gate ReLU(b).
func ReGLU(x *Var, axis int) *Var { return regluOp.gated(x, axis) }

var (
	gluOp = gateOp("GLU", curve[float32]{sigmoidValue[float32], sigmoidSlope[float32]},
		curve[float64]{sigmoidValue[float64], sigmoidSlope[float64]})
	swigluOp = gateOp("SwiGLU", curve[float32]{siluValue[float32], siluSlope[float32]},
		curve[float64]{siluValue[float64], siluSlope[float64]})
	gegluOp = gateOp("GEGLU", curve[float32]{geluValue[float32], geluSlope[float32]},
		curve[float64]{geluValue[float64], geluSlope[float64]})
	regluOp = gateOp("ReGLU", curve[float32]{reluValue[float32], reluSlope[float32]},
		curve[float64]{reluValue[float64], reluSlope[float64]})
)

// gated runs a gateOp. ints[0] is the length of a half, all the axes from the gated one on taken together.
func (o *op) gated(x *Var, axis int) *Var {
	n := o.on(x)
	if axis < -x.Rank() || axis >= x.Rank() {
		o.panicf("axis %d of shape %v, which has %d axes", axis, x.Shape(), x.Rank())
	}
	if x.Dim(axis)%2 != 0 {
		o.panicf("axis %d of shape %v is of odd length: it cannot be halved", axis, x.Shape())
	}
	if axis < 0 {
		axis += x.Rank()
	}
	var room [maxRank]int
	shape := append(room[:0], x.Shape()...)
	shape[axis] /= 2
	n.ints[0] = 1
	for _, s := range shape[axis:] {
		n.ints[0] *= s
	}
	return n.run(shape...)
}

// gateOp returns the op that multiplies one half of its operand by a curve of the other.
func gateOp(name string, f32 curve[float32], f64 curve[float64]) *op {
	forward32, forward64, backward32, backward64 := f32.gateForward, f64.gateForward, f32.gateBackward, f64.gateBackward
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

// stretch returns the end of the run of elements of the result that begins at lo, ends at hi at the latest and lies in one half,
// and where its a begins in the operand.
func stretch(lo, hi, half int) (end, a int) {
	outer, at := lo/half, lo%half
	return min(hi, lo+half-at, lo+curveChunk), 2*half*outer + at
}

func (c curve[T]) gateForward(n *node, lo, hi int) {
	y, x, half := out[T](n), in[T](n, 0), n.ints[0]
	for lo < hi {
		end, a := stretch(lo, hi, half)
		y, b := y[lo:end], a+half
		c.value(y, x[b:b+len(y)], 0, 0)
		vec.Mul(y, y, x[a:a+len(y)])
		lo = end
	}
}

// The derivative with respect to a is the gate; with respect to b it is a times the gate's slope.
func (c curve[T]) gateBackward(n *node, lo, hi int) {
	dx, dy, x, half := gradBuffer[T](n, 0), outGrad[T](n), in[T](n, 0), n.ints[0]
	for lo < hi {
		end, a := stretch(lo, hi, half)
		dy, b := dy[lo:end], a+half
		da, db := dx[a:a+len(dy)], dx[b:b+len(dy)]
		c.value(da, x[b:b+len(dy)], 0, 0)
		vec.Mul(da, da, dy)
		c.slope(db, x[a:a+len(dy)], x[b:b+len(dy)], 0, 0)
		vec.Mul(db, db, dy)
		lo = end
	}
}

// The gates that are ops of package vec, as curves.

func sigmoidValue[T vec.Float](y, x []T, _, _ T) { vec.Sigmoid(y, x) }
func sigmoidSlope[T vec.Float](dx, dy, x []T, _, _ T) {
	vec.Sigmoid(dx, x)
	vec.SigmoidGrad(dx, dy, dx)
}
func geluValue[T vec.Float](y, x []T, _, _ T)      { vec.Gelu(y, x) }
func geluSlope[T vec.Float](dx, dy, x []T, _, _ T) { vec.GeluGrad(dx, dy, x) }
func reluValue[T vec.Float](y, x []T, _, _ T)      { vec.Relu(y, x) }
func reluSlope[T vec.Float](dx, dy, x []T, _, _ T) { vec.ReluGrad(dx, dy, x) }
