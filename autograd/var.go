package autograd

import (
	"fmt"

	"github.com/tutti-ml/tutti/internal/caller"
	"github.com/tutti-ml/tutti/tensor"
)

// Var is a value on a tape: a constant, a parameter or the result of an op. It is valid until its tape is Reset, or
// Releases it: from then on it is stale, and every op and method panics that is given it. A state that outlives a step,
// as of a recurrent layer, is carried over as a constant (see [layers.Carry]).
//
// [layers.Carry]: https://pkg.go.dev/github.com/tutti-ml/tutti/layers#Carry
type Var struct {
	tape  *Tape          // nil: stale
	value *tensor.Tensor // contiguous
	// grad is the gradient of the loss with respect to value, as far as it has been added up; nil before the first
	// contribution. Only its elements count: an op that keeps the elements in place hands the tensor on as it is, whatever
	// its shape.
	grad            *tensor.Tensor
	param           *Param         // of a parameter's Var
	rows, rowValues *tensor.Tensor // a part of a table's gradient by rows, beside grad (see sparse.go); nil if there is none
	adjoint         *Var           // while Gradients runs: the gradient, as a Var
	needs           bool           // a parameter lies behind value, so a gradient is wanted
	leaf            bool           // watched: what Backward adds up stays
	external        bool           // grad is the caller's memory: add to it, never hand it on or recycle it
}

// Value returns the tensor that v stands for. It belongs to the tape (or to the parameter): read it, and Clone it if it must
// outlive the next Reset.
func (v *Var) Value() *tensor.Tensor {
	v.mustLive()
	return v.value
}

// Tape returns the tape that v is on.
func (v *Var) Tape() *Tape {
	v.mustLive()
	return v.tape
}

// Shape returns the shape of the value. The slice belongs to the value.
func (v *Var) Shape() []int { return v.Value().Shape() }

// Dim returns the length of axis i of the value; a negative i counts from the last axis.
func (v *Var) Dim(i int) int { return v.Value().Dim(i) }

// Rank returns the number of axes of the value.
func (v *Var) Rank() int { return v.Value().Rank() }

// Len returns the number of elements of the value.
func (v *Var) Len() int { return v.Value().Len() }

// DType returns the dtype of the value, Float32 or Float64.
func (v *Var) DType() tensor.DType { return v.Value().DType() }

// Item returns the one element of v, a loss for example. It panics if v has more or fewer.
func (v *Var) Item() float64 {
	if v.Len() != 1 {
		panic(fmt.Sprintf("autograd: Item: shape %v has %d elements, not one", v.Shape(), v.Len()))
	}
	if v.DType() == tensor.Float32 {
		return float64(tensor.Data[float32](v.value)[0])
	}
	return tensor.Data[float64](v.value)[0]
}

// mustLive panics if v is nil or stale.
func (v *Var) mustLive() {
	if v == nil || v.tape == nil {
		v.panicStale()
	}
}

func (v *Var) panicStale() {
	if v == nil {
		panic(fmt.Sprintf("%s: a Var is nil", caller.Name("autograd")))
	}
	panic(fmt.Sprintf("%s: a Var is stale: since it was made, its tape was Reset, or Released it: Clone the values "+
		"that must outlive that, or carry them over by a layers.Carry", caller.Name("autograd")))
}
