package models_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor"
)

// Every model must be able to learn eight random samples by heart with plain gradient descent: it is wired so that the
// gradient reaches what it needs to.
func TestOverfitsATinyBatch(t *testing.T) {
	for _, e := range basic {
		t.Run(e.name, func(t *testing.T) {
			const n, steps, rate = 8, 80, 0.1
			rng := rand.New(rand.NewPCG(1, 2))
			input, classes := e.input, 10
			net := e.make(rng)
			x := tensor.New(tensor.Float32, append([]int{n}, input...)...)
			x.Normal(rng, 0, 1)
			labels := tensor.New(tensor.Int64, n)
			for i := range n {
				tensor.Data[int64](labels)[i] = rng.Int64N(int64(classes))
			}
			tape := autograd.NewTape(autograd.Train, nil)
			var first, loss float64
			for step := range steps {
				tape.Reset(nil)
				l := layers.CrossEntropy{}.Loss(tape, net.Forward(tape, tape.Const(x)), labels)
				tape.Backward(l)
				for _, p := range layers.Params(net) {
					w := tensor.Data[float32](p.Value())
					vec.Axpy(w, -rate, tensor.Data[float32](tape.Grad(p.Param)))
				}
				if loss = l.Item(); step == 0 {
					first = loss
				}
			}
			assert.InDelta(t, 2.30, first, 0.5, "the first loss should be near log 10")
			assert.Less(t, loss, 0.02, "after %d steps", steps)
		})
	}
}

func TestShapesAndCounts(t *testing.T) {
	want := map[string]int{
		"digitsnet": 1*16*9 + 16 + 16*32*9 + 32 + 512*64 + 64 + 64*10 + 10,
		"lenet5":    1*6*25 + 6 + 6*16*25 + 16 + 400*120 + 120 + 120*84 + 84 + 84*10 + 10,
		"mlp":       784*512 + 512 + 512*512 + 512 + 512*10 + 10,
		"resnet20":  269_722 - 2*16*9, // torchvision's, but for two input channels
	}
	for _, e := range basic {
		input, classes := e.input, 10
		net := e.make(rand.New(rand.NewPCG(1, 2)))
		assert.Equal(t, want[e.name], layers.Count(net), e.name)
		for _, n := range []int{1, 3} {
			tape := autograd.NewTape(autograd.Infer, nil)
			y := net.Forward(tape, tape.Const(tensor.New(tensor.Float32, append([]int{n}, input...)...)))
			assert.Equal(t, []int{n, classes}, y.Shape(), e.name)
		}
	}
	_, ok := models.Find("alexnet")
	assert.False(t, ok)
	assert.PanicsWithValue(t, "models: MLP: sizes [3]: want those of inputs and outputs at least", func() {
		models.MLP(rand.New(rand.NewPCG(1, 2)), 3)
	})
}

// The same seed must give the same weights, and another seed others.
func TestSeedDecides(t *testing.T) {
	for _, e := range basic {
		weights := func(seed uint64) string {
			return fmt.Sprint(layers.Params(e.make(rand.New(rand.NewPCG(seed, 0))))[0].Value())
		}
		assert.Equal(t, weights(1), weights(1), e.name)
		assert.NotEqual(t, weights(1), weights(2), e.name)
	}
}

// basic are small models of one input, with their own sizes, in 10 classes.
var basic = []basicModel{
	{"digitsnet", []int{1, 8, 8}}, {"lenet5", []int{1, 28, 28}}, {"mlp", []int{1, 28, 28}}, {"resnet20", []int{1, 4, 4}},
}

type basicModel struct {
	name  string
	input []int
}

func (m basicModel) make(rng *rand.Rand) layers.Layer {
	e, ok := models.Find(m.name)
	if !ok {
		panic(m.name)
	}
	net, err := e.Build(rng, models.Data{Columns: []models.Column{{Name: "x", Shape: m.input}}, Outputs: 10}, nil)
	if err != nil {
		panic(err)
	}
	return net.(layers.Layer)
}
