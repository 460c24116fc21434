package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// CumProd returns the running product of x along axis: y₀ = x₀, y₁ = x₀·x₁, …. Products are accumulated in float64
// and rounded once each. The gradient divides by nothing, so it is right at zeros, one or several, and so is every
// further derivative. Cost: one multiplication for each element, three backward. PyTorch's cumprod.
func CumProd(x *Var, axis int) *Var {
	n := cumProdOp.on(x)
	n.ints[0] = axisOf(n.op, x, axis)
	return n.run(x.Shape()...)
}

var cumProdOp = &op{"CumProd",
	kernels{cumProdForward[float32], cumProdBackward[float32]}, kernels{cumProdForward[float64], cumProdBackward[float64]}}

// laneBlock is how many neighbouring lanes along an axis go together.
const laneBlock = 64

// laneBlocks calls fn for blocks of lanes along an axis of a shape: the block's elements with index i lie at lo +
// i·step, width of them side by side.
func laneBlocks(shape []int, axis int, fn func(lo, step, width int)) {
	outer, inner := alongAxis(shape, axis)
	for o := range outer {
		for k := 0; k < inner; k += laneBlock {
			fn(o*shape[axis]*inner+k, inner, min(laneBlock, inner-k))
		}
	}
}

func cumProdForward[T vec.Float](n *node) {
	x, y, d := in[T](n, 0), out[T](n), n.out.Dim(n.ints[0])
	laneBlocks(n.out.Shape(), n.ints[0], func(lo, step, width int) {
		var product [laneBlock]float64
		for i := range d {
			x, y := x[lo+i*step:][:width], y[lo+i*step:][:width]
			for k, v := range x {
				if i == 0 {
					product[k] = float64(v)
				} else {
					product[k] *= float64(v)
				}
				y[k] = T(product[k])
			}
		}
	})
}

// An element is a factor of every product from its own on. With G_i = dy_i + x_{i+1}·G_{i+1}, its derivative is
// y_{i−1}·G_i: what all later products have besides the factors up to it.
func cumProdBackward[T vec.Float](n *node) {
	dx, d := begin[T](n, 0), n.out.Dim(n.ints[0])
	recur(dx, outGrad[T](n), in[T](n, 0), n.out.Shape(), n.ints[0], true)
	y := out[T](n)
	laneBlocks(n.out.Shape(), n.ints[0], func(lo, step, width int) {
		for i := 1; i < d; i++ {
			dx, before := dx[lo+i*step:][:width], y[lo+(i-1)*step:][:width]
			for k, v := range before {
				dx[k] *= v
			}
		}
	})
	end[T](n, 0)
}

// cumProdRule is the derivative as ops.
func cumProdRule(n *node, _ int, dy *Var) *Var {
	return Mul(delayed(n.out, n.ints[0], 1), linearRecurrence(dy, n.in[0], n.ints[0], true))
}
