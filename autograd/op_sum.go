package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Sum returns the sum of x over the axes named, which the result lacks; negative axes count from the last. Without axes it
// returns the sum of all elements, a scalar. Order and error are tensor.Sum's.
func Sum(x *Var, axes ...int) *Var { return sumOp.reduce(x, 1, axes) }

// Mean returns the mean of x over the axes named, or of all elements, as Sum does: the sum, divided by their number.
// The mean of no elements is NaN.
func Mean(x *Var, axes ...int) *Var {
	count := 1
	for i, s := range x.Shape() {
		if len(axes) == 0 || hasAxis(axes, i, x.Rank()) {
			count *= s
		}
	}
	return meanOp.reduce(x, float64(count), axes)
}

var (
	sumOp  = &op{"Sum", kernels{sumForward[float32], sumBackward[float32]}, kernels{sumForward[float64], sumBackward[float64]}}
	meanOp = &op{"Mean", sumOp.f32, sumOp.f64}
)

// reduce sums x over axes and divides by divisor. The result is a view of saved[0], which keeps the summed axes, 1
// long: the shape that broadcasts to x's.
func (o *op) reduce(x *Var, divisor float64, axes []int) *Var {
	n := o.on(x)
	var keptRoom, shapeRoom [maxRank]int
	kept, shape := keptRoom[:0], shapeRoom[:0]
	for _, a := range axes {
		if a < -x.Rank() || a >= x.Rank() {
			o.panicf("axis %d of shape %v, which has %d axes", a, x.Shape(), x.Rank())
		}
	}
	for i, s := range x.Shape() {
		if len(axes) == 0 || hasAxis(axes, i, x.Rank()) {
			kept = append(kept, 1)
		} else {
			kept, shape = append(kept, s), append(shape, s)
		}
	}
	n.factor, n.other = 1/divisor, divisor
	value := n.tape.pool.New(x.DType(), kept...)
	n.saved[0] = value
	return n.finish(n.tape.pool.Reshape(value, shape...))
}

func hasAxis(axes []int, axis, rank int) bool {
	for _, a := range axes {
		if a == axis || a+rank == axis {
			return true
		}
	}
	return false
}

func sumForward[T vec.Float](n *node) {
	sumTo(&n.tape.pool, n.saved[0], n.saved[0].Shape(), n.in[0].value)
	if n.other == 1 {
		return
	}
	y, divisor := out[T](n), T(n.other)
	for i := range y {
		y[i] /= divisor
	}
}

// Every element that was summed gets the sum's gradient (times the factor).
func sumBackward[T vec.Float](n *node) {
	spread(begin[T](n, 0), n.in[0].Shape(), T(n.factor), outGrad[T](n), n.saved[0].Shape())
	end[T](n, 0)
}
