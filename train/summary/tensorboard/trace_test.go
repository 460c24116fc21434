package tensorboard_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/summary/tensorboard"
)

// net has a container, and a layer by itself that is used twice.
type net struct {
	Features layers.Sequential
	Hidden   *layers.Linear
}

func newNet() *net {
	rng := rand.New(rand.NewPCG(1, 2))
	return &net{Features: layers.Sequential{layers.NewLinear(rng, 4, 4), layers.ReLU{}, layers.NewLinear(rng, 4, 4)},
		Hidden: layers.NewLinear(rng, 4, 4)}
}

func (n *net) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	x = n.Features.Forward(t, x)
	return autograd.Add(n.Hidden.Forward(t, autograd.Tanh(x)), n.Hidden.Forward(t, x))
}

// TestTrace: ops are named by the layer whose parameters they use, and others by what they follow.
func TestTrace(t *testing.T) {
	var lines []string
	for _, n := range tensorboard.Trace(newNet(), 2, 4) {
		lines = append(lines, fmt.Sprintf("%s = %s(%s) %v", n.Name, n.Op, strings.Join(n.Inputs, ", "), n.Shape))
	}
	require.Equal(t, []string{
		"input = Placeholder() [2 4]",
		"Features/0/Weight = Parameter() [4 4]",
		"Features/0/Bias = Parameter() [4]",
		"Features/0/Linear = Linear(input, Features/0/Weight, Features/0/Bias) [2 4]",
		"Features/ReLU = ReLU(Features/0/Linear) [2 4]",
		"Features/2/Weight = Parameter() [4 4]",
		"Features/2/Bias = Parameter() [4]",
		"Features/2/Linear = Linear(Features/ReLU, Features/2/Weight, Features/2/Bias) [2 4]",
		"Features/Tanh = Tanh(Features/2/Linear) [2 4]",
		"Hidden/Weight = Parameter() [4 4]",
		"Hidden/Bias = Parameter() [4]",
		"Hidden/Linear = Linear(Features/Tanh, Hidden/Weight, Hidden/Bias) [2 4]",
		"Hidden/Linear_1 = Linear(Features/2/Linear, Hidden/Weight, Hidden/Bias) [2 4]",
		"Add = Add(Hidden/Linear, Hidden/Linear_1) [2 4]",
	}, lines)
}

// TestTraceOfTwoInputs: what is no Layer has its own forward, and each constant is an input.
func TestTraceOfTwoInputs(t *testing.T) {
	nodes := tensorboard.TraceFunc(newNet(), func(t *autograd.Tape) {
		x := t.Const(tensor.New(tensor.Float32, 1, 4))
		autograd.Mul(x, autograd.Mul(t.Const(tensor.New(tensor.Float32, 1, 4)), x))
	})
	require.Equal(t, []tensorboard.Node{
		{Name: "input", Op: "Placeholder", Shape: []int{1, 4}},
		{Name: "input_1", Op: "Placeholder", Shape: []int{1, 4}},
		{Name: "Mul", Op: "Mul", Inputs: []string{"input", "input_1"}, Shape: []int{1, 4}},
		{Name: "Mul_1", Op: "Mul", Inputs: []string{"input_1", "Mul"}, Shape: []int{1, 4}},
	}, nodes)
}
