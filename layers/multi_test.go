package layers_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

type inputs map[string]*tensor.Tensor

func (c inputs) Col(name string) *tensor.Tensor { return c[name] }

// difference takes two columns, and has a Forward too, which Apply must leave alone.
type difference struct{ layers.Identity }

func (difference) ForwardColumns(t *autograd.Tape, in layers.Columns) *autograd.Var {
	return autograd.Sub(t.Const(in.Col("a")), t.Const(in.Col("b")))
}

func TestApply(t *testing.T) {
	tape := autograd.NewTape(autograd.Infer, nil)
	a, b := tensor.FromSlice([]float32{5, 7}, 2), tensor.FromSlice([]float32{1, 2}, 2)
	got := layers.Apply(tape, difference{}, inputs{"a": a, "b": b}, nil, tensor.Float32)
	assert.Equal(t, []float32{4, 5}, tensor.Data[float32](got.Value()))
	got = layers.Apply(tape, layers.Identity{}, nil, a, tensor.Float64)
	assert.Equal(t, []float64{5, 7}, tensor.Data[float64](got.Value()))
	assert.True(t, layers.IsModel(difference{}) && layers.IsModel(layers.ReLU{}) && !layers.IsModel(3))
	assert.PanicsWithValue(t, "layers: Apply: int is neither a Layer nor a MultiLayer",
		func() { layers.Apply(tape, 3, nil, a, tensor.Float32) })
	assert.PanicsWithValue(t, "layers: Apply: layers.Identity takes one input, and the batch's first column is no tensor",
		func() { layers.Apply(tape, layers.Identity{}, nil, nil, tensor.Float32) })
}

func TestInput(t *testing.T) {
	tape := autograd.NewTape(autograd.Infer, nil)
	for _, x := range []*tensor.Tensor{tensor.FromSlice([]int64{1 << 24, -3}, 2),
		tensor.FromSlice([]int32{1 << 24, -3}, 2)} {
		assert.Equal(t, []float32{1 << 24, -3}, tensor.Data[float32](layers.Input(tape, x, tensor.Float32).Value()))
	}
	x := tensor.FromSlice([]int64{0, 1<<24 + 1}, 2)
	assert.Equal(t, []float64{0, 1<<24 + 1}, tensor.Data[float64](layers.Input(tape, x, tensor.Float64).Value()))
	assert.PanicsWithValue(t,
		"layers: Input: element 1 is 16777217, which float32 may not hold: take it as a MultiLayer does", func() { layers.Input(tape, x, tensor.Float32) })
}
