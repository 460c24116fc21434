package vec

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/parallel"
)

// LayerNorm stores (x - mean)·rstd·gain + bias in dst, row by row, where mean is a row's mean, var the mean square of its
// distance from that, and rstd = 1/√(var + eps). It keeps mean and rstd, which the gradient needs, unless these are nil.
//
//	x, dst [rows, cols]   gain, bias [cols] or nil   mean, rstd [rows] or nil
//
// Every operation is rounded to T in the order of the formula, and sums are those of Sum and SumSq, so the bits are the
// same on every machine. Where the mean is more than 64 standard deviations from zero it is corrected by the mean of
// what is left, so that a row of equal elements gives the bias. A row whose Σ(x-mean)² overflows gives NaN, as
// PyTorch's does, and so is heard of. dst may be x. It panics if a length disagrees, or if rows have no columns.
// Source: Ba, Kiros and Hinton, arXiv:1607.06450.
func LayerNorm[T Float](dst, x, gain, bias, mean, rstd []T, rows, cols int, eps T) {
	sameRows("LayerNorm", len(dst), len(x), rows, cols)
	if rows == 0 {
		return
	}
	nonEmpty("LayerNorm", cols)
	for _, v := range []struct {
		name      string
		have, len int
		isNil     bool
	}{{"gain", len(gain), cols, gain == nil}, {"bias", len(bias), cols, bias == nil},
		{"mean", len(mean), rows, mean == nil}, {"rstd", len(rstd), rows, rstd == nil}} {
		if !v.isNil && v.have != v.len {
			panic(fmt.Sprintf("vec: LayerNorm: %s of length %d for %d rows of %d", v.name, v.have, rows, cols))
		}
	}
	t := newTask[T]()
	t.dst, t.a, t.b, t.alpha, t.cols = dst, x, gain, eps, cols
	t.bias, t.mean, t.rstd = bias, mean, rstd
	parallel.For(rows, max(1, 8<<10/cols), t.doNorm)
	t.done()
}

// Rstd returns 1/√(square + eps), for a mean square and what keeps it from zero: NaN, not 0, where the square has
// overflowed.
func Rstd[T Float](square T, eps float64) T {
	if math.IsInf(float64(square), 1) {
		return T(math.NaN())
	}
	return T(1 / math.Sqrt(float64(square)+eps))
}

// farMean reports whether the rounding error of a mean may show in numbers of the given mean square distance from it.
func farMean(mean, square float64) bool { return square < mean*mean*0x1p-12 }

// norm normalises rows lo to hi.
func (t *task[T]) norm(lo, hi int) {
	n := T(t.cols)
	for r := lo; r < hi; r++ {
		x, d := t.a[r*t.cols:(r+1)*t.cols], t.dst[r*t.cols:(r+1)*t.cols]
		mean := Sum(x) / n
		apply(kernel.OpAddScalar, d, x, nil, -mean)
		square := SumSq(d) / n
		if farMean(float64(mean), float64(square)) {
			rest := Sum(d) / n
			mean += rest
			apply(kernel.OpAddScalar, d, d, nil, -rest)
			square = SumSq(d) / n
		}
		rstd := Rstd(square, float64(t.alpha))
		apply(kernel.OpScale, d, d, nil, rstd)
		if t.b != nil {
			apply(kernel.OpMul, d, d, t.b, 0)
		}
		if t.bias != nil {
			apply(kernel.OpAdd, d, d, t.bias, 0)
		}
		if t.mean != nil {
			t.mean[r] = mean
		}
		if t.rstd != nil {
			t.rstd[r] = rstd
		}
	}
}
