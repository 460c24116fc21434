//go:build linux

package main

import (
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/optim"
)

// A benchCase is one model and one batch, the same as in peer.py.
type benchCase struct {
	name, title string
	batch       int
	step        func(rng *rand.Rand) func() // prepares a step
}

var cases = []benchCase{
	{"mlp", "MLP 784-512-512-10, training", 128, func(rng *rand.Rand) func() {
		return classify(rng, mlp(rng), 10, 128, 784)
	}},
	{"lenet", "LeNet-5, training", 128, func(rng *rand.Rand) func() {
		return classify(rng, models.LeNet5(rng), 10, 128, 1, 28, 28)
	}},
	{"lstm", "LSTM 2×256, T 64, training", 32, func(rng *rand.Rand) func() {
		return classify(rng, lastOf{layers.NewLSTM(rng, layers.RecurrentConfig{In: 256, Units: 256, Layers: 2}), layers.NewLinear(rng, 256, 10)}, 10, 32, 64, 256)
	}},
	{"transformer", "transformer block D 256, T 128, training", 16, func(rng *rand.Rand) func() {
		block := layers.NewTransformerEncoderLayer(rng, layers.TransformerConfig{Features: 256, Heads: 4, Activation: layers.GELU{}})
		x := normal(rng, 16, 128, 256)
		return trainer(block, func(t *autograd.Tape) *autograd.Var {
			return autograd.Mean(autograd.Square(block.Forward(t, t.Const(x))))
		})
	}},
	{"ncf", "NCF 6040×3706, training", 1024, func(rng *rand.Rand) func() { return recommend(rng, false) }},
	{"ncf-sparse", "NCF 6040×3706, gradients by rows", 1024, func(rng *rand.Rand) func() { return recommend(rng, true) }},
	{"mlp-infer", "MLP 784-512-512-10, inference", 128, func(rng *rand.Rand) func() {
		return infer(mlp(rng), normal(rng, 128, 784))
	}},
	{"lenet-infer", "LeNet-5, inference", 128, func(rng *rand.Rand) func() {
		return infer(models.LeNet5(rng), normal(rng, 128, 1, 28, 28))
	}},
	{"lenet-infer-1", "LeNet-5, inference", 1, func(rng *rand.Rand) func() {
		return infer(models.LeNet5(rng), normal(rng, 1, 1, 28, 28))
	}},
}

func mlp(rng *rand.Rand) layers.Sequential {
	return layers.Sequential{layers.NewLinear(rng, 784, 512), layers.ReLU{}, layers.NewLinear(rng, 512, 512), layers.ReLU{}, layers.NewLinear(rng, 512, 10)}
}

// lastOf classifies a sequence by its last step.
type lastOf struct {
	LSTM *layers.LSTM
	Out  *layers.Linear
}

func (m lastOf) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return m.Out.Forward(t, autograd.Select(m.LSTM.Forward(t, x), 1, -1))
}

// ncf is a perceptron on a user's and an item's vector.
type ncf struct {
	Users, Items *layers.Embedding
	Net          layers.Sequential
}

func normal(rng *rand.Rand, shape ...int) *tensor.Tensor {
	x := tensor.New(tensor.Float32, shape...)
	x.Normal(rng, 0, 1)
	return x
}

func below(rng *rand.Rand, n, limit int) *tensor.Tensor {
	x := tensor.New(tensor.Int64, n)
	for i := range tensor.Data[int64](x) {
		tensor.Data[int64](x)[i] = rng.Int64N(int64(limit))
	}
	return x
}

func params(model any) []*autograd.Param {
	var all []*autograd.Param
	for _, p := range layers.Params(model) {
		all = append(all, p.Param)
	}
	return all
}

// trainer returns a step of training: forward, backward, update by SGD.
func trainer(model any, loss func(t *autograd.Tape) *autograd.Var) func() {
	set := autograd.NewSet(params(model))
	grad := tensor.New(tensor.Float32, set.Len())
	tape := autograd.NewTape(autograd.Train, nil)
	tape.GradsInto(set, grad)
	sgd := optim.SGD{LR: 0.01}.New(set.Len())
	return func() {
		tape.Reset(nil)
		grad.Zero()
		tape.Backward(loss(tape))
		sgd.Step(tensor.Data[float32](set.Value()), tensor.Data[float32](grad), 0.01)
	}
}

func classify(rng *rand.Rand, model layers.Layer, classes int, shape ...int) func() {
	x, y := normal(rng, shape...), below(rng, shape[0], classes)
	return trainer(model, func(t *autograd.Tape) *autograd.Var {
		return layers.CrossEntropy{}.Loss(t, model.Forward(t, t.Const(x)), y)
	})
}

// recommend trains an ncf; byRows leaves rows of the tables alone that the batch did not look up.
func recommend(rng *rand.Rand, byRows bool) func() {
	const batch = 1024
	m := &ncf{layers.NewEmbedding(rng, 6040, 64), layers.NewEmbedding(rng, 3706, 64), layers.Sequential{
		layers.NewLinear(rng, 128, 64), layers.ReLU{}, layers.NewLinear(rng, 64, 32), layers.ReLU{}, layers.NewLinear(rng, 32, 1)}}
	users, items := below(rng, batch, 6040), below(rng, batch, 3706)
	y := tensor.New(tensor.Float32, batch, 1)
	for i := range tensor.Data[float32](y) {
		tensor.Data[float32](y)[i] = float32(rng.IntN(2))
	}
	loss := func(t *autograd.Tape) *autograd.Var {
		h := m.Net.Forward(t, autograd.Concat(1, m.Users.Lookup(t, users), m.Items.Lookup(t, items)))
		return layers.BCEWithLogits{}.Loss(t, h, y)
	}
	if !byRows {
		return trainer(m, loss)
	}
	set := autograd.NewSet(params(m.Net))
	grad := tensor.New(tensor.Float32, set.Len())
	tape := autograd.NewTape(autograd.Train, nil)
	tape.GradsInto(set, grad)
	sgd := optim.SGD{LR: 0.01}.New(set.Len())
	tables := []*autograd.Param{m.Users.Weight, m.Items.Weight}
	var steppers []optim.RowStepper
	for _, p := range tables {
		steppers = append(steppers, optim.SGD{LR: 0.01}.New(p.Value().Len()).(optim.RowStepper))
	}
	return func() {
		tape.Reset(nil)
		grad.Zero()
		tape.Backward(loss(tape))
		sgd.Step(tensor.Data[float32](set.Value()), tensor.Data[float32](grad), 0.01)
		for i, p := range tables {
			rows, values, ok := tape.SparseGrad(p)
			if !ok {
				panic("torch: the gradient of a table is dense")
			}
			steppers[i].StepRows(tensor.Data[float32](p.Value()), 64, tensor.Data[int64](rows), tensor.Data[float32](values), 0.01)
		}
	}
}

func infer(model layers.Layer, x *tensor.Tensor) func() {
	tape := autograd.NewTape(autograd.Infer, nil)
	return func() {
		tape.Reset(nil)
		model.Forward(tape, tape.Const(x))
	}
}
