package tensor

// This file holds the reductions: Sum and its kin. F(x, axes...) reduces the axes named, which the result lacks, or all of
// them if none is named; a negative axis counts from the last. To have the axes in the result, 1 long, so that it broadcasts
// to x, put them back: Sum(x, 0, 2).Unsqueeze(0, 2). FTo(dst, x, axes...) writes to dst, which has either shape.
//
// Floats are accumulated in their own type. The order of additions depends on shape and strides alone, so a result has
// the same bits whatever the number of threads and wherever the result goes; a view's may differ in the last bits from
// its copy's. Along a row that touches the order is that of vec.Sum; over leading axes 32 rows are added one after
// another, and such sums pairwise. So the error of n terms is at most (102 + log₂ n)·ε·Σ|x|, with ε = 2⁻²⁴ or 2⁻⁵³.

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Sum returns the sum of x over axes. Integers and Bool add up in Int64; floats in their own type. The sum of nothing is 0.
func Sum(x *Tensor, axes ...int) *Tensor { return sumOp.make(x, nil, axes) }

// SumTo stores the sum of x over axes in dst.
func SumTo(dst, x *Tensor, axes ...int) { sumOp.to(dst, x, nil, axes) }

// Mean returns the mean of x over axes, for Float32 and Float64. The mean of nothing is NaN.
func Mean(x *Tensor, axes ...int) *Tensor { return meanOp.make(x, nil, axes) }

// MeanTo stores the mean of x over axes in dst.
func MeanTo(dst, x *Tensor, axes ...int) { meanOp.to(dst, x, nil, axes) }

// Prod returns the product of x over axes, of integers and Bool in Int64. The product of nothing is 1.
func Prod(x *Tensor, axes ...int) *Tensor { return prodOp.make(x, nil, axes) }

// ProdTo stores the product of x over axes in dst.
func ProdTo(dst, x *Tensor, axes ...int) { prodOp.to(dst, x, nil, axes) }

// Max returns the largest element of x over axes, NaN if there is one. It panics if there are no elements to choose from.
func Max(x *Tensor, axes ...int) *Tensor { return maxOp.make(x, nil, axes) }

// MaxTo stores the largest element of x over axes in dst.
func MaxTo(dst, x *Tensor, axes ...int) { maxOp.to(dst, x, nil, axes) }

// Min returns the smallest element of x over axes, NaN if there is one. It panics if there are no elements to choose from.
func Min(x *Tensor, axes ...int) *Tensor { return minOp.make(x, nil, axes) }

// MinTo stores the smallest element of x over axes in dst.
func MinTo(dst, x *Tensor, axes ...int) { minOp.to(dst, x, nil, axes) }

// SumSq returns the sum of x² over axes, for Float32 and Float64.
func SumSq(x *Tensor, axes ...int) *Tensor { return sumSqOp.make(x, nil, axes) }

// SumSqTo stores the sum of x² over axes in dst.
func SumSqTo(dst, x *Tensor, axes ...int) { sumSqOp.to(dst, x, nil, axes) }

// Any returns whether a Bool tensor is true anywhere over axes, as a Bool tensor.
func Any(x *Tensor, axes ...int) *Tensor { return anyOp.make(x, nil, axes) }

// AnyTo stores whether x is true anywhere over axes in dst.
func AnyTo(dst, x *Tensor, axes ...int) { anyOp.to(dst, x, nil, axes) }

// All returns whether a Bool tensor is true everywhere over axes, as a Bool tensor.
func All(x *Tensor, axes ...int) *Tensor { return allOp.make(x, nil, axes) }

// AllTo stores whether x is true everywhere over axes in dst.
func AllTo(dst, x *Tensor, axes ...int) { allOp.to(dst, x, nil, axes) }

// CountNonzero returns how many elements of x are not zero (or are true) over axes, as an Int64 tensor. A NaN is not zero.
func CountNonzero(x *Tensor, axes ...int) *Tensor { return countOp.make(x, nil, axes) }

// CountNonzeroTo stores how many elements of x are not zero over axes in dst.
func CountNonzeroTo(dst, x *Tensor, axes ...int) { countOp.to(dst, x, nil, axes) }

