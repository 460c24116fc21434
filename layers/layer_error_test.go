package layers_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// panicOf returns what fn panics with, as text.
func panicOf(t *testing.T, fn func()) (value any) {
	t.Helper()
	defer func() {
		value = recover()
		require.NotNil(t, value, "no panic")
	}()
	fn()
	return nil
}

// label is a layer that panics with an error that a caller may look for.
type label struct{}

func (label) Forward(*autograd.Tape, *autograd.Var) *autograd.Var {
	panic(&autograd.LabelError{Op: "Test", Label: 7})
}

func TestLayerError(t *testing.T) {
	linear := func(in int) *layers.Linear { return layers.NewLinear(seeded(), in, 4) }
	encoder := layers.NewTransformerEncoder(seeded(), 2, layers.TransformerConfig{Features: 4, Heads: 2})
	encoder.Layers[1] = nil
	highway := layers.NewHighway(seeded(), 3)
	highway.Gate = linear(5)
	for _, c := range []struct {
		model layers.Layer
		want  string
	}{
		{layers.Sequential{linear(3), layers.Func(autograd.ReLU), linear(5)}, "layers: 2 (Linear): "},
		{layers.Sequential{linear(3), layers.Residual{Body: layers.Sequential{linear(4), linear(5)}}},
			"layers: 1.Body.1 (Linear): "},
		{layers.Residual{Body: linear(3), Shortcut: linear(5)}, "layers: Shortcut (Linear): "},
		{layers.Concat{Branches: []layers.Layer{linear(3), linear(5)}}, "layers: Branches.1 (Linear): "},
		{layers.Parallel{linear(5)}, "layers: 0 (Linear): "},
		{highway, "layers: Gate (Linear): "},
		{layers.Sequential{linear(3), encoder}, "layers: 1.Layers.1 (TransformerEncoderLayer): the layer is nil"},
		{layers.Sequential{linear(3), nil}, "layers: 1 (<nil>): the layer is nil"},
		{layers.Sequential{(*layers.Linear)(nil)}, "layers: 0 (Linear): the layer is nil"},
		{layers.Residual{}, "layers: Body (<nil>): the layer is nil"},
		{layers.Concat{Branches: []layers.Layer{nil}}, "layers: Branches.0 (<nil>): the layer is nil"},
		{layers.Sequential{&layers.Linear{}}, "layers: 0 (Linear): autograd: Use: the parameter is nil: was its " +
			"layer made by its constructor?"},
	} {
		tape := autograd.NewTape(autograd.Train, seeded())
		x := tape.Const(tensor.New(tensor.Float32, 2, 3, 3))
		err, ok := panicOf(t, func() { c.model.Forward(tape, x) }).(error)
		require.True(t, ok)
		assert.ErrorContains(t, err, c.want)
		if c.want[len(c.want)-1] == ' ' { // the layer's own message follows
			assert.ErrorContains(t, err, "): autograd: Linear: ")
		}
	}
	err := panicOf(t, func() { layers.Sequential{label{}}.Forward(autograd.NewTape(autograd.Train, nil), nil) }).(error)
	var bad *autograd.LabelError
	require.True(t, errors.As(err, &bad), "the error behind is found")
	assert.EqualValues(t, 7, bad.Label)
	assert.Equal(t, "layers: 0 (layers_test.label): "+bad.Error(), err.Error())
}

// A constructor without a generator says so in its own name.
func TestNilGenerator(t *testing.T) {
	recurrent, model := layers.RecurrentConfig{In: 2, Units: 2}, layers.TransformerConfig{Features: 4, Heads: 2}
	for name, make := range map[string]func(rng *rand.Rand) any{
		"NewLinear": func(rng *rand.Rand) any { return layers.NewLinear(rng, 2, 3) },
		"NewConv1D": func(rng *rand.Rand) any {
			return layers.NewConv1D(rng, layers.Conv1DConfig{In: 1, Out: 1, Kernel: 1})
		},
		"NewConv2D": func(rng *rand.Rand) any {
			return layers.NewConv2D(rng, layers.Conv2DConfig{In: 1, Out: 1, Kernel: 1})
		},
		"NewEmbedding":          func(rng *rand.Rand) any { return layers.NewEmbedding(rng, 2, 3) },
		"NewLSTM":               func(rng *rand.Rand) any { return layers.NewLSTM(rng, recurrent) },
		"NewRecurrentCell":      func(rng *rand.Rand) any { return layers.NewRecurrentCell(rng, autograd.GRU, 2, 2) },
		"NewConvLSTM":           func(rng *rand.Rand) any { return layers.NewConvLSTM(rng, 1, 1, 1) },
		"NewMultiheadAttention": func(rng *rand.Rand) any { return layers.NewMultiheadAttention(rng, 4, 2) },
		"NewTransformerEncoder": func(rng *rand.Rand) any { return layers.NewTransformerEncoder(rng, 1, model) },
		"NewLearnedEncoding":    func(rng *rand.Rand) any { return layers.NewLearnedEncoding(rng, 2, 2) },
		"NewBilinear":           func(rng *rand.Rand) any { return layers.NewBilinear(rng, 2, 2, 2) },
		"NewSpectralNormLinear": func(rng *rand.Rand) any { return layers.NewSpectralNormLinear(rng, 2, 2) },
		"NewSeparableConv2D": func(rng *rand.Rand) any {
			return layers.NewSeparableConv2D(rng, layers.Conv2DConfig{In: 1, Out: 1, Kernel: 1}, 1)
		},
		"NewTransformerDecoderLayer": func(rng *rand.Rand) any { return layers.NewTransformerDecoderLayer(rng, model) },
	} {
		want := "layers: " + name + ": the generator is nil: pass rand.New(rand.NewPCG(seed, 0)), whose numbers " +
			"can be drawn again"
		assert.PanicsWithValue(t, want, func() { make(nil) })
	}
	assert.NotPanics(t, func() { layers.NewBatchNorm(2) }, "draws nothing")
}

// The gradient of a frozen parameter is nil, and reading it says what that means.
func TestGradOfFrozenParameter(t *testing.T) {
	l := layers.NewLinear(seeded(), 2, 1)
	l.Weight.Frozen = true
	tape := autograd.NewTape(autograd.Train, nil)
	tape.Backward(autograd.Sum(l.Forward(tape, tape.Const(tensor.New(tensor.Float32, 1, 2)))))
	assert.Nil(t, tape.Grad(l.Weight))
	assert.Equal(t, []float32{1}, tensor.Data[float32](tape.Grad(l.Bias)))
	assert.PanicsWithValue(t, "tensor: Data: the tensor is nil: for one, a parameter that is frozen or was not "+
		"used has no gradient",
		func() { tensor.Data[float32](tape.Grad(l.Weight)) })
}
