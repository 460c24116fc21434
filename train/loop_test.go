package train_test

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/safetensors"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// two is a model of two vectors, so that gradients can be given: that of a loss Σ A·x + Σ B·y is x and y.
type two struct{ A, B *autograd.Param }

func newTwo() *two {
	return &two{autograd.NewParam(tensor.FromSlice([]float32{1, 2})), autograd.NewParam(tensor.FromSlice([]float32{3}))}
}

// step makes a step with the given gradients; nil means that the parameter is not used.
func (m *two) step(l *train.Loop, a, b []float32) error {
	t := l.Tape()
	loss := t.Const(tensor.New(tensor.Float32))
	for _, use := range []struct {
		p *autograd.Param
		g []float32
	}{{m.A, a}, {m.B, b}} {
		if use.g != nil {
			loss = autograd.Add(loss, autograd.Sum(autograd.Mul(t.Use(use.p), t.Const(tensor.FromSlice(use.g)))))
		}
	}
	l.Backward(loss)
	return l.Step()
}

func (m *two) values() []float32 {
	return append(append([]float32(nil), tensor.Data[float32](m.A.Value())...), tensor.Data[float32](m.B.Value())...)
}

func newLoop(t *testing.T, c train.LoopConfig) *train.Loop {
	t.Helper()
	l, err := train.NewLoop(c)
	require.NoError(t, err)
	return l
}

// A parameter without a gradient, frozen or not used, stays where it is, and counts no step: when B joins at the third
// step, its first step is as long as A's first was. The numbers are those of
//
//	import numpy as np
//	def adamw(w, grads, lr=0.1, b1=0.9, b2=0.999, decay=0.5):
//	    m = v = 0
//	    for t, g in enumerate(grads, 1):
//	        m, v = b1*m + (1-b1)*g, b2*v + (1-b2)*g*g
//	        w = w*(1-lr*decay) - lr/(1-b1**t) * m / (np.sqrt(v)/np.sqrt(1-b2**t) + 1e-8)
//	    return w
//	print(adamw(np.array([1., 2.]), [np.array([1., -1.])]*2), adamw(3., [1.]))
func TestLoopLeavesParametersWithoutGradient(t *testing.T) {
	for name, out := range map[string]func(m *two, out bool) []float32{
		"frozen": func(m *two, out bool) []float32 { m.B.Frozen = out; return []float32{1} },
		"unused": func(_ *two, out bool) []float32 {
			if out {
				return nil
			}
			return []float32{1}
		},
	} {
		m := newTwo()
		l := newLoop(t, train.LoopConfig{Model: m, Optimizer: optim.AdamW{LR: 0.1, WeightDecay: 0.5}})
		for range 2 {
			require.NoError(t, m.step(l, []float32{1, -1}, out(m, true)))
		}
		assert.InDeltaSlice(t, []float32{0.7075, 2.0, 3}, m.values(), 1e-6, name)
		a := tensor.Data[float32](m.A.Value())
		before := append([]float32(nil), a...)
		m.A.Frozen = name == "frozen"
		require.NoError(t, m.step(l, nil, out(m, false)))
		assert.InDelta(t, 2.75, m.values()[2], 1e-6, name)
		assert.Equal(t, before, m.values()[:2], "%s: A has no gradient in this step", name)
		assert.Equal(t, 3, l.Steps())
	}
}

func TestLoopClipsAndScales(t *testing.T) {
	m := newTwo()
	l := newLoop(t, train.LoopConfig{Model: m, Optimizer: optim.SGD{LR: 1}, ClipNorm: 1,
		ParamGroups: []optim.Group{{Pattern: "B", Factor: 0.5}}, Schedule: optim.Step{Every: 1, Gamma: 0.5}, Steps: 4})
	assert.Zero(t, l.Norm())
	require.NoError(t, m.step(l, []float32{3, 0}, []float32{4})) // a norm of 5, made 1
	assert.InDeltaSlice(t, []float32{1 - 0.6, 2, 3 - 0.5*0.8}, m.values(), 1e-6)
	assert.Equal(t, 0.5, l.Rate())
	require.NoError(t, m.step(l, []float32{0, 0.25}, []float32{0})) // shorter than 1: as it is
	assert.InDeltaSlice(t, []float32{0.4, 2 - 0.5*0.25, 2.6}, m.values(), 1e-6)

	// Gradients of several batches add up, the squares of the largest are beyond float32, and the sum begins anew after
	// Step.
	t1 := l.Tape()
	l.BackwardScaled(autograd.Sum(autograd.Mul(t1.Use(m.A), t1.Const(tensor.FromSlice([]float32{3e30, 0})))), 0.5)
	t2 := l.Tape()
	l.BackwardScaled(autograd.Sum(autograd.Mul(t2.Use(m.B), t2.Const(tensor.FromSlice([]float32{4e30})))), 0.5)
	assert.Equal(t, []float32{1.5e30, 0, 2e30}, tensor.Data[float32](l.Gradients()))
	assert.InEpsilon(t, 2.5e30, l.Norm(), 1e-6)
	require.NoError(t, l.Step())
	assert.Equal(t, []float32{0, 0, 0}, tensor.Data[float32](l.Gradients()))
	assert.InDeltaSlice(t, []float32{0.4 - 0.25*0.6, 1.875, 2.6 - 0.125*0.8}, m.values(), 1e-6)
	assert.PanicsWithValue(t, "train: Loop.Step: no Backward since the last Step", func() { _ = l.Step() })
}

