package autograd

import (
	"fmt"

	"github.com/tutti-ml/tutti/tensor"
)

// Param is a tensor that training changes. It holds the value alone: gradients are the tape's, moments the optimizer's.
type Param struct {
	// Frozen keeps the parameter out of training: its Vars are constants, and it has no gradient. Change it between
	// steps, and make a [Set] that holds it anew, or an optimizer's weight decay and momentum go on moving it.
	Frozen bool
	// Sparse asks training to keep the gradient by rows: train.Run then exchanges and steps only those rows of the parameter
	// [V, ...] that a batch looked up. It is for tables that lookups alone use; a tape takes no notice of it. Change it between runs.
	Sparse bool

	value *tensor.Tensor
	set   *Set // whose vector value is a part of; nil if there is none
}

// NewParam returns a parameter whose value is x itself, not a copy. It panics unless x is Float32 or Float64 and contiguous.
func NewParam(x *tensor.Tensor) *Param {
	mustFloat("NewParam", x)
	if !x.IsContiguous() {
		panic(fmt.Sprintf("autograd: NewParam: shape %v is not contiguous: take Contiguous() first", x.Shape()))
	}
	return &Param{value: x}
}

// Value returns the parameter's tensor, which an optimizer writes to between steps. A [Set] made later replaces it by a view
// of its flat vector, so ask again rather than keep it.
func (p *Param) Value() *tensor.Tensor { return p.value }

// Replace makes x itself the parameter's value. The shape must stay; the dtype may change, to Float32 or Float64. A
// [Set] that held the old value is stale from now on. Not while a tape uses it.
func (p *Param) Replace(x *tensor.Tensor) {
	if !x.SameShape(p.value) {
		panic(fmt.Sprintf("autograd: Replace: shapes %v and %v", p.value.Shape(), x.Shape()))
	}
	p.value, p.set = NewParam(x).value, nil
}

func mustFloat(op string, x *tensor.Tensor) {
	if d := x.DType(); d != tensor.Float32 && d != tensor.Float64 {
		panic(fmt.Sprintf("autograd: %s: dtype %v: arithmetic is in float32 and float64", op, d))
	}
}