var (
	same    = [len(dtypes)]DType{Float32: Float32, Float64: Float64, Int32: Int32, Int64: Int64, Uint8: Uint8, Int8: Int8}
	widened = [len(dtypes)]DType{Float32: Float32, Float64: Float64, Int32: Int64, Int64: Int64, Uint8: Int64, Int8: Int64, Bool: Int64}
	truth   = [len(dtypes)]DType{Bool: Bool}
	counts  = [len(dtypes)]DType{Float32: Int64, Float64: Int64, Int32: Int64, Int64: Int64, Uint8: Int64, Int8: Int64, Bool: Int64}

	sumOp = &reduceOp{name: "Sum", result: widened, folds: [len(dtypes)]folder{
		Float32: plainSumFold[float32](), Float64: plainSumFold[float64](),
		Int32: countFold(itself[int32]), Int64: countFold(itself[int64]), Uint8: countFold(itself[uint8]), Int8: countFold(itself[int8]),
		Bool: countFold(truthOf)}}
	sumSqOp = &reduceOp{name: "SumSq", result: same, folds: [len(dtypes)]folder{
		Float32: sumFold[float32](vec.SumSq[float32], addSquares[float32]), Float64: sumFold[float64](vec.SumSq[float64], addSquares[float64])}}
	meanOp = &reduceOp{name: "Mean", result: same, folds: [len(dtypes)]folder{
		Float32: meanFold[float32](), Float64: meanFold[float64]()}}
	prodOp = &reduceOp{name: "Prod", result: widened, folds: [len(dtypes)]folder{
		Float32: prodFold(itselfFloat[float32]), Float64: prodFold(itselfFloat[float64]), Int32: prodFold(itself[int32]),
		Int64: prodFold(itself[int64]), Uint8: prodFold(itself[uint8]), Int8: prodFold(itself[int8]), Bool: prodFold(truthOf)}}
	maxOp = &reduceOp{name: "Max", result: same, some: true, folds: [len(dtypes)]folder{
		Float32: extremeFold(float32(math.Inf(-1)), vec.Max[float32], vec.Maximum[float32], larger[float32]),
		Float64: extremeFold(math.Inf(-1), vec.Max[float64], vec.Maximum[float64], larger[float64]),
		Int32:   extremeFold(int32(math.MinInt32), maxOf[int32], maxInt[int32], larger[int32]),
		Int64:   extremeFold(int64(math.MinInt64), maxOf[int64], maxInt[int64], larger[int64]),
		Uint8:   extremeFold(uint8(0), maxOf[uint8], maxInt[uint8], larger[uint8]),
		Int8:    extremeFold(int8(math.MinInt8), maxOf[int8], maxInt[int8], larger[int8])}}
	minOp = &reduceOp{name: "Min", result: same, some: true, folds: [len(dtypes)]folder{
		Float32: extremeFold(float32(math.Inf(1)), vec.Min[float32], vec.Minimum[float32], smaller[float32]),
		Float64: extremeFold(math.Inf(1), vec.Min[float64], vec.Minimum[float64], smaller[float64]),
		Int32:   extremeFold(int32(math.MaxInt32), minOf[int32], minInt[int32], smaller[int32]),
		Int64:   extremeFold(int64(math.MaxInt64), minOf[int64], minInt[int64], smaller[int64]),
		Uint8:   extremeFold(uint8(math.MaxUint8), minOf[uint8], minInt[uint8], smaller[uint8]),
		Int8:    extremeFold(int8(math.MaxInt8), minOf[int8], minInt[int8], smaller[int8])}}
	anyOp   = &reduceOp{name: "Any", result: truth, folds: [len(dtypes)]folder{Bool: truthFold(false, either)}}
	allOp   = &reduceOp{name: "All", result: truth, folds: [len(dtypes)]folder{Bool: truthFold(true, and)}}
	countOp = &reduceOp{name: "CountNonzero", result: counts, folds: [len(dtypes)]folder{
		Float32: countFold(nonzero[float32]), Float64: countFold(nonzero[float64]), Int32: countFold(nonzero[int32]),
		Int64: countFold(nonzero[int64]), Uint8: countFold(nonzero[uint8]), Int8: countFold(nonzero[int8]), Bool: countFold(truthOf)}}
)

