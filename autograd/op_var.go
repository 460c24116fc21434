package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// Variance returns Σ (x − mean)²/(n − 1) of the n elements over the axes named, which the result lacks, or of all
// elements: the unbiased estimate, as PyTorch's var. Of one element or none it is NaN, of equal elements 0: the mean
// is measured from the first of them and subtracted before anything is squared.
func Variance(x *Var, axes ...int) *Var { return varOp.spread(x, axes, unbiased) }

// VariancePop returns Σ (x − mean)²/n, the variance of the elements themselves, as normalisations use it.
func VariancePop(x *Var, axes ...int) *Var { return varOp.spread(x, axes, biased) }

// Std returns the square root of Variance. Where all elements are equal its derivative does not exist, and the gradient
// is zero, as in PyTorch.
func Std(x *Var, axes ...int) *Var { return stdOp.spread(x, axes, unbiased) }

var (
	varOp = &op{"Variance", kernels{varForward[float32], varBackward[float32]}, kernels{varForward[float64], varBackward[float64]}}
	stdOp = &op{"Std", kernels{stdForward[float32], stdBackward[float32]}, kernels{stdForward[float64], stdBackward[float64]}}
)

// spread runs an op on the rows of x's reduced axes. Of nothing it is NaN, as the mean that it would begin with.
func (o *op) spread(x *Var, axes []int, set func(n *node)) *Var {
	for i, d := range x.Shape() {
		if d == 0 && (len(axes) == 0 || hasAxis(axes, i, x.Rank())) {
			return Mean(x, axes...)
		}
	}
	return o.reduceRows(x, axes, set)
}

func unbiased(n *node) { spreadOver(n, float64(n.ints[1]-1)) }
func biased(n *node)   { spreadOver(n, float64(n.ints[1])) }

func spreadOver(n *node, divisor float64) {
	n.factor = divisor
	n.save(0, n.in[0].DType(), n.ints[0], n.ints[1]) // x − mean
}

func varForward[T vec.Float](n *node) {
	x, d, y, cols := in[T](n, 0), tensor.Data[T](n.saved[0]), out[T](n), n.ints[1]
	for i := range y {
		r, d := row(x, i, cols), row(d, i, cols)
		vec.AddScalar(d, -r[0], r)
		shift := vec.Sum(d) / T(cols)
		mean := r[0] + shift
		vec.AddScalar(d, -mean, r)
		y[i] = vec.SumSq(d)
		// What rounding the mean took away, by Knuth's two-sum, adds its square to each of the squares.
		back := mean - r[0]
		rest := (r[0] - (mean - back)) + (shift - back)
		if excess := T(cols) * (rest * rest); excess-excess == 0 { // not where the numbers overflow
			y[i] = max(0, y[i]-excess)
		}
		y[i] /= T(n.factor)
	}
}

// The derivative is 2·(x − mean) over the divisor; what moves the mean cancels.
func varBackward[T vec.Float](n *node) {
	dx, d, dy, cols := begin[T](n, 0), tensor.Data[T](n.saved[0]), outGrad[T](n), n.ints[1]
	for i, g := range dy {
		vec.Scale(row(dx, i, cols), 2*g/T(n.factor), row(d, i, cols))
	}
	end[T](n, 0)
}

func stdForward[T vec.Float](n *node) {
	varForward[T](n)
	for i, v := range out[T](n) {
		out[T](n)[i] = T(math.Sqrt(float64(v)))
	}
}

// The derivative is (x − mean) over the divisor times the result.
func stdBackward[T vec.Float](n *node) {
	dx, d, dy, y, cols := begin[T](n, 0), tensor.Data[T](n.saved[0]), outGrad[T](n), out[T](n), n.ints[1]
	for i, g := range dy {
		q := g / (y[i] * T(n.factor))
		if y[i] == 0 {
			q = 0
		}
		vec.Scale(row(dx, i, cols), q, row(d, i, cols))
	}
	end[T](n, 0)
}
