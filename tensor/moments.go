package tensor

// This file holds the reductions that look at x twice, or through a function: variance, log-sum-exp, norms. Axes and
// destinations are as in Sum.

import (
	"math"
	"sync"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Var returns Σ(x − mean)²/(n − correction) over axes, for Float32 and Float64, in two passes. A correction of 1 makes the
// estimate from a sample unbiased, as PyTorch does by default; 0 gives the variance of the elements, as NumPy does. Where
// n ≤ correction the divisor is 0. The variance of equal numbers is 0.
func Var(x *Tensor, correction int, axes ...int) *Tensor {
	dst := varOps.squares.like(x, axes)
	VarTo(dst, x, correction, axes...)
	return dst
}

// VarTo stores the variance of x over axes in dst.
func VarTo(dst, x *Tensor, correction int, axes ...int) {
	varTo(&varOps, dst, x, correction, axes, false)
}

// Std returns the square root of Var.
func Std(x *Tensor, correction int, axes ...int) *Tensor {
	dst := stdOps.squares.like(x, axes)
	StdTo(dst, x, correction, axes...)
	return dst
}

// StdTo stores the square root of the variance of x over axes in dst.
func StdTo(dst, x *Tensor, correction int, axes ...int) {
	varTo(&stdOps, dst, x, correction, axes, true)
}

// varTo measures the mean from the first element of each result, so that it is exact where all are equal and else as
// good as the spread allows: mean = first + Σ(x − first)/n. It takes out what rounding the mean adds to the sum of
// squares.
func varTo(o *varOp, dst, x *Tensor, correction int, axes []int, root bool) {
	o.squares.of(x)
	p := temporaries.Get().(*Pool)
	defer func() {
		p.Reset()
		temporaries.Put(p)
	}()
	mean, squares := p.New(x.dtype, dst.shape...), p.New(x.dtype, dst.shape...)
	if x.n == 0 {
		o.squares.to(squares, x, mean, axes) // for its checks
		dst.fill(math.NaN())
		return
	}
	v := p.header() // the first element of each result
	x.aliasInto(v)
	for i := range v.shape {
		if len(axes) == 0 || names(axes, i, len(x.shape)) {
			v.shape[i] = 1
		}
	}
	v.restride()
	first, shift := p.New(x.dtype, v.shape...), p.New(x.dtype, dst.shape...)
	first.CopyFrom(v)
	o.shift.to(shift, x, first, axes)
	if x.dtype == Float32 {
		moveMean[float32](mean, shift, first)
	} else {
		moveMean[float64](mean, shift, first)
	}
	o.squares.to(squares, x, mean, axes)
	n := x.n / dst.n
	if x.dtype == Float32 {
		finishVar[float32](squares, shift, n, correction, root)
	} else {
		finishVar[float64](squares, shift, n, correction, root)
	}
	dst.CopyFrom(squares)
}

// moveMean stores first + shift in mean, and what that rounds away in shift: Knuth's two-sum.
func moveMean[T vec.Float](mean, shift, first *Tensor) {
	m, r := Data[T](mean), Data[T](shift)
	for i, a := range Data[T](first) {
		b := r[i]
		sum := a + b
		back := sum - a
		m[i], r[i] = sum, (a-(sum-back))+(b-back)
	}
}

// finishVar makes variances of sums of squares about means that are rest away from the true ones.
func finishVar[T vec.Float](squares, rest *Tensor, n, correction int, root bool) {
	s := Data[T](squares)
	for i, r := range Data[T](rest) {
		if excess := T(n) * (r * r); excess-excess == 0 { // not where the numbers overflow
			s[i] = max(0, s[i]-excess)
		}
		s[i] /= T(max(0, n-correction))
		if root {
			s[i] = T(math.Sqrt(float64(s[i])))
		}
	}
}

// LogSumExp returns log Σexp(x) over axes, for Float32 and Float64, without overflow. Of nothing, or of −Inf alone, it is
// −Inf.
func LogSumExp(x *Tensor, axes ...int) *Tensor {
	dst := logSumExpOp.like(x, axes)
	LogSumExpTo(dst, x, axes...)
	return dst
}

// LogSumExpTo stores log Σexp(x) over axes in dst.
func LogSumExpTo(dst, x *Tensor, axes ...int) {
	logSumExpOp.of(x)
	if x.n == 0 {
		logSumExpOp.to(dst, x, dst, axes) // for its checks
		dst.fill(math.Inf(-1))
		return
	}
	p := temporaries.Get().(*Pool)
	top := p.New(x.dtype, dst.shape...)
	logMaxOp.to(top, x, nil, axes)
	if top.dtype == Float32 {
		noInfinities(Data[float32](top))
	} else {
		noInfinities(Data[float64](top))
	}
	logSumExpOp.to(dst, x, top, axes)
	p.Reset()
	temporaries.Put(p)
}

// Norm returns the p-norm of x over axes, (Σ|x|ᵖ)^(1/p), for Float32 and Float64: with p = 2 the Euclidean norm, with p = Inf
// the largest |x|, with p = −Inf the smallest, with p = 0 the number of elements that are not zero. Squares are not scaled
// against overflow.
func Norm(x *Tensor, p float64, axes ...int) *Tensor {
	dst := normOp.like(x, axes)
	NormTo(dst, x, p, axes...)
	return dst
}

// NormTo stores the p-norm of x over axes in dst.
func NormTo(dst, x *Tensor, p float64, axes ...int) {
	normOp.of(x)
	switch {
	case p == 2:
		norm2Op.to(dst, x, nil, axes)
		SqrtTo(dst, dst)
		return
	case p == 1:
		normOp.to(dst, x, nil, axes)
		return
	}
	pool := temporaries.Get().(*Pool)
	a := pool.New(x.dtype, x.shape...)
	AbsTo(a, x)
	switch {
	case math.IsInf(p, 1):
		normMaxOp.to(dst, a, nil, axes)
	case math.IsInf(p, -1):
		normMinOp.to(dst, a, nil, axes)
	case p == 0:
		SignTo(a, a)
		normSumOp.to(dst, a, nil, axes)
	default:
		PowScalarTo(a, a, p)
		normSumOp.to(dst, a, nil, axes)
		PowScalarTo(dst, dst, 1/p)
	}
	pool.Reset()
	temporaries.Put(pool)
}

// temporaries lends pools to operations that need room for a moment.
var temporaries = sync.Pool{New: func() any { return new(Pool) }}

// headers lends tensors without memory, for a view that is needed for a moment.
var headers = sync.Pool{New: func() any { return new(Tensor) }}

var (
	varOps, stdOps = newVarOp("Var"), newVarOp("Std")

	logSumExpOp = &reduceOp{name: "LogSumExp", result: same, folds: [len(dtypes)]folder{
		Float32: expFold[float32](), Float64: expFold[float64]()}}
	logMaxOp = &reduceOp{name: "LogSumExp", result: same, folds: maxOp.folds}

	normOp = &reduceOp{name: "Norm", result: same, folds: [len(dtypes)]folder{
		Float32: absFold[float32](), Float64: absFold[float64]()}}
	norm2Op   = &reduceOp{name: "Norm", result: same, folds: sumSqOp.folds}
	normSumOp = &reduceOp{name: "Norm", result: same, folds: sumOp.folds}
	normMaxOp = &reduceOp{name: "Norm", result: same, folds: maxOp.folds, some: true}
	normMinOp = &reduceOp{name: "Norm", result: same, folds: minOp.folds, some: true}
)

// A varOp is the two sums of a variance: how far the mean is from z, and the squares of the distances from z.
type varOp struct{ shift, squares *reduceOp }

func newVarOp(name string) varOp {
	return varOp{
		shift: &reduceOp{name: name, result: same, folds: [len(dtypes)]folder{
			Float32: shiftFold[float32](), Float64: shiftFold[float64]()}},
		squares: &reduceOp{name: name, result: same, folds: [len(dtypes)]folder{
			Float32: deviationFold[float32](), Float64: deviationFold[float64]()}},
	}
}

// shiftFold gives the mean of x − z.
func shiftFold[T vec.Float]() *fold[T, T] {
	f := meanFold[T]()
	f.sees, f.stack = true, nil
	f.row = func(x []T, z T, tmp []T) T {
		vec.AddScalar(tmp, -z, x)
		return vec.Sum(tmp)
	}
	f.add = func(acc, x, z, tmp []T) {
		vec.Sub(tmp, x, z)
		vec.Add(acc, acc, tmp)
	}
	return f
}

// deviationFold adds up (x − z)².
func deviationFold[T vec.Float]() *fold[T, T] {
	return &fold[T, T]{sees: true, join: plus[T], joinTo: func(acc, b []T) { vec.Add(acc, acc, b) },
		row: func(x []T, z T, tmp []T) T {
			vec.AddScalar(tmp, -z, x)
			return vec.SumSq(tmp)
		},
		add: func(acc, x, z, tmp []T) {
			vec.Sub(tmp, x, z)
			vec.MulAdd(acc, tmp, tmp)
		}}
}

// expFold adds up exp(x − z) and gives z + log of that.
func expFold[T vec.Float]() *fold[T, T] {
	return &fold[T, T]{sees: true, join: plus[T], joinTo: func(acc, b []T) { vec.Add(acc, acc, b) },
		row: func(x []T, z T, tmp []T) T {
			vec.AddScalar(tmp, -z, x)
			vec.Exp(tmp, tmp)
			return vec.Sum(tmp)
		},
		add: func(acc, x, z, tmp []T) {
			vec.Sub(tmp, x, z)
			vec.Exp(tmp, tmp)
			vec.Add(acc, acc, tmp)
		},
		post: func(acc, z []T, _ int) {
			vec.Log(acc, acc)
			vec.Add(acc, acc, z)
		}}
}

// absFold adds up |x|.
func absFold[T vec.Float]() *fold[T, T] {
	return sumFold(vec.SumAbs[T], func(acc, x, _, _ []T) {
		acc = acc[:len(x)]
		for i, v := range x {
			acc[i] += T(math.Abs(float64(v)))
		}
	})
}

// noInfinities puts 0 for the infinities: exp(x − 0) is as good there, and x − Inf would be NaN.
func noInfinities[T vec.Float](x []T) {
	for i, v := range x {
		if math.IsInf(float64(v), 0) {
			x[i] = 0
		}
	}
}
