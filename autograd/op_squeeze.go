package autograd

import "slices"

// Squeeze returns x without the axes named, each of which must be 1 long, or without every axis that is 1 long. Nothing is copied.
func Squeeze(x *Var, axes ...int) *Var {
	for _, a := range axes {
		if x.Dim(axisOf(squeezeOp, x, a)) != 1 {
			squeezeOp.panicf("axis %d of shape %v is %d long, not 1", a, x.Shape(), x.Dim(a))
		}
	}
	var room [maxRank]int
	shape := room[:0]
	for i, d := range x.Shape() {
		if len(axes) == 0 && d != 1 || len(axes) > 0 && !hasAxis(axes, i, x.Rank()) {
			shape = append(shape, d)
		}
	}
	return squeezeOp.reshape(x, shape)
}

// Unsqueeze returns x with a new axis, 1 long, before its axis i; Rank or −1 makes it the last one. Nothing is copied. With it a
// reduction's result broadcasts against what was reduced: Sub(x, Unsqueeze(Mean(x, 1), 1)).
func Unsqueeze(x *Var, i int) *Var {
	at := i
	if at < 0 {
		at += x.Rank() + 1
	}
	if at < 0 || at > x.Rank() {
		unsqueezeOp.panicf("axis %d of shape %v, which has %d axes", i, x.Shape(), x.Rank())
	}
	var room [maxRank + 1]int
	return unsqueezeOp.reshape(x, slices.Insert(append(room[:0], x.Shape()...), at, 1))
}

var (
	squeezeOp   = &op{"Squeeze", reshapeOp.f32, reshapeOp.f64}
	unsqueezeOp = &op{"Unsqueeze", reshapeOp.f32, reshapeOp.f64}
)

// reshape runs an op whose result has x's elements in x's order.
func (o *op) reshape(x *Var, shape []int) *Var {
	n := o.on(x)
	return n.finish(n.tape.pool.Reshape(x.value, shape...))
}