// sumFold adds up what row and add make of the elements.
func sumFold[T vec.Float](row func(x []T) T, add func(acc, x, z, tmp []T)) *fold[T, T] {
	return &fold[T, T]{join: plus[T], joinTo: func(acc, b []T) { vec.Add(acc, acc, b) }, add: add,
		row: func(x []T, _ T, _ []T) T { return row(x) }}
}

// plainSumFold adds up the elements themselves.
func plainSumFold[T vec.Float]() *fold[T, T] {
	f := sumFold(vec.Sum[T], addOf[T])
	f.stack = vec.AddRows[T]
	return f
}

func meanFold[T vec.Float]() *fold[T, T] {
	f := plainSumFold[T]()
	f.post = func(acc, _ []T, n int) {
		for i := range acc {
			acc[i] /= T(n)
		}
	}
	return f
}

func addOf[T vec.Float](acc, x, _, _ []T)      { vec.Add(acc, acc, x) }
func addSquares[T vec.Float](acc, x, _, _ []T) { vec.MulAdd(acc, x, x) }

func plus[T number](a, b T) T    { return a + b }
func larger[T number](a, b T) T  { return max(a, b) }
func smaller[T number](a, b T) T { return min(a, b) }

func extremeFold[T number](start T, row func(x []T) T, each func(dst, a, b []T), join func(a, b T) T) *fold[T, T] {
	return &fold[T, T]{start: start, join: join, row: func(x []T, _ T, _ []T) T { return row(x) },
		joinTo: func(acc, b []T) { each(acc, acc, b) }, add: func(acc, x, _, _ []T) { each(acc, acc, x) }}
}

func maxOf[T integer](x []T) T {
	m := x[0]
	for _, v := range x {
		m = max(m, v)
	}
	return m
}

func minOf[T integer](x []T) T {
	m := x[0]
	for _, v := range x {
		m = min(m, v)
	}
	return m
}

// truthFold folds truth values by and or either.
func truthFold(start bool, each func(dst, a, b []bool)) *fold[bool, bool] {
	join := func(a, b bool) bool { return a && b || (a || b) && !start }
	return &fold[bool, bool]{start: start, join: join,
		row: func(x []bool, _ bool, _ []bool) bool {
			for _, v := range x {
				if v != start {
					return v
				}
			}
			return start
		},
		joinTo: func(acc, b []bool) { each(acc, acc, b) }, add: func(acc, x, _, _ []bool) { each(acc, acc, x) }}
}

// countFold adds up an integer for each element.
func countFold[T any](of func(v T) int64) *fold[int64, T] {
	return &fold[int64, T]{join: plus[int64], joinTo: func(acc, b []int64) { addInt(acc, acc, b) },
		row: func(x []T, _ int64, _ []T) int64 {
			var sum int64
			for _, v := range x {
				sum += of(v)
			}
			return sum
		},
		add: func(acc []int64, x, _, _ []T) {
			acc = acc[:len(x)]
			for i, v := range x {
				acc[i] += of(v)
			}
		}}
}

func prodFold[A number, T any](of func(v T) A) *fold[A, T] {
	return &fold[A, T]{start: 1, join: func(a, b A) A { return a * b },
		joinTo: func(acc, b []A) {
			for i, v := range b {
				acc[i] *= v
			}
		},
		row: func(x []T, _ A, _ []T) A {
			p := A(1)
			for _, v := range x {
				p *= of(v)
			}
			return p
		},
		add: func(acc []A, x, _, _ []T) {
			acc = acc[:len(x)]
			for i, v := range x {
				acc[i] *= of(v)
			}
		}}
}

func itself[T integer](v T) int64    { return int64(v) }
func itselfFloat[T vec.Float](v T) T { return v }
func nonzero[T number](v T) (n int64) {
	if v != 0 {
		n = 1
	}
	return n
}
func truthOf(v bool) (n int64) {
	if v {
		n = 1
	}
	return n
}
