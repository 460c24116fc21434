package vec

// This file normalises exponentials along rows. The largest element of a row is subtracted first, so no finite input
// overflows; the sum of exponentials is accumulated in float64, in order of columns, whatever T. Rows are spread over the
// worker threads.
//
// Kernels compute in float32: the difference of an element from the largest has a rounding error, so an exponential a
// relative error up to (1+|x-max|)·2⁻²⁴; exponentials are added in eight lanes, and sums of 512 of them in float64. Of short rows
// several go through a kernel at once, see softmax_short.go.

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/blas/kernel"
)

// Softmax stores exp(x)/Σexp(x) of every row in dst.
//
//	x, dst [rows, cols]
//
// A row of -Inf only gives NaN, as does a row with +Inf or NaN. dst may be x. It panics if a length is not rows·cols.
func Softmax[T Float](dst, x []T, rows, cols int) {
	sameRows("Softmax", len(dst), len(x), rows, cols)
	runRows(opSoftmax, dst, x, rows, cols)
}

func softmax[T Float](dst, x []T, cols int) {
	if cols == 0 {
		return
	}
	if cols <= shortRow && single[T]() && kernel.Reduces(isa) {
		softmaxShort(as32(dst), as32(x), cols)
		return
	}
	for ; len(x) >= cols; dst, x = dst[cols:], x[cols:] {
		row := x[:cols]
		sum := expSum(dst[:cols], row, float64(largest(row)))
		apply(kernel.OpScale, dst[:cols], dst[:cols], nil, T(1/sum))
	}
}

// largest returns the largest element of x, which is not empty; if there are NaN, it may be any: the exponential of NaN will tell.
func largest[T Float](x []T) T {
	if extremes[T](len(x)) {
		return T(kernel.Largest(as32(x)))
	}
	return Max(x)
}

const expBlock = 512 // exponentials that a kernel adds in float32

// expSum stores exp(x-m) in dst and returns the sum, before rounding to T.
func expSum[T Float](dst, x []T, m float64) float64 {
	x = x[:len(dst)]
	var sum float64
	if single[T]() && kernel.Reduces(isa) {
		dst, x := as32(dst), as32(x)
		for lo := 0; lo < len(x); lo += expBlock {
			hi := min(lo+expBlock, len(x))
			sum += float64(kernel.ExpSum(dst[lo:hi], x[lo:hi], float32(m)))
		}
		return sum
	}
	if single[T]() {
		for i := range dst {
			f, s := splitPow2(log2e * (float64(x[i]) - m))
			e := s + s*pow2m1(f)
			sum += e
			dst[i] = T(e)
		}
		return sum
	}
	for i := range dst {
		e := math.Exp(float64(x[i]) - m)
		sum += e
		dst[i] = T(e)
	}
	return sum
}

// LogSoftmax stores x - log Σexp(x) of every row in dst.
//
//	x, dst [rows, cols]
//
// A row of -Inf only gives NaN, as does a row with +Inf or NaN: as Softmax. dst may be x. It panics if a length is not
// rows·cols.
func LogSoftmax[T Float](dst, x []T, rows, cols int) {
	sameRows("LogSoftmax", len(dst), len(x), rows, cols)
	runRows(opLogSoftmax, dst, x, rows, cols)
}

func logSoftmax[T Float](dst, x []T, cols int) {
	if cols == 0 {
		return
	}
	if cols <= shortRow && single[T]() && kernel.Reduces(isa) {
		logSoftmaxShort(as32(dst), as32(x), cols)
		return
	}
	for ; len(x) >= cols; dst, x = dst[cols:], x[cols:] {
		m, l := logSum(x[:cols])
		if math.IsInf(m, 1) {
			l = math.NaN() // +Inf less itself is no number, and neither is a share of it
		}
		if single[T]() && kernel.Reduces(isa) { // two roundings: the first difference is exact near the largest
			apply(kernel.OpAddScalar, dst[:cols], x[:cols], nil, T(-m))
			apply(kernel.OpAddScalar, dst[:cols], dst[:cols], nil, T(-l))
			continue
		}
		for i, v := range x[:cols] {
			dst[i] = T(float64(v) - m - l)
		}
	}
}

// LogSumExp stores log Σexp(x) of every row in dst; of a row without columns, -Inf.
//
//	x [rows, cols]   dst [rows]
//
// It panics if a length disagrees.
func LogSumExp[T Float](dst, x []T, rows, cols int) {
	same("LogSumExp", len(dst), rows)
	sameRows("LogSumExp", len(x), len(x), rows, cols)
	runRows(opLogSumExp, dst, x, rows, cols)
}

func logSumExp[T Float](dst, x []T, cols int) {
	for r := range dst {
		m, l := logSum(x[r*cols : (r+1)*cols])
		dst[r] = T(m + l)
	}
}

// logSum returns m = max(x) and log Σexp(x-m): zero if m is infinite, so that a row of -Inf has m alone, not NaN.
func logSum[T Float](x []T) (m, l float64) {
	if len(x) == 0 {
		return math.Inf(-1), 0
	}
	m = float64(Max(x))
	if math.IsInf(m, 0) {
		return m, 0
	}
	var sum float64
	if single[T]() && kernel.Reduces(isa) {
		x := as32(x)
		for lo := 0; lo < len(x); lo += expBlock {
			sum += float64(kernel.SumExp(x[lo:min(lo+expBlock, len(x))], float32(m)))
		}
	} else if single[T]() {
		for _, v := range x {
			f, s := splitPow2(log2e * (float64(v) - m))
			sum += s + s*pow2m1(f)
		}
	} else {
		for _, v := range x {
			sum += math.Exp(float64(v) - m)
		}
	}
	return m, math.Log(sum)
}

func sameRows(op string, dst, x, rows, cols int) {
	if rows < 0 || cols < 0 || dst != rows*cols || x != dst {
		panic(fmt.Sprintf("vec: %s: lengths %d and %d for %d rows of %d", op, dst, x, rows, cols))
	}
}
