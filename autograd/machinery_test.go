package autograd_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

func pcg(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed)) }

func normal(seed uint64, shape ...int) *tensor.Tensor {
	x := tensor.New(tensor.Float32, shape...)
	x.Normal(pcg(seed), 0, 1)
	return x
}

func TestDetach(t *testing.T) {
	p := param([]float32{3})
	tape := autograd.NewTape(autograd.Train, nil)
	x := tape.Use(p)
	tape.Backward(autograd.Sum(autograd.Mul(x, autograd.Detach(x))))
	assert.Equal(t, []float32{3}, float32s(tape.Grad(p)), "the derivative of x·c, not of x²")
}

func TestWatch(t *testing.T) {
	for _, mode := range []autograd.Mode{autograd.Train, autograd.Infer} {
		tape := autograd.NewTape(mode, nil)
		x := tape.Watch(tensor.FromSlice([]float32{3, 4}, 2, 1))
		y := autograd.Mul(x, x)
		loss := autograd.Sum(y)
		assert.Nil(t, x.Grad())
		if mode == autograd.Infer {
			continue
		}
		tape.Backward(loss)
		tape.Backward(loss)
		assert.Equal(t, []float32{12, 16}, float32s(x.Grad()), "two passes add up")
		assert.Equal(t, []int{2, 1}, x.Grad().Shape())
		assert.Nil(t, y.Grad(), "not a leaf")
		assert.Nil(t, tape.Const(tensor.New(tensor.Float32, 1)).Grad())
	}
}

// The function must see the whole gradient, after all uses of the value, and what it changes must go on.
func TestOnBackward(t *testing.T) {
	p := param([]float32{1, 2})
	tape := autograd.NewTape(autograd.Train, nil)
	var seen [][]float32
	y := autograd.OnBackward(autograd.Scale(tape.Use(p), 2), func(g *tensor.Tensor) {
		seen = append(seen, append([]float32(nil), float32s(g)...))
		float32s(g)[0] = 100
	})
	tape.Backward(autograd.Add(autograd.Sum(autograd.Mul(y, y)), autograd.Sum(y)))
	assert.Equal(t, [][]float32{{2*2 + 1, 2*4 + 1}}, seen)
	assert.Equal(t, []float32{200, 18}, float32s(tape.Grad(p)))
}

// Gradients of several losses and passes add up, and OnGrad fires once for each pass, a parameter that is used in many places
// included.
func TestOnGradWithAccumulation(t *testing.T) {
	shared, own := param([]float32{2}), param([]float32{5})
	tape := autograd.NewTape(autograd.Train, nil)
	fired := map[*autograd.Param][]float32{}
	tape.OnGrad(func(p *autograd.Param) { fired[p] = append(fired[p], float32s(tape.Grad(p))[0]) })
	a := autograd.Sum(autograd.Mul(tape.Use(shared), tape.Use(shared)))
	b := autograd.Sum(autograd.Mul(tape.Use(shared), tape.Use(own)))
	tape.Backward(a)
	tape.Backward(b)
	tape.BackwardScaled(a, 0.5)
	assert.Equal(t, map[*autograd.Param][]float32{shared: {4, 4 + 5, 4 + 5 + 2}, own: {0, 2, 2}}, fired)
}

// block is a part of a network with dropout, two parameters, one of which the next block uses too.
func block(params []*autograd.Param) func(t *autograd.Tape, x []*autograd.Var) *autograd.Var {
	return func(t *autograd.Tape, x []*autograd.Var) *autograd.Var {
		h := autograd.Tanh(autograd.Linear(x[0], t.Use(params[0]), t.Use(params[1])))
		return autograd.Dropout(autograd.Add(h, x[0]), 0.3)
	}
}

// Checkpointed, a network must have the same value and the same gradients as one whose blocks draw from the generators that
// Checkpoint seeds, at a fraction of the memory.
func TestCheckpoint(t *testing.T) {
	const depth, width, batch = 16, 32, 64
	params := []*autograd.Param{autograd.NewParam(normal(1, width, width)), autograd.NewParam(normal(2, width)),
		autograd.NewParam(normal(3, width, width)), autograd.NewParam(normal(4, width))}
	frozen := autograd.NewParam(normal(9, width, width))
	frozen.Frozen = true
	x := normal(5, batch, width)
	blockOf := func(i int) func(t *autograd.Tape, x []*autograd.Var) *autograd.Var {
		return block([][]*autograd.Param{{params[0], params[1]}, {params[2], params[3]}, {frozen, params[3]}}[i%3])
	}
	run := func(checkpointed bool) (float64, [][]float32, int, []int) {
		tape := autograd.NewTape(autograd.Train, pcg(7))
		var fired []int
		tape.OnGrad(func(p *autograd.Param) {
			for i, q := range params {
				if p == q {
					fired = append(fired, i)
				}
			}
		})
		var loss *autograd.Var
		for range 2 { // the second time on memory of the first
			tape.Reset(pcg(7))
			fired = fired[:0]
			v := tape.Watch(x)
			y := v
			for i := range depth {
				if checkpointed {
					y = autograd.Checkpoint(tape, blockOf(i), y)
					continue
				}
				rng := tape.Rand()
				drawn := rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64()))
				tape.SetRand(drawn)
				y = blockOf(i)(tape, []*autograd.Var{y})
				tape.SetRand(rng)
			}
			loss = autograd.Mean(autograd.Square(y))
			tape.Backward(loss)
			if v.Grad() == nil {
				t.Fatal("no gradient for the input")
			}
		}
		var grads [][]float32
		for _, p := range params {
			grads = append(grads, float32s(tape.Grad(p)))
		}
		return loss.Item(), grads, tape.Bytes(), fired
	}
	wantLoss, want, whole, wantFired := run(false)
	loss, got, part, fired := run(true)
	assert.Equal(t, wantLoss, loss)
	assert.Equal(t, wantFired, fired, "order in which gradients are complete")
	for i := range want {
		// A gradient is the sum of some hundred terms a block, which the two runs add up in another order: it may differ by a few
		// roundings, 2⁻²⁴ each, of the largest.
		largest := 0.0
		for _, g := range want[i] {
			largest = max(largest, math.Abs(float64(g)))
		}
		assert.InDeltaSlice(t, want[i], got[i], 16*0x1p-24*largest, "parameter %d", i)
	}
	assert.Less(t, part, whole/2, "bytes held")
}

