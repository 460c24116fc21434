package models_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor"
)

func TestAutoencoderOverfits(t *testing.T) {
	x := tensor.New(tensor.Float32, 6, 1, 8, 8)
	x.Uniform(random(), 0, 1)
	net := models.NewAutoencoder(random(), 64, 32, 16)
	flat := x.Reshape(6, 64)
	overfit(t, net, 0.1, 300, 0.01, func(tape *autograd.Tape) *autograd.Var {
		return layers.MSE{}.Loss(tape, net.Forward(tape, tape.Const(x)), flat)
	})
	tape := autograd.NewTape(autograd.Infer, nil)
	assert.Equal(t, []int{6, 16}, net.Encoder.Forward(tape, tape.Const(x)).Shape())
}

// Six samples of black and white: their entropy is 0, so all that is left of the bound is what the codes cost, log 6 at least.
func TestVAEOverfits(t *testing.T) {
	x := tensor.New(tensor.Float32, 6, 1, 4, 4)
	for i := range x.Len() {
		tensor.Data[float32](x)[i] = float32(random().IntN(2+i) % 2)
	}
	net := models.NewVAE(random(), 16, 32, 2)
	tape := autograd.NewTape(autograd.Train, random())
	first := net.Loss(tape, x).Item()
	overfit(t, net, 0.01, 400, 6, func(tape *autograd.Tape) *autograd.Var { return net.Loss(tape, x) })
	assert.Greater(t, first, 10.0, "16·log 2 before it has learnt anything")

	infer := autograd.NewTape(autograd.Infer, nil)
	a, b := net.Forward(infer, infer.Const(x)).Value(), net.Forward(infer, infer.Const(x)).Value()
	assert.True(t, a.Equal(b), "nothing is drawn on an infer tape")
	assert.Panics(t, func() { models.NewVAE(random(), 16, 2) })
}

// columns are the inputs of a model by name.
type columns map[string]*tensor.Tensor

func (c columns) Col(name string) *tensor.Tensor { return c[name] }

func TestNeuMFOverfits(t *testing.T) {
	net := models.NewNeuMF(random(), models.NeuMFConfig{Users: 5, Items: 7, Factors: 4, Hidden: []int{16, 8, 4}})
	pairs := columns{"user": tensor.FromSlice([]int64{0, 1, 4, 4, 3, 0}, 6),
		"item": tensor.FromSlice([]int64{6, 2, 0, 6, 3, 2}, 6)}
	liked := tensor.FromSlice([]float32{1, 0, 1, 0, 1, 0}, 6, 1)
	overfit(t, net, 0.3, 400, 0.02, func(tape *autograd.Tape) *autograd.Var {
		return layers.BCEWithLogits{}.Loss(tape, net.ForwardColumns(tape, pairs), liked)
	})
	assert.Equal(t, 5*4+7*4+(5+7)*8+16*8+8+8*4+4+8+1, layers.Count(net))
	tape := autograd.NewTape(autograd.Infer, nil)
	assert.Equal(t, []int{6, 1}, layers.Apply(tape, net, pairs, nil, tensor.Float32).Shape())
	assert.Panics(t, func() { models.NewNeuMF(random(), models.NeuMFConfig{Users: 1, Items: 1, Hidden: []int{3}}) })
}

func TestWideDeepOverfits(t *testing.T) {
	net := models.NewWideDeep(random(), models.WideDeepConfig{Features: 10, Fields: []int{4, 3}, Dense: 2, Embedding: 3, Hidden: []int{8}})
	wide := tensor.FromSlice([]int64{0, 9, 3, 4, 9, 9, 8, 1}, 4, 2)
	deep := tensor.FromSlice([]int64{0, 2, 3, 1, 1, 1, 0, 2}, 4, 2)
	dense := tensor.New(tensor.Float32, 4, 2)
	dense.Normal(random(), 0, 1)
	clicked := tensor.FromSlice([]float32{1, 0, 1, 0}, 4, 1)
	overfit(t, net, 0.1, 200, 0.02, func(tape *autograd.Tape) *autograd.Var {
		y := net.ForwardColumns(tape, columns{"wide": wide, "deep": deep, "dense": dense})
		return layers.BCEWithLogits{}.Loss(tape, y, clicked)
	})
	for _, v := range tensor.Data[float32](net.Wide.Weight.Value())[9:] {
		assert.Zero(t, v, "no feature has no weight")
	}
	tape := autograd.NewTape(autograd.Infer, nil)
	assert.PanicsWithValue(t, "models: WideDeep: deep [4 1], want [N, 2]", func() {
		net.Forward(tape, wide, deep.Slice(1, 0, 1), tape.Const(dense))
	})
}

// An id past 2²⁴ looks up its own row: as a float32 it would have been that of its even neighbour.
func TestNeuMFLooksUpLargeIDs(t *testing.T) {
	const id = 1<<24 + 1
	net := models.NewNeuMF(random(), models.NeuMFConfig{Users: 1, Items: 1, Factors: 1, Hidden: []int{2, 1}})
	for _, table := range []*layers.Embedding{net.UserGMF, net.UserMLP} { // 64 MiB each, zeros but for one row
		weight := tensor.New(tensor.Float32, id+1, 1)
		tensor.Data[float32](weight)[id] = 3
		table.Weight = autograd.NewParam(weight)
	}
	net.ItemGMF.Weight.Value().Fill(2)
	net.Predict.Weight.Value().Zero()
	tensor.Data[float32](net.Predict.Weight.Value())[0] = 1 // the product alone
	net.Predict.Bias.Value().Zero()
	tape := autograd.NewTape(autograd.Infer, nil)
	in := columns{"user": tensor.FromSlice([]int64{id, id - 1}, 2), "item": tensor.FromSlice([]int64{0, 0}, 2)}
	y := net.ForwardColumns(tape, in).Value()
	assert.Equal(t, []float32{6, 0}, tensor.Data[float32](y))
}
