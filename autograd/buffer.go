package autograd

import (
	"fmt"
	"sync"

	"github.com/tutti-ml/tutti/tensor"
)

// Buffer is a tensor that belongs to a model, is saved with it and is not trained by gradients: a running mean, a count of
// batches. Any dtype will do. A layer changes it by [Tape.Observe] and [Buffer.Add], so that replicas may share it.
type Buffer struct {
	mu    sync.Mutex // held to change elements
	value *tensor.Tensor
}

// NewBuffer returns a buffer whose value is x itself, not a copy. It panics unless x is contiguous.
func NewBuffer(x *tensor.Tensor) *Buffer {
	if !x.IsContiguous() {
		panic(fmt.Sprintf("autograd: NewBuffer: shape %v is not contiguous: take Contiguous() first", x.Shape()))
	}
	return &Buffer{value: x}
}

// Value returns the buffer's tensor. Do not read its elements while a training tape runs over the model.
func (b *Buffer) Value() *tensor.Tensor { return b.value }

// Replace makes x itself the buffer's value. The shape must stay; the dtype may change. Not while a tape uses it.
func (b *Buffer) Replace(x *tensor.Tensor) {
	if !x.SameShape(b.value) {
		panic(fmt.Sprintf("autograd: Buffer.Replace: shapes %v and %v", b.value.Shape(), x.Shape()))
	}
	b.value = NewBuffer(x).value
}

// Average moves the buffer towards sample, of the same shape and dtype, Float32 or Float64: b ← (1−rate)·b + rate·sample, in
// float64, rounded once. Several goroutines may call it; the result then depends on who came first.
func (b *Buffer) Average(rate float64, sample *tensor.Tensor) {
	mustFloat("Buffer.Average", sample)
	if !sample.SameShape(b.value) || sample.DType() != b.value.DType() {
		panic(fmt.Sprintf("autograd: Buffer.Average: buffer %v %v, sample %v %v",
			b.value.DType(), b.value.Shape(), sample.DType(), sample.Shape()))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.value.DType() == tensor.Float32 {
		average(tensor.Data[float32](b.value), rate, tensor.Data[float32](sample))
	} else {
		average(tensor.Data[float64](b.value), rate, tensor.Data[float64](sample))
	}
}

func average[T float32 | float64](b []T, rate float64, sample []T) {
	for i, s := range sample {
		b[i] = T((1-rate)*float64(b[i]) + rate*float64(s))
	}
}

// Add adds n to a count, an Int64 buffer of one element, and returns the sum. Several goroutines may call it.
func (b *Buffer) Add(n int64) int64 {
	if b.value.DType() != tensor.Int64 || b.value.Len() != 1 {
		panic(fmt.Sprintf("autograd: Buffer.Add: buffer %v %v, want int64 and one element", b.value.DType(), b.value.Shape()))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	count := tensor.Data[int64](b.value)
	count[0] += n
	return count[0]
}

// Count returns the value of a count.
func (b *Buffer) Count() int64 { return b.Add(0) }

// Observe reports what a layer saw of its batch: the buffer is to move towards sample at the given rate, see [Buffer.Average],
// or, if sample is nil, to count one batch more. It does so at once, unless [Tape.OnObserve] says who collects observations.
func (t *Tape) Observe(b *Buffer, rate float64, sample *tensor.Tensor) {
	switch {
	case t.onObserve != nil:
		t.onObserve(b, rate, sample)
	case sample == nil:
		b.Add(1)
	default:
		b.Average(rate, sample)
	}
}

// OnObserve hands every observation of this tape to fn instead of carrying it out; nil ends it. Whoever runs several replicas
// over one model collects what they saw and averages it in an order of its own, so that the result does not depend on which
// replica was first. fn must not keep sample, which belongs to the tape.
func (t *Tape) OnObserve(fn func(b *Buffer, rate float64, sample *tensor.Tensor)) { t.onObserve = fn }
