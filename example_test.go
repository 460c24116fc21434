package tutti_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// Net is a model: a struct of layers with a Forward method in plain Go.
type Net struct {
	Hidden, Out *layers.Linear
}

func (n *Net) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return n.Out.Forward(t, autograd.ReLU(n.Hidden.Forward(t, autograd.Flatten(x))))
}

func Example() {
	trainSet, testSet, err := dataset.Digits()
	if err != nil {
		log.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	net := &Net{Hidden: layers.NewLinear(rng, 64, 128), Out: layers.NewLinear(rng, 128, 10)}
	report, err := train.Run(context.Background(), train.Config{Model: net, Loss: layers.CrossEntropy{},
		Optimizer: optim.Adam{LR: 1e-3}, Train: trainSet, Test: testSet, Epochs: 10})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("test accuracy above 0.9:", report.Test().Accuracy() > 0.9)
	// Output: test accuracy above 0.9: true
}
