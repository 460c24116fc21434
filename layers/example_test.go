package layers_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// Net is a model of a user's own: any struct, with a Forward in plain Go. Here two branches meet in a sum.
type Net struct {
	Deep layers.Sequential
	Wide *layers.Linear
}

func (n *Net) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Add(n.Deep.Forward(t, x), n.Wide.Forward(t, x))
}

func Example() {
	rng := rand.New(rand.NewPCG(1, 2))
	net := &Net{
		Deep: layers.Sequential{layers.NewLinear(rng, 8, 16), layers.ReLU{}, layers.NewLinear(rng, 16, 3)},
		Wide: layers.NewLinear(rng, 8, 3),
	}
	fmt.Print(layers.Summary(net))

	tape := autograd.NewTape(autograd.Infer, nil)
	y := net.Forward(tape, tape.Const(tensor.New(tensor.Float32, 5, 8)))
	fmt.Println(y.Shape())
	// Output:
	// Deep.0.Weight  [16 8]        128
	// Deep.0.Bias    [16]           16
	// Deep.2.Weight  [3 16]         48
	// Deep.2.Bias    [3]             3
	// Wide.Weight    [3 8]          24
	// Wide.Bias      [3]             3
	// total                        222
	// [5 3]
}
