package dataset

import (
	"fmt"

	"github.com/tutti-ml/tutti/tensor"
)

// Cut makes b samples lo ≤ i < hi of from, copied into b's own memory, which it reuses. Tensors that were put into X or
// Y by hand are viewed, not copied. It panics unless 0 ≤ lo ≤ hi ≤ from.N, and if b is from.
func (b *Batch) Cut(from *Batch, lo, hi int) {
	if lo < 0 || hi < lo || hi > from.N || b == from {
		panic(fmt.Sprintf("dataset: Batch.Cut: samples [%d, %d) of %d, into itself %v", lo, hi, from.N, b == from))
	}
	if len(from.cols) == 0 {
		*b = Batch{spec: from.spec, N: hi - lo}
	} else {
		b.Resize(hi-lo, from.spec)
		rows := make([]int32, hi-lo)
		for i := range rows {
			rows[i] = int32(lo + i)
		}
		b.take(0, from, rows)
	}
	b.Epoch = from.Epoch
	view := func(own, whole *tensor.Tensor, column int) *tensor.Tensor {
		switch {
		case whole == nil:
			return nil
		case len(from.cols) > 0 && whole == from.tensorAt(column):
			return own
		}
		return whole.Slice(0, lo, hi)
	}
	b.X, b.Y = view(b.X, from.X, from.spec.input()), view(b.Y, from.Y, from.spec.output())
}
