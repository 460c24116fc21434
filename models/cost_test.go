package models_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// After the first step, forward and backward must allocate nearly nothing on the heap, whatever the batch.
func TestStepAllocations(t *testing.T) {
	for _, e := range basic {
		t.Run(e.name, func(t *testing.T) {
			step := stepOf(e, 16)
			step()
			assert.Less(t, alloctest.PerRun(5, step), uint64(100), "heap allocations a step")
		})
	}
}

// stepOf returns one forward and backward pass of a model over n random samples.
func stepOf(e basicModel, n int) func() {
	rng := rand.New(rand.NewPCG(1, 2))
	input := e.input
	net := e.make(rng)
	x := tensor.New(tensor.Float32, append([]int{n}, input...)...)
	x.Normal(rng, 0, 1)
	labels := tensor.New(tensor.Int64, n)
	tape := autograd.NewTape(autograd.Train, rng)
	return func() {
		tape.Reset(rng)
		tape.Backward(layers.CrossEntropy{}.Loss(tape, net.Forward(tape, tape.Const(x)), labels))
	}
}

func BenchmarkStep(b *testing.B) {
	for _, e := range basic {
		b.Run(e.name, func(b *testing.B) {
			const n = 128
			step := stepOf(e, n)
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "samples/s")
		})
	}
}

func BenchmarkInferOne(b *testing.B) {
	for _, e := range basic {
		b.Run(e.name, func(b *testing.B) {
			input := e.input
			net := e.make(rand.New(rand.NewPCG(1, 2)))
			x := tensor.New(tensor.Float32, append([]int{1}, input...)...)
			tape := autograd.NewTape(autograd.Infer, nil)
			b.ReportAllocs()
			for b.Loop() {
				tape.Reset(nil)
				net.Forward(tape, tape.Const(x))
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "samples/s")
		})
	}
}
