package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Tanhshrink returns x − tanh(x), element by element.
func Tanhshrink(x *Var) *Var { return tanhshrinkOp.along(x, 0, 0) }

// Softshrink returns x drawn towards zero by lambda, and zero within ±lambda, element by element. It panics unless lambda ≥ 0.
func Softshrink(x *Var, lambda float64) *Var {
	if !(lambda >= 0) {
		softshrinkOp.panicf("lambda = %v, want >= 0", lambda)
	}
	return softshrinkOp.along(x, lambda, 0)
}

// Hardshrink returns x, but zero within ±lambda, element by element.
func Hardshrink(x *Var, lambda float64) *Var { return hardshrinkOp.along(x, lambda, 0) }

// Threshold returns x where x is above threshold, else value, element by element.
func Threshold(x *Var, threshold, value float64) *Var { return thresholdOp.along(x, threshold, value) }

var (
	tanhshrinkOp = curveOp("Tanhshrink", curve[float32]{tanhshrinkValue[float32], tanhshrinkSlope[float32]},
		curve[float64]{tanhshrinkValue[float64], tanhshrinkSlope[float64]})
	softshrinkOp = curveOp("Softshrink", curve[float32]{softshrinkValue[float32], shrinkSlope[float32]},
		curve[float64]{softshrinkValue[float64], shrinkSlope[float64]})
	hardshrinkOp = curveOp("Hardshrink", curve[float32]{hardshrinkValue[float32], shrinkSlope[float32]},
		curve[float64]{hardshrinkValue[float64], shrinkSlope[float64]})
	thresholdOp = curveOp("Threshold", curve[float32]{thresholdValue[float32], thresholdSlope[float32]},
		curve[float64]{thresholdValue[float64], thresholdSlope[float64]})
)

func tanhshrinkValue[T vec.Float](y, x []T, _, _ T) {
	vec.Tanh(y, x)
	vec.Sub(y, x, y)
}

// The derivative is tanh²(x).
func tanhshrinkSlope[T vec.Float](dx, dy, x []T, _, _ T) {
	vec.Tanh(dx, x)
	vec.Mul(dx, dx, dx)
	vec.Mul(dx, dx, dy)
}

func softshrinkValue[T vec.Float](y, x []T, lambda, _ T) {
	x = x[:len(y)]
	for i := range y {
		y[i] = max(x[i]-lambda, 0) + min(x[i]+lambda, 0)
	}
}

func hardshrinkValue[T vec.Float](y, x []T, lambda, _ T) {
	x = x[:len(y)]
	for i := range y {
		y[i] = pick(abs(x[i]) <= lambda, 0, x[i])
	}
}

// The derivative is zero within ±lambda and at a NaN, else one.
func shrinkSlope[T vec.Float](dx, dy, x []T, lambda, _ T) {
	dy, x = dy[:len(dx)], x[:len(dx)]
	for i := range dx {
		dx[i] = pick(abs(x[i]) > lambda, dy[i], 0)
	}
}

func thresholdValue[T vec.Float](y, x []T, threshold, value T) {
	x = x[:len(y)]
	for i := range y {
		y[i] = pick(x[i] <= threshold, value, x[i])
	}
}

// The derivative is one above the threshold, else zero.
func thresholdSlope[T vec.Float](dx, dy, x []T, threshold, _ T) {
	dy, x = dy[:len(dx)], x[:len(dx)]
	for i := range dx {
		dx[i] = pick(x[i] <= threshold, 0, dy[i])
	}
}
