package gradtest_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/autograd/gradtest"
	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/tensor"
)

// stepOf returns one forward and backward pass of a row of the table, in float32, on a tape that is used again.
func stepOf(c gradtest.Case) func() {
	rng := rand.New(rand.NewPCG(1, 2))
	tape := autograd.NewTape(autograd.Train, rng)
	params := make([]*autograd.Param, len(c.Inputs))
	for i, in := range c.Inputs {
		x := tensor.New(tensor.Float32, in.Shape...)
		x.Uniform(rng, 0.5, 1)
		params[i] = autograd.NewParam(x)
		params[i].Frozen = in.Const
	}
	vars := make([]*autograd.Var, len(params))
	return func() {
		tape.Reset(rng)
		for i, p := range params {
			vars[i] = tape.Use(p)
		}
		y := c.Fn(tape, vars)
		if y.Len() != 1 {
			y = autograd.Sum(y)
		}
		tape.Backward(y)
	}
}

// On a warm tape an op must not allocate: not for its record, its result or its gradients. What is allowed are the
// labels that a row makes.
func TestOpsDoNotAllocate(t *testing.T) {
	for _, c := range gradtest.Ops {
		step := stepOf(c)
		step()
		assert.LessOrEqual(t, alloctest.PerRun(20, step), max(20, c.Allocs), "%s: heap allocations of forward and backward", c.Name)
	}
}

// The operands are a few numbers each, so this measures what an op costs before it computes anything.
func BenchmarkOps(b *testing.B) {
	for _, c := range gradtest.Ops {
		b.Run(c.Name, func(b *testing.B) {
			step := stepOf(c)
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
		})
	}
}
