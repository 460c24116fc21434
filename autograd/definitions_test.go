package autograd_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// bothForms returns the gradients of y with respect to params by Backward and by Gradients.
func bothForms(tape *autograd.Tape, y *autograd.Var, params []*autograd.Param) (back, vars []*tensor.Tensor) {
	of := make([]*autograd.Var, len(params))
	for i, p := range params {
		of[i] = tape.Use(p)
	}
	for _, g := range tape.Gradients(y, of...) {
		vars = append(vars, g.Value().Clone())
	}
	tape.Backward(y)
	for _, p := range params {
		back = append(back, tape.Grad(p).Clone())
	}
	return back, vars
}

func drawn(rng *rand.Rand, shape ...int) *autograd.Param {
	x := tensor.New(tensor.Float64, shape...)
	x.Uniform(rng, -1, 1)
	return autograd.NewParam(x)
}

// With more queries and keys than a block has, what Gradients computes from whole matrices must be what Backward
// computes by blocks, dropout included. Sums have up to 200 terms of order one, which leaves 1e-12 some hundred
// roundings.
func TestAttentionTwiceOverBlocks(t *testing.T) {
	for _, o := range []autograd.AttentionOptions{
		{Heads: 2, Causal: true}, {Heads: 1, Causal: true, Dropout: 0.3}, {Heads: 2, Dropout: 0.5},
	} {
		rng := rand.New(rand.NewPCG(1, 2))
		tape := autograd.NewTape(autograd.Train, rng)
		params := []*autograd.Param{drawn(rng, 1, 70, 4), drawn(rng, 1, 200, 4), drawn(rng, 1, 200, 4)}
		y := autograd.Attention(tape.Use(params[0]), tape.Use(params[1]), tape.Use(params[2]), o)
		back, vars := bothForms(tape, autograd.Sum(autograd.Square(y)), params)
		for i := range params {
			assert.InDeltaSlice(t, tensor.Data[float64](back[i]), tensor.Data[float64](vars[i]), 1e-12, "%+v: operand %d", o, i)
		}
	}
}

// Gradients of a recurrent layer take memory in proportion to T·log T: of four times as many steps 16/3 times as
// much, where gradients that are as long as the sequence for each step would take 16 times.
func TestRecurrentTwiceOfManySteps(t *testing.T) {
	bytes := func(steps int) float64 {
		rng := rand.New(rand.NewPCG(1, 2))
		tape := autograd.NewTape(autograd.Train, rng)
		params := []*autograd.Param{drawn(rng, steps, 2, 3), drawn(rng, 6, 3), drawn(rng, 6, 2)}
		w := autograd.RecurrentWeights{X: tape.Use(params[1]), H: tape.Use(params[2])}
		y, _, _ := autograd.Recurrent(tape.Use(params[0]), nil, nil, w, autograd.RecurrentOptions{Cell: autograd.GRU})
		back, vars := bothForms(tape, autograd.Sum(autograd.Square(y)), params)
		for i := range params {
			want, got := tensor.Data[float64](back[i]), tensor.Data[float64](vars[i])
			assert.InDeltaSlice(t, want, got, 1e-10, "%d steps: operand %d", steps, i)
		}
		return float64(tape.Bytes())
	}
	assert.Less(t, bytes(256)/bytes(64), 7.0)
}

// Operands without elements have gradients without elements, or zeros.
func TestDefinitionsOfNothing(t *testing.T) {
	tape := autograd.NewTape(autograd.Train, nil)
	zeros := func(shape ...int) *autograd.Param { return autograd.NewParam(tensor.New(tensor.Float64, shape...)) }
	none, keys := zeros(2, 0, 4), zeros(2, 3, 4)
	y := autograd.Attention(tape.Use(none), tape.Use(keys), tape.Use(keys), autograd.AttentionOptions{Heads: 2})
	g := tape.Gradients(autograd.Sum(y), tape.Use(none), tape.Use(keys))
	assert.Equal(t, []int{2, 0, 4}, g[0].Shape())
	assert.True(t, g[1].Value().Equal(tensor.New(tensor.Float64, 2, 3, 4)))

	x, w, h := zeros(0, 2, 3), zeros(8, 3), zeros(8, 2)
	start := autograd.NewParam(tensor.FromSlice([]float64{1, 2, 3, 4}, 2, 2))
	weights := autograd.RecurrentWeights{X: tape.Use(w), H: tape.Use(h)}
	o := autograd.RecurrentOptions{Cell: autograd.LSTM}
	_, last, _ := autograd.Recurrent(tape.Use(x), tape.Use(start), nil, weights, o)
	g = tape.Gradients(autograd.Sum(autograd.Square(last)), tape.Use(x), tape.Use(start))
	assert.Equal(t, []int{0, 2, 3}, g[0].Shape())
	assert.Equal(t, []float64{2, 4, 6, 8}, tensor.Data[float64](g[1].Value()), "no step: the last state is the first")
}

// A checkpointed part that uses a parameter, draws and is differentiated in both forms.
func TestCheckpointTwice(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	tape := autograd.NewTape(autograd.Train, rng)
	params := []*autograd.Param{drawn(rng, 4, 3), drawn(rng, 3, 3)}
	part := func(t *autograd.Tape, x []*autograd.Var) *autograd.Var {
		return autograd.Dropout(autograd.Tanh(autograd.MatMul(x[0], t.Use(params[1]))), 0.4)
	}
	y := autograd.Checkpoint(tape, part, autograd.Checkpoint(tape, part, tape.Use(params[0])))
	back, vars := bothForms(tape, autograd.Sum(autograd.Square(y)), params)
	for i := range params {
		assert.InDeltaSlice(t, tensor.Data[float64](back[i]), tensor.Data[float64](vars[i]), 1e-13, "operand %d", i)
	}
}

// A query whose products hold a NaN gives NaN to all that it sees, forward and backward, as in PyTorch 2.15. What it
// does not see has weight 0, where PyTorch has NaN; the product with the NaN in the query makes the gradient of that
// feature NaN all the same. A query that sees nothing gives zeros.
func TestAttentionBesideNaN(t *testing.T) {
	tape := autograd.NewTape(autograd.Train, nil)
	params := []*autograd.Param{
		autograd.NewParam(tensor.FromSlice([]float64{nan, 1, 0.5, 1}, 1, 2, 2)),
		autograd.NewParam(tensor.FromSlice([]float64{0.3, 0.2, 0.1, 0.4, 0.6, 0.7}, 1, 3, 2)),
		autograd.NewParam(tensor.FromSlice([]float64{1, 2, 3, 4, 5, 6}, 1, 3, 2)),
	}
	hidden := tensor.FromSlice([]bool{false, false, true, true, true, true}, 2, 3)
	o := autograd.AttentionOptions{Heads: 1, Mask: hidden}
	y := autograd.Attention(tape.Use(params[0]), tape.Use(params[1]), tape.Use(params[2]), o)
	back, vars := bothForms(tape, autograd.Sum(y), params)
	want := [][]float64{{nan, nan, 0, 0}, {nan, nan, nan, nan, nan, 0}, {nan, nan, nan, nan, 0, 0}}
	same(t, "result", []float64{nan, nan, 0, 0}, y.Value(), nan)
	for i := range params {
		same(t, "gradient", want[i], back[i], nan)
		same(t, "gradient as a Var", want[i], vars[i], nan)
	}
}