// A NaN gradient, here of √w·w at 0 under a finite loss, must not reach the weights.
func TestLoopRefusesNaN(t *testing.T) {
	m := newTwo()
	tensor.Data[float32](m.B.Value())[0] = 0
	l := newLoop(t, train.LoopConfig{Model: m, Optimizer: optim.Adam{}})
	tape := l.Tape()
	b := tape.Use(m.B)
	loss := autograd.Add(autograd.Sum(autograd.Mul(autograd.Sqrt(b), b)), autograd.Sum(tape.Use(m.A)))
	assert.Equal(t, 3.0, loss.Item())
	l.Backward(loss)
	err := l.Step()
	assert.ErrorIs(t, err, train.ErrNotFinite)
	assert.ErrorContains(t, err, "the gradients' norm in step 1 is not finite: NaN with learning rate 0.001")
	assert.Equal(t, []float32{1, 2, 0}, m.values())
	require.NoError(t, m.step(l, []float32{1, 1}, []float32{1}), "the next step begins anew")
	assert.InDeltaSlice(t, []float32{0.999, 1.999, -0.001}, m.values(), 1e-6)
}

// A loop that is stopped, saved, and loaded by another goes on to the same bits, dropout included.
func TestLoopSaveAndLoad(t *testing.T) {
	make := func(c train.LoopConfig) (*train.Loop, layers.Sequential) {
		rng := rand.New(rand.NewPCG(1, 2))
		net := layers.Sequential{layers.NewLinear(rng, 3, 8), layers.NewBatchNorm(8), layers.Dropout{P: 0.5},
			layers.NewLinear(rng, 8, 1)}
		c.Model = net
		return newLoop(t, c), net
	}
	c := train.LoopConfig{Optimizer: optim.AdamW{LR: 0.1}, ParamGroups: []optim.Group{{Pattern: "*.Bias", WeightDecay: optim.Zero}},
		Schedule: optim.Cosine{}, Steps: 6, Seed: 9, ClipNorm: 1}
	run := func(l *train.Loop, net layers.Sequential, steps int) {
		for range steps {
			x := tensor.New(tensor.Float32, 4, 3)
			x.Normal(rand.New(rand.NewPCG(3, uint64(l.Steps()))), 0, 1)
			tape := l.Tape()
			l.Backward(autograd.Mean(autograd.Square(net.Forward(tape, tape.Const(x)))))
			require.NoError(t, l.Step())
		}
	}
	whole, want := make(c)
	layers.Freeze(want, "0.Bias") // has no state
	run(whole, want, 6)

	file := filepath.Join(t.TempDir(), "loop.safetensors")
	half, net := make(c)
	layers.Freeze(net, "0.Bias")
	run(half, net, 3)
	require.NoError(t, half.Save(file))
	rest, got := make(c)
	layers.Freeze(got, "0.Bias")
	require.NoError(t, rest.Load(file))
	assert.Equal(t, 3, rest.Steps())
	run(rest, got, 3)
	assertSame := func(want, got any) {
		a, b := layers.StateDict(want), layers.StateDict(got)
		for i := range a {
			assert.True(t, a[i].Tensor.Equal(b[i].Tensor), a[i].Name)
		}
	}
	assertSame(want, got)

	// What does not fit is refused, and leaves the loop as it was.
	before, model := rest.Steps(), filepath.Join(t.TempDir(), "model.safetensors")
	require.NoError(t, layers.Save(model, got, nil))
	assert.ErrorContains(t, rest.Load(model), "no Loop wrote this file")
	r := onRanks(t, 1, train.AllReduce, func(_ int, c *train.Config) {
		c.Checkpoint, c.Resume = file, train.MustResume
	})[0]
	assert.ErrorContains(t, r.err, "a Loop wrote it: Loop.Load goes on from it")
	other := c
	other.Optimizer = optim.SGD{}
	sgd, _ := make(other)
	assert.ErrorContains(t, sgd.Load(file), "the optimizer was adamw, now sgd")
	other = c
	other.Seed = 8
	seeded, _ := make(other)
	assert.ErrorContains(t, seeded.Load(file), "the seed was 9, now 8")
	small := newLoop(t, train.LoopConfig{Model: newTwo(), Optimizer: c.Optimizer, Seed: 9})
	assert.ErrorContains(t, small.Load(file), "state of parameters or moments that there are not")
	tensors, meta, err := safetensors.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, safetensors.WriteFile(model, tensors[:len(tensors)-1], meta))
	assert.ErrorContains(t, rest.Load(model), "optimizer/exp_avg_sq/3.bias is missing, or is not 1 float32 numbers")
	assert.Equal(t, before, rest.Steps())
	assertSame(want, got)
}

