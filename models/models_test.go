package models_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor"
)

// Every model must be able to learn eight random samples by heart with plain gradient descent: it is wired so that the
// gradient reaches what it needs to.
func TestOverfitsATinyBatch(t *testing.T) {
	for _, e := range models.All {
		t.Run(e.Name, func(t *testing.T) {
			const n, steps, rate = 8, 80, 0.1
			rng := rand.New(rand.NewPCG(1, 2))
			input, classes := sizes(e)
			net := e.New(rng, input, classes)
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
	for _, e := range models.All {
		input, classes := sizes(e)
		net := e.New(rand.New(rand.NewPCG(1, 2)), input, classes)
		assert.Equal(t, want[e.Name], layers.Count(net), e.Name)
		for _, n := range []int{1, 3} {
			tape := autograd.NewTape(autograd.Infer, nil)
			y := net.Forward(tape, tape.Const(tensor.New(tensor.Float32, append([]int{n}, input...)...)))
			assert.Equal(t, []int{n, classes}, y.Shape(), e.Name)
		}
		found, ok := models.Find(e.Name)
		require.True(t, ok)
		assert.Equal(t, e.Input, found.Input)
	}
	_, ok := models.Find("alexnet")
	assert.False(t, ok)
	assert.PanicsWithValue(t, "models: MLP: sizes [3]: want those of inputs and outputs at least", func() {
		models.MLP(rand.New(rand.NewPCG(1, 2)), 3)
	})
}

// The same seed must give the same weights, and another seed others.
func TestSeedDecides(t *testing.T) {
	for _, e := range models.All {
		weights := func(seed uint64) string {
			input, classes := sizes(e)
			return fmt.Sprint(layers.Params(e.New(rand.New(rand.NewPCG(seed, 0)), input, classes))[0].Value())
		}
		assert.Equal(t, weights(1), weights(1), e.Name)
		assert.NotEqual(t, weights(1), weights(2), e.Name)
	}
}

// sizes gives what a model of the table is tested with: its own sizes, or those of a 28×28 image, or of the smallest it takes, in 10
// classes.
func sizes(e models.Entry) (input []int, classes int) {
	switch {
	case e.Input != nil:
		return e.Input, e.Classes
	case e.Least > 0:
		return []int{1, e.Least, e.Least}, 10
	}
	return []int{1, 28, 28}, 10
}

func TestTakes(t *testing.T) {
	for _, c := range []struct {
		model   string
		input   []int
		classes int
		takes   bool
	}{
		{"lenet5", []int{1, 28, 28}, 10, true}, {"lenet5", []int{1, 8, 8}, 10, false}, {"lenet5", []int{1, 28, 28}, 3, false},
		{"mlp", []int{13}, 3, true}, {"mlp", []int{1, 28, 28}, 10, true},
		{"resnet20", []int{1, 28, 28}, 10, true}, {"resnet20", []int{3, 4, 9}, 2, true}, {"resnet20", []int{3, 3, 9}, 2, false},
		{"resnet20", []int{13}, 3, false},
	} {
		e, ok := models.Find(c.model)
		require.True(t, ok)
		assert.Equal(t, c.takes, e.Takes(c.input, c.classes), "%s of %v in %d", c.model, c.input, c.classes)
	}
	e, _ := models.Find("resnet20")
	assert.Equal(t, "images [channels height width] of at least 4 by 4 pixels", e.Wants())
	e, _ = models.Find("mlp")
	assert.Equal(t, "samples of any shape", e.Wants())
}
