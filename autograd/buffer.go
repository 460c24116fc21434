package autograd

import (
	"fmt"

	"github.com/tutti-ml/tutti/tensor"
)

// Buffer is a tensor that belongs to a model, is saved with it and is not trained by gradients: a running mean, a count of
// batches. Any dtype will do.
type Buffer struct{ value *tensor.Tensor }

// NewBuffer returns a buffer whose value is x itself, not a copy. It panics unless x is contiguous.
func NewBuffer(x *tensor.Tensor) *Buffer {
	if !x.IsContiguous() {
		panic(fmt.Sprintf("autograd: NewBuffer: shape %v is not contiguous: take Contiguous() first", x.Shape()))
	}
	return &Buffer{value: x}
}

// Value returns the buffer's tensor.
func (b *Buffer) Value() *tensor.Tensor { return b.value }

// Replace makes x itself the buffer's value. The shape must stay; the dtype may change. Not while a tape uses it.
func (b *Buffer) Replace(x *tensor.Tensor) {
	if !x.SameShape(b.value) {
		panic(fmt.Sprintf("autograd: Buffer.Replace: shapes %v and %v", b.value.Shape(), x.Shape()))
	}
	b.value = NewBuffer(x).value
}
