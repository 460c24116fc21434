package vec

// This file normalises short rows, such as the scores of ten classes, for which a kernel's call costs more than its work: the
// exponentials of many rows are one call, and sums are taken in float64 in order of columns.

import (
	"math"

	"github.com/tutti-ml/tutti/blas/kernel"
)

const (
	shortRow   = 24  // columns that a row may have
	shortBatch = 512 // elements that go through the kernel at once
)

// softmaxShort is softmax for rows of shortRow columns at most.
func softmaxShort(dst, x []float32, cols int) {
	batch := shortBatch / cols * cols
	for len(x) >= cols {
		n := min(batch, len(x))
		part := dst[:n]
		lessLargest(part, x[:n], cols)
		kernel.Elementwise(isa, kernel.OpExp, part, part, nil, 0)
		for ; len(part) >= cols; part = part[cols:] {
			row := part[:cols]
			scale := float32(1 / total(row))
			for i := range row {
				row[i] *= scale
			}
		}
		dst, x = dst[n:], x[n:]
	}
}

// logSoftmaxShort is logSoftmax for rows of shortRow columns at most.
func logSoftmaxShort(dst, x []float32, cols int) {
	var buf [shortBatch]float32
	batch := shortBatch / cols * cols
	for len(x) >= cols {
		n := min(batch, len(x))
		part, e := dst[:n], buf[:n]
		lessLargest(part, x[:n], cols)
		kernel.Elementwise(isa, kernel.OpExp, e, part, nil, 0)
		for ; len(part) >= cols; part, e = part[cols:], e[cols:] {
			row := part[:cols]
			l := float32(math.Log(total(e[:cols]))) // NaN if the largest is infinite or NaN
			for i := range row {
				row[i] -= l
			}
		}
		dst, x = dst[n:], x[n:]
	}
}

// lessLargest stores in dst what x has less than the largest of its row.
func lessLargest(dst, x []float32, cols int) {
	for ; len(x) >= cols; dst, x = dst[cols:], x[cols:] {
		row, to := x[:cols], dst[:cols]
		m := row[0]
		for _, v := range row {
			m = max(m, v)
		}
		for i, v := range row {
			to[i] = v - m
		}
	}
}

// total returns the sum of x, in order.
func total(x []float32) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v)
	}
	return sum
}
