// Lesson 3: training. A model of one's own learns the sine from noisy samples.
package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// Curve is a model: its parameters are found in its exported fields.
type Curve struct {
	Hidden, Out *layers.Linear
}

func (c *Curve) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return c.Out.Forward(t, autograd.Tanh(c.Hidden.Forward(t, x)))
}

// sine gives n samples of the sine on [-π, π], with noise.
func sine(rng *rand.Rand, n int, noise float64) dataset.Source {
	x, y := make([]float32, n), make([]float32, n)
	for i := range n {
		at := (2*rng.Float64() - 1) * math.Pi
		x[i], y[i] = float32(at), float32(math.Sin(at)+noise*rng.NormFloat64())
	}
	return dataset.FromTensors(tensor.FromSlice(x, n, 1), tensor.FromSlice(y, n, 1))
}

func main() {
	rng := rand.New(rand.NewPCG(1, 1))
	model := &Curve{layers.NewLinear(rng, 1, 32), layers.NewLinear(rng, 32, 1)}
	report, err := train.Run(context.Background(), train.Config{
		Model: model, Loss: layers.MSE{}, Optimizer: optim.Adam{LR: 0.01},
		Train: sine(rng, 1000, 0.1), Test: sine(rng, 200, 0), Epochs: 30,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("mean squared error below 0.01:", report.Test().Loss < 0.01)
}

// Output:
// mean squared error below 0.01: true
