package models_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor"
)

const words = 11

var wordModels = []struct {
	name    string
	new     func(rng *rand.Rand) layers.Layer
	classes int // 0: a language model
	rate    float32
}{
	{"LSTM", func(rng *rand.Rand) layers.Layer {
		return models.NewLSTMLanguageModel(rng, models.LSTMConfig{Words: words, Features: 32, Dropout: 0})
	}, 0, 4},
	{"LSTM, tied", func(rng *rand.Rand) layers.Layer {
		return models.NewLSTMLanguageModel(rng, models.LSTMConfig{Words: words, Features: 32, Layers: 1, Tied: true})
	}, 0, 4},
	{"GPT", func(rng *rand.Rand) layers.Layer {
		return models.NewGPT(rng, models.TransformerSizes{Words: words, Steps: 8, Features: 32, Heads: 4, Layers: 2})
	}, 0, 0.3},
	{"GPT, rotary", func(rng *rand.Rand) layers.Layer {
		return models.NewGPT(rng, models.TransformerSizes{Words: words, Features: 32, Heads: 4, Layers: 2, Rotary: true})
	}, 0, 0.3},
	{"transformer encoder", func(rng *rand.Rand) layers.Layer {
		return models.NewTransformerClassifier(rng, models.TransformerSizes{Words: words, Steps: 8, Features: 32, Heads: 4, Layers: 2}, 3)
	}, 3, 0.1},
	{"text CNN", func(rng *rand.Rand) layers.Layer {
		return models.NewTextCNN(rng, models.TextCNNConfig{Words: words, Classes: 3, Features: 16, Filters: 8})
	}, 3, 0.2},
}

// texts returns n random sequences of words, and for each the class or the words that follow.
func texts(rng *rand.Rand, n, steps, classes int) (x, target *tensor.Tensor) {
	x = tensor.New(tensor.Float32, n, steps)
	data := tensor.Data[float32](x)
	for i := range data {
		data[i] = float32(rng.IntN(words))
	}
	for i := range n { // the first word says which text it is, or nobody could know what follows
		data[i*steps] = float32(i)
	}
	if classes > 0 {
		target = tensor.New(tensor.Int64, n)
		for i := range n {
			tensor.Data[int64](target)[i] = int64(rng.IntN(classes))
		}
		return x, target
	}
	target = tensor.New(tensor.Int64, n, steps)
	for i := range data {
		if i%steps == steps-1 {
			tensor.Data[int64](target)[i] = int64(rng.IntN(words))
		} else {
			tensor.Data[int64](target)[i] = int64(data[i+1])
		}
	}
	return x, target
}

// Every model must be able to learn a few random texts by heart with gradient descent and momentum.
func TestWordModelsOverfit(t *testing.T) {
	for _, m := range wordModels {
		t.Run(m.name, func(t *testing.T) {
			const n, length, momentum = 4, 6, 0.9
			rng := rand.New(rand.NewPCG(1, 2))
			net := m.new(rng)
			x, target := texts(rng, n, length, m.classes)
			var loss layers.Loss = models.NextWord{}
			classes := words
			if m.classes > 0 {
				loss, classes = layers.CrossEntropy{}, m.classes
			}
			var params []*autograd.Param
			for _, p := range layers.Params(net) {
				params = append(params, p.Param)
			}
			set := autograd.NewSet(params)
			grad, velocity := tensor.New(tensor.Float32, set.Len()), make([]float32, set.Len())
			tape := autograd.NewTape(autograd.Train, rng)
			tape.GradsInto(set, grad)
			first, last, steps := 0.0, math.Inf(1), 0
			for ; steps < 400 && last > 0.02; steps++ {
				tape.Reset(rng)
				grad.Zero()
				l := loss.Loss(tape, net.Forward(tape, tape.Const(x)), target)
				tape.Backward(l)
				g := tensor.Data[float32](grad)
				if norm := float32(math.Sqrt(float64(vec.SumSq(g)))); norm > 1 { // as the papers do
					vec.Scale(g, 1/norm, g)
				}
				vec.SGDMomentum(tensor.Data[float32](set.Value()), g, velocity, vec.SGDCoef{Momentum: momentum, New: 1, Rate: m.rate * (1 - momentum)})
				if last = l.Item(); steps == 0 {
					first = last
				}
			}
			assert.InDelta(t, math.Log(float64(classes)), first, 1, "the first loss should be near the logarithm of the number of classes")
			assert.LessOrEqual(t, last, 0.02, "after %d steps", steps)
			t.Logf("%d steps", steps)
		})
	}
}

// A language model must not look ahead: other words at the end change nothing before.
func TestLanguageModelsAreCausal(t *testing.T) {
	for _, m := range wordModels {
		if m.classes > 0 {
			continue
		}
		rng := rand.New(rand.NewPCG(1, 2))
		net := m.new(rng)
		x, _ := texts(rng, 1, 6, 0)
		tape := autograd.NewTape(autograd.Infer, nil)
		a := net.Forward(tape, tape.Const(x.Clone())).Value()
		assert.Equal(t, []int{1, 6, words}, a.Shape())
		tensor.Data[float32](x)[4] = float32(int(tensor.Data[float32](x)[4]+1) % words)
		b := net.Forward(tape, tape.Const(x)).Value()
		assert.Equal(t, tensor.Data[float32](a)[:4*words], tensor.Data[float32](b)[:4*words], m.name)
		assert.NotEqual(t, tensor.Data[float32](a)[4*words:], tensor.Data[float32](b)[4*words:], m.name)
	}
}

// Reading a text in two pieces with the state handed on must be reading it at once.
func TestLSTMContinues(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	m := models.NewLSTMLanguageModel(rng, models.LSTMConfig{Words: words, Features: 8})
	x, _ := texts(rng, 2, 6, 0)
	tape := autograd.NewTape(autograd.Infer, nil)
	whole := m.Forward(tape, tape.Const(x))
	_, state := m.Continue(tape, tape.Const(x.Slice(1, 0, 4)), nil)
	rest, _ := m.Continue(tape, tape.Const(x.Slice(1, 4, 6)), state)
	want := whole.Value().Slice(1, 4, 6).Contiguous()
	assert.InDeltaSlice(t, tensor.Data[float32](want), tensor.Data[float32](rest.Value()), 1e-6)
	assert.PanicsWithValue(t, "models: TextCNN: x [2 2], want [N, T] with T at least 5", func() {
		models.NewTextCNN(rng, models.TextCNNConfig{Words: words, Classes: 2}).Forward(tape, tape.Const(x.Slice(1, 0, 2)))
	})
}
