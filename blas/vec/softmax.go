package vec

// This file normalises exponentials along rows. The largest element of a row is subtracted first, so no finite input
// overflows; the sum of exponentials is accumulated in float64, in order of columns, whatever T.

import (
	"fmt"
	"math"
)

// Softmax stores exp(x)/Σexp(x) of every row in dst.
//
//	x, dst [rows, cols]
//
// A row of -Inf only gives NaN, as does a row with +Inf or NaN. dst may be x. It panics if a length is not rows·cols.
func Softmax[T Float](dst, x []T, rows, cols int) {
	sameRows("Softmax", len(dst), len(x), rows, cols)
	for r := range rows {
		d, x := dst[r*cols:(r+1)*cols], x[r*cols:(r+1)*cols]
		if cols == 0 {
			return
		}
		m := float64(Max(x))
		var s float64
		for i, v := range x {
			e := math.Exp(float64(v) - m)
			s += e
			d[i] = T(e)
		}
		Scale(d, T(1/s), d)
	}
}

// LogSoftmax stores x - log Σexp(x) of every row in dst.
//
//	x, dst [rows, cols]
//
// dst may be x. It panics if a length is not rows·cols.
func LogSoftmax[T Float](dst, x []T, rows, cols int) {
	sameRows("LogSoftmax", len(dst), len(x), rows, cols)
	for r := range rows {
		d, x := dst[r*cols:(r+1)*cols], x[r*cols:(r+1)*cols]
		l := logSumExp(x)
		for i, v := range x {
			d[i] = T(float64(v) - l)
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
	for r := range rows {
		dst[r] = T(logSumExp(x[r*cols : (r+1)*cols]))
	}
}

// logSumExp returns m + log Σexp(x-m) with m = max(x); an infinite m is left out, so a row of -Inf gives -Inf, not NaN.
func logSumExp[T Float](x []T) float64 {
	if len(x) == 0 {
		return math.Inf(-1)
	}
	m := float64(Max(x))
	if math.IsInf(m, 0) {
		m = 0
	}
	var s float64
	for _, v := range x {
		s += math.Exp(float64(v) - m)
	}
	return m + math.Log(s)
}

func sameRows(op string, dst, x, rows, cols int) {
	if rows < 0 || cols < 0 || dst != rows*cols || x != dst {
		panic(fmt.Sprintf("vec: %s: lengths %d and %d for %d rows of %d", op, dst, x, rows, cols))
	}
}
