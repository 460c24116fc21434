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
// n ≤ correction the divisor is 0.
func Var(x *Tensor, correction int, axes ...int) *Tensor {
	dst := varOp.like(x, axes)
	VarTo(dst, x, correction, axes...)
	return dst
}

// VarTo stores the variance of x over axes in dst.
func VarTo(dst, x *Tensor, correction int, axes ...int) {
	varOp.of(x)
	p := temporaries.Get().(*Pool)
	mean := p.New(x.dtype, dst.shape...)
	meanOp.to(mean, x, nil, axes)
	varOp.to(dst, x, mean, axes)
	if dst.n > 0 {
		ScaleTo(dst, dst, 1/float64(max(0, x.n/dst.n-correction)))
	}
	p.Reset()
	temporaries.Put(p)
}

// Std returns the square root of Var.
func Std(x *Tensor, correction int, axes ...int) *Tensor {
	dst := Var(x, correction, axes...)
	SqrtTo(dst, dst)
	return dst
}

// StdTo stores the square root of the variance of x over axes in dst.
func StdTo(dst, x *Tensor, correction int, axes ...int) {
	VarTo(dst, x, correction, axes...)
	SqrtTo(dst, dst)
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
	maxOp.to(top, x, nil, axes)
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
		sumSqOp.to(dst, x, nil, axes)
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
		maxOp.to(dst, a, nil, axes)
	case math.IsInf(p, -1):
		minOp.to(dst, a, nil, axes)
	case p == 0:
		SignTo(a, a)
		sumOp.to(dst, a, nil, axes)
	default:
		PowScalarTo(a, a, p)
		sumOp.to(dst, a, nil, axes)
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
	varOp = &reduceOp{name: "Var", result: same, folds: [len(dtypes)]folder{
		Float32: deviationFold[float32](), Float64: deviationFold[float64]()}}
	logSumExpOp = &reduceOp{name: "LogSumExp", result: same, folds: [len(dtypes)]folder{
		Float32: expFold[float32](), Float64: expFold[float64]()}}
	normOp = &reduceOp{name: "Norm", result: same, folds: [len(dtypes)]folder{Float32: absFold[float32](), Float64: absFold[float64]()}}
)

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

// absFold adds up |x|. It sees nothing, but needs the room.
func absFold[T vec.Float]() *fold[T, T] {
	return &fold[T, T]{join: plus[T], joinTo: func(acc, b []T) { vec.Add(acc, acc, b) },
		row: func(x []T, _ T, _ []T) T {
			var room [256]T
			var sum T
			for len(x) > 0 {
				tmp := room[:min(len(room), len(x))]
				abs(tmp, x[:len(tmp)])
				sum += vec.Sum(tmp)
				x = x[len(tmp):]
			}
			return sum
		},
		add: func(acc, x, _, _ []T) {
			acc = acc[:len(x)]
			for i, v := range x {
				acc[i] += T(math.Abs(float64(v)))
			}
		}}
}

func abs[T vec.Float](dst, x []T) {
	for i, v := range x {
		dst[i] = T(math.Abs(float64(v)))
	}
}

// noInfinities puts 0 for the infinities: exp(x − 0) is as good there, and x − Inf would be NaN.
func noInfinities[T vec.Float](x []T) {
	for i, v := range x {
		if math.IsInf(float64(v), 0) {
			x[i] = 0
		}
	}
}
