package layers

import (
	"fmt"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// This file is the interface of models that have several inputs.

// Columns gives the inputs of a batch by name. *dataset.Batch is one.
type Columns interface {
	// Col returns a column [N, ...] in its own dtype, to be read only. It panics on an unknown name.
	Col(name string) *tensor.Tensor
}

// MultiLayer is a model of several inputs, which it takes from the batch by name, each in its own dtype: ids as
// Int64, as Embedding.Lookup wants them. train.Run, Evaluate and Predict take one where they take a Layer.
type MultiLayer interface {
	ForwardColumns(t *autograd.Tape, in Columns) *autograd.Var
}

// IsModel reports whether Apply takes model: a Layer or a MultiLayer.
func IsModel(model any) bool {
	switch model.(type) {
	case MultiLayer, Layer:
		return true
	}
	return false
}

// Apply returns model's result for a batch: a MultiLayer takes its inputs from in, and any other Layer has the one
// input x, the batch's first, as Input gives it in the given dtype. A model that is both is taken for a MultiLayer.
// It panics if model is neither, or if it is a Layer and x is nil: the batch has no such input, or it is ragged.
func Apply(t *autograd.Tape, model any, in Columns, x *tensor.Tensor, d tensor.DType) *autograd.Var {
	switch m := model.(type) {
	case MultiLayer:
		return m.ForwardColumns(t, in)
	case Layer:
		if x == nil {
			panic(fmt.Sprintf("layers: Apply: %T takes one input, and the batch's first column is no tensor", model))
		}
		return m.Forward(t, Input(t, x, d))
	}
	panic(fmt.Sprintf("layers: Apply: %T is neither a Layer nor a MultiLayer", model))
}

// Input returns x as a constant of dtype d, Float32 or Float64, cast to it if need be. It panics at an integer past
// 2²⁴, or 2⁵³ in Float64, from where on d has not all of them: a MultiLayer looks such ids up as they are.
func Input(t *autograd.Tape, x *tensor.Tensor, d tensor.DType) *autograd.Var {
	if x.DType() == d {
		return t.Const(x)
	}
	limit := int64(1 << 24)
	if d == tensor.Float64 {
		limit = 1 << 53
	}
	switch x.DType() {
	case tensor.Int64:
		mustHold(tensor.Data[int64](x.Contiguous()), limit, d)
	case tensor.Int32:
		mustHold(tensor.Data[int32](x.Contiguous()), limit, d)
	}
	return t.Const(x.Cast(d))
}

func mustHold[T int32 | int64](x []T, limit int64, d tensor.DType) {
	for i, v := range x {
		if int64(v) > limit || int64(v) < -limit {
			panic(fmt.Sprintf("layers: Input: element %d is %d, which %v may not hold: take it as a MultiLayer does", i, v, d))
		}
	}
}
