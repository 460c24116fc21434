package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// BinaryCrossEntropy returns −t·log(x) − (1−t)·log(1−x), element by element, for probabilities x and targets t between 0 and 1 of
// one shape. Logarithms count as at least −100, and x·(1−x) as at least 1e-12 in the derivative, as in PyTorch, so that a
// probability of exactly 0 or 1 does not end all learning. Where there are logits, BinaryCrossEntropyWithLogits is better.
func BinaryCrossEntropy(x, t *Var) *Var { return bceOp.between(x, t, 0, 0) }

// BinaryCrossEntropyWithLogits is BinaryCrossEntropy for probabilities σ(x), computed as x·(1−t) + log(1 + e^−x) for x
// ≥ 0 and −x·t + log(1 + eˣ) else, which neither overflows nor loses digits. An infinite logit gives +Inf, or 0 if the
// target has no share of the other class, where PyTorch gives NaN for the latter.
func BinaryCrossEntropyWithLogits(x, t *Var) *Var { return bceLogitsOp.between(x, t, 0, 0) }

var (
	bceOp = pairOp("BinaryCrossEntropy",
		pair[float32]{bceValue[float32], bceSlope[float32], bceTarget[float32]},
		pair[float64]{bceValue[float64], bceSlope[float64], bceTarget[float64]})
	bceLogitsOp = pairOp("BinaryCrossEntropyWithLogits",
		pair[float32]{bceLogitsValue[float32], bceLogitsSlope[float32], bceLogitsTarget[float32]},
		pair[float64]{bceLogitsValue[float64], bceLogitsSlope[float64], bceLogitsTarget[float64]})
)

// logs returns log x and log(1−x), at least −100 each.
func logs[T vec.Float](x T) (yes, no T) {
	return T(max(-100, math.Log(float64(x)))), T(max(-100, math.Log1p(-float64(x))))
}

func bceValue[T vec.Float](y, x, t []T, _, _ T) {
	for i := range y {
		yes, no := logs(x[i])
		y[i] = (t[i]-1)*no - t[i]*yes
	}
}

// The derivative with respect to x is (x − t)/(x·(1 − x)).
func bceSlope[T vec.Float](dx, x, t []T, _, _ T) {
	for i := range dx {
		dx[i] = (x[i] - t[i]) / max((1-x[i])*x[i], 1e-12)
	}
}

// The derivative with respect to t is log(1−x) − log(x).
func bceTarget[T vec.Float](dt, x, _ []T, _, _ T) {
	for i := range dt {
		yes, no := logs(x[i])
		dt[i] = no - yes
	}
}

func bceLogitsValue[T vec.Float](y, x, t []T, _, _ T) {
	for i := range y {
		y[i] = -abs(x[i])
	}
	vec.Exp(y, y)
	for i := range y {
		y[i] = missed(x[i], t[i]) + log1p(y[i])
	}
}

// missed returns |x| times what the target t has of the class that the logit x speaks against: 0 if that is nothing.
func missed[T vec.Float](x, t T) T {
	share := t
	if x >= 0 {
		share = 1 - t
	}
	if share == 0 {
		return 0
	}
	return abs(x) * share
}

// The derivative with respect to x is σ(x) − t.
func bceLogitsSlope[T vec.Float](dx, x, t []T, _, _ T) {
	vec.Sigmoid(dx, x)
	vec.Sub(dx, dx, t)
}

// The derivative with respect to t is −x.
func bceLogitsTarget[T vec.Float](dt, x, _ []T, _, _ T) { vec.Neg(dt, x) }

// bceRule is the derivative as ops, with the same bounds as the loops: where one holds, further derivatives are zero.
func bceRule(n *node, i int, dy *Var) *Var {
	x, t := n.in[0], n.in[1]
	if i == 1 {
		yes, no := boundedLogs(x)
		return Mul(dy, Sub(no, yes))
	}
	return Mul(dy, Div(Sub(x, t), Clamp(Mul(AddScalar(Neg(x), 1), x), 1e-12, math.Inf(1))))
}

// boundedLogs returns log x and log(1−x), or −100 as a constant where they are less; NaN for x that are no
// probabilities.
func boundedLogs(x *Var) (yes, no *Var) {
	atZero, atOne := x.tape.pool.New(tensor.Bool, x.Shape()...), x.tape.pool.New(tensor.Bool, x.Shape()...)
	if x.DType() == tensor.Float32 {
		logBounds(tensor.Data[bool](atZero), tensor.Data[bool](atOne), tensor.Data[float32](x.value))
	} else {
		logBounds(tensor.Data[bool](atZero), tensor.Data[bool](atOne), tensor.Data[float64](x.value))
	}
	yes = MaskedFill(Log(MaskedFill(x, atZero, 1)), atZero, -100)
	no = MaskedFill(Log1p(Neg(MaskedFill(x, atOne, 0))), atOne, -100)
	return yes, no
}

func logBounds[T vec.Float](atZero, atOne []bool, x []T) {
	const least = 3.720075976020836e-44 // e^−100
	for i, v := range x {
		rest := 1 - float64(v)
		atZero[i], atOne[i] = v >= 0 && float64(v) <= least, rest >= 0 && rest <= least
	}
}

// bceLogitsRule is the derivative as ops.
func bceLogitsRule(n *node, i int, dy *Var) *Var {
	if i == 1 {
		return Neg(Mul(dy, n.in[0]))
	}
	return Mul(dy, Sub(Sigmoid(n.in[0]), n.in[1]))
}