// A Loop and train.Run take turns on one model, and an older Set by hand says that it is stale.
func TestLoopAndRunTakeTurns(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	net := layers.Sequential{layers.NewLinear(rng, 2, 1)}
	var params []*autograd.Param
	for _, p := range layers.Params(net) {
		params = append(params, p.Param)
	}
	mine := autograd.NewSet(params)
	l := newLoop(t, train.LoopConfig{Model: net, Optimizer: optim.SGD{LR: 0.1}})
	x, y := tensor.New(tensor.Float32, 8, 2), tensor.New(tensor.Float32, 8, 1)
	x.Normal(rng, 0, 1)
	y.Normal(rng, 0, 1)
	moved := func(what string, fn func()) {
		before := params[0].Value().Clone()
		fn()
		assert.False(t, before.Equal(params[0].Value()), what)
	}
	for range 2 {
		moved("Loop", func() {
			tape := l.Tape()
			l.Backward(layers.MSE{}.Loss(tape, net.Forward(tape, tape.Const(x)), y))
			require.NoError(t, l.Step())
		})
		moved("Run", func() {
			_, err := train.Run(context.Background(), train.Config{Model: net, Loss: layers.MSE{},
				Train: dataset.FromTensors(x, y)})
			require.NoError(t, err)
		})
	}
	assert.Panics(t, func() { mine.Value() })
	set := autograd.NewSet(params)
	assert.True(t, set.Has(params[0]))
	assert.Equal(t, 3, set.Value().Len())
}

func TestLoopRefuses(t *testing.T) {
	for _, c := range []struct {
		c    train.LoopConfig
		want string
	}{
		{train.LoopConfig{}, "train: LoopConfig.Model (<nil>) has no parameters in exported fields"},
		{train.LoopConfig{Model: newTwo(), Optimizer: optim.SGD{LR: -1}}, "train: LoopConfig.Optimizer: optim: " +
			"SGD.LR = -1, want 0 <= LR < Inf"},
		{train.LoopConfig{Model: newTwo(), Schedule: optim.Step{Gamma: 2}}, "train: LoopConfig.Schedule: optim: " +
			"Step.Gamma = 2, want 0 <= Gamma <= 1"},
		{train.LoopConfig{Model: newTwo(), Steps: -1}, "train: LoopConfig.Steps = -1, want at least 0"},
		{train.LoopConfig{Model: newTwo(), Schedule: optim.Cosine{}}, "train: LoopConfig.Steps = 0, and the rates of " +
			"LoopConfig.Schedule (optim.Cosine) depend on it: want the number of steps in all"},
		{train.LoopConfig{Model: newTwo(), ClipNorm: math.NaN()}, "train: LoopConfig.ClipNorm = NaN, want at least 0"},
		{train.LoopConfig{Model: newTwo(), ParamGroups: []optim.Group{{}}}, "train: LoopConfig.ParamGroups[0]: optim: " +
			"Group.Pattern is empty, want a pattern of parameter names"},
	} {
		_, err := train.NewLoop(c.c)
		assert.EqualError(t, err, c.want)
	}
	m := newTwo()
	l := newLoop(t, train.LoopConfig{Model: m})
	tape := l.Tape()
	l.Backward(autograd.Sum(tape.Use(m.A)))
	m.B.Frozen = true
	assert.PanicsWithValue(t, "train: Loop.Tape: parameters were frozen, unfrozen or moved to another Set between "+
		"Backward and Step",
		func() { l.Tape() })
}

// A schedule that hears of a metric lowers the rate, and a loop that goes on from a file remembers what it heard. The
// rates are those of torch.optim.lr_scheduler.ReduceLROnPlateau(factor=0.5, patience=1) for the metrics 3, 2, 2, 2.
func TestLoopMetric(t *testing.T) {
	c := train.LoopConfig{Model: newTwo(), Optimizer: optim.LAMB{LR: 0.1}, Schedule: optim.Plateau{Factor: 0.5, Patience: 1}}
	l := newLoop(t, c)
	file := filepath.Join(t.TempDir(), "loop.safetensors")
	for _, metric := range []float64{3, 2, 2} {
		l.Metric(metric)
		assert.Equal(t, 0.1, l.Rate())
	}
	require.NoError(t, l.Save(file))
	c.Model = newTwo()
	rest := newLoop(t, c)
	require.NoError(t, rest.Load(file))
	rest.Metric(2)
	assert.Equal(t, 0.05, rest.Rate())
}