func TestCheckpointNested(t *testing.T) {
	p := param([]float32{0.5, -0.25, 1, 2}, 2, 2)
	x := normal(5, 3, 2)
	inside := func(t *autograd.Tape, x []*autograd.Var) *autograd.Var {
		return autograd.Dropout(autograd.Tanh(autograd.MatMul(x[0], t.Use(p))), 0.5)
	}
	grad := func(fn func(t *autograd.Tape, x []*autograd.Var) *autograd.Var) []float32 {
		tape := autograd.NewTape(autograd.Train, pcg(3))
		tape.Backward(autograd.Sum(autograd.Checkpoint(tape, fn, tape.Const(x))))
		return float32s(tape.Grad(p))
	}
	nested := func(t *autograd.Tape, x []*autograd.Var) *autograd.Var {
		return autograd.MatMul(autograd.Checkpoint(t, inside, x[0]), t.Use(p))
	}
	a, b := grad(nested), grad(nested)
	assert.Equal(t, a, b, "the same draws every time")
	assert.NotEqual(t, make([]float32, 4), a)
}

func TestGuard(t *testing.T) {
	tape := autograd.NewTape(autograd.Train, nil)
	tape.Guard(true)
	p := param([]float32{1, 2, 3})
	step := func(spoil func(x, y *autograd.Var)) func() {
		return func() {
			tape.Reset(nil)
			x := autograd.Exp(tape.Use(p))
			y := autograd.Mul(x, x)
			spoil(x, y)
			tape.Backward(autograd.Sum(y))
		}
	}
	assert.NotPanics(t, step(func(x, y *autograd.Var) {}))
	assert.PanicsWithValue(t, "autograd: Backward: operand 0 of Mul, shape [3], was changed in place after the op had read it",
		step(func(x, y *autograd.Var) { float32s(x.Value())[1]++ }))
	assert.PanicsWithValue(t, "autograd: Backward: the result of Exp, shape [3], was changed in place", func() {
		tape.Reset(nil)
		y := autograd.Exp(tape.Use(p))
		loss := autograd.Sum(autograd.Reshape(y, 3, 1))
		_ = loss
		y.Value().Slice(0, 0, 1).Fill(0) // through a view
		tape2 := y.Tape()
		tape2.Backward(autograd.Sum(y))
	})
	assert.PanicsWithValue(t, "autograd: Backward: operand 0 of Exp, shape [3], was changed in place after the op had read it",
		step(func(x, y *autograd.Var) { p.Value().Fill(7) }), "an optimizer's step before Backward")
}

func TestReplacedParameterPanics(t *testing.T) {
	p := param([]float32{1})
	tape := autograd.NewTape(autograd.Train, nil)
	loss := autograd.Sum(tape.Use(p))
	autograd.NewSet([]*autograd.Param{p})
	assert.PanicsWithValue(t, "autograd: Backward: a parameter's value was replaced after its Use: no Replace, Cast or NewSet meanwhile",
		func() { tape.Backward(loss) })
}

// cube is an op of the user's own.
var cube = &autograd.Custom{
	Name: "Cube",
	Forward: func(y *tensor.Tensor, x []*tensor.Tensor) {
		for i, v := range tensor.Data[float32](x[0]) {
			tensor.Data[float32](y)[i] = v * v * v
		}
	},
	Backward: func(dx []*tensor.Tensor, dy, y *tensor.Tensor, x []*tensor.Tensor) {
		for i, v := range tensor.Data[float32](x[0]) {
			tensor.Data[float32](dx[0])[i] = 3 * v * v * tensor.Data[float32](dy)[i]
		}
	},
}

func TestCustom(t *testing.T) {
	p := param([]float32{1, 2, -3})
	tape := autograd.NewTape(autograd.Train, nil)
	x := tape.Use(p)
	y := cube.Apply(x)
	assert.Equal(t, []float32{1, 8, -27}, float32s(y.Value()))
	tape.Backward(autograd.Add(autograd.Sum(y), autograd.Sum(x)))
	assert.Equal(t, []float32{4, 13, 28}, float32s(tape.Grad(p)))

	rows := &autograd.Custom{
		Name:  "RowSums",
		Shape: func(x ...[]int) []int { return x[0][:1] },
		Forward: func(y *tensor.Tensor, x []*tensor.Tensor) {
			for i := range y.Len() {
				float32s(y)[i] = float32s(x[0])[2*i] + float32s(x[0])[2*i+1]
			}
		},
	}
	q := tape.Use(param([]float32{1, 2, 3, 4}, 2, 2))
	s := rows.Apply(q)
	assert.Equal(t, []float32{3, 7}, float32s(s.Value()))
	require.PanicsWithValue(t, "autograd: Backward: no parameter lies behind the loss: nothing to differentiate",
		func() { tape.Backward(autograd.Sum(s)) }, "an op without Backward stops gradients")
	assert.PanicsWithValue(t, "autograd: RowSums: no operands", func() { rows.Apply() })
}
