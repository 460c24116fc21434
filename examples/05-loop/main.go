// Lesson 5: a training loop by hand. A recurrent network reads a wave in chunks, carries its state from chunk to chunk,
// and learns to say what comes next.
package main

import (
	"fmt"
	"log"
	"math"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// Net is a model that is no Layer: its Forward takes a state and returns one.
type Net struct {
	GRU *layers.GRU
	Out *layers.Linear
}

func (n *Net) Forward(t *autograd.Tape, x *autograd.Var, start []layers.State) (*autograd.Var, []layers.State) {
	y, last := n.GRU.Run(t, x, start, nil)
	return n.Out.Forward(t, y), last
}

// wave gives the values at moments from up to to, as a sequence [1, to-from, 1].
func wave(from, to int) *tensor.Tensor {
	x := make([]float32, to-from)
	for i := range x {
		x[i] = float32(math.Sin(float64(from+i) / 5))
	}
	return tensor.FromSlice(x, 1, len(x), 1)
}

func main() {
	rng := rand.New(rand.NewPCG(1, 1))
	net := &Net{layers.NewGRU(rng, layers.RecurrentConfig{In: 1, Units: 16}), layers.NewLinear(rng, 16, 1)}

	// A Loop owns what a loop needs besides the model: tape, gradients, the optimizer's state, clipping, schedule.
	const steps, chunk = 300, 20
	loop, err := train.NewLoop(train.LoopConfig{
		Model: net, Optimizer: optim.AdamW{LR: 0.01},
		ParamGroups: []optim.Group{{Pattern: "*bias*", WeightDecay: optim.Zero}},
		Schedule:    optim.Cosine{}, Steps: steps, ClipNorm: 1,
	})
	if err != nil {
		log.Fatal(err)
	}
	var carry layers.Carry // a Var is stale in the next step; what outlives a step is carried
	var last float64
	for step := range steps {
		tape, at := loop.Tape(), step*chunk
		y, state := net.Forward(tape, tape.Const(wave(at, at+chunk)), carry.Start(tape))
		loss := layers.MSE{}.Loss(tape, y, wave(at+1, at+chunk+1))
		loop.Backward(loss)
		if err := loop.Step(); err != nil {
			log.Fatal(err)
		}
		carry.Keep(state...)
		last = loss.Item()
	}
	fmt.Println("mean squared error below 0.001:", last < 0.001)
}

// Output:
// mean squared error below 0.001: true
