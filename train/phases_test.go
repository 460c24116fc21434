package train_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// gan is a generator of points in the plane, with a normalisation whose running statistics move in both phases, and a
// discriminator.
type gan struct{ G, D layers.Sequential }

func newGAN() *gan {
	rng := rand.New(rand.NewPCG(7, 7))
	return &gan{
		G: layers.Sequential{layers.NewLinear(rng, 4, 16), layers.NewBatchNorm(16), layers.Tanh{}, layers.NewLinear(rng, 16, 2)},
		D: layers.Sequential{layers.NewLinear(rng, 2, 24), layers.LeakyReLU{}, layers.NewLinear(rng, 24, 1)},
	}
}

// made gives n points of the generator's.
func (m *gan) made(t *autograd.Tape, n int) *autograd.Var {
	z := tensor.New(tensor.Float32, n, 4)
	for i := range tensor.Data[float32](z) {
		tensor.Data[float32](z)[i] = float32(t.Rand().NormFloat64())
	}
	return m.G.Forward(t, t.Const(z))
}

// says is the loss of a discriminator that is to call points x true (1) or made (0).
func (m *gan) says(t *autograd.Tape, x *autograd.Var, yes float32) *autograd.Var {
	target := tensor.New(tensor.Float32, x.Dim(0), 1)
	target.Fill(float64(yes))
	return layers.BCEWithLogits{}.Loss(t, m.D.Forward(t, x), target)
}

func (m *gan) judge(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
	return autograd.Add(m.says(t, t.Const(b.X), 1), m.says(t, m.made(t, b.N), 0))
}

func (m *gan) fool(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
	return m.says(t, m.made(t, b.N), 1)
}

// adversaries makes c train a gan on points around (2, -1).
func adversaries(c *train.Config) *gan {
	rng := rand.New(rand.NewPCG(2, 2))
	x := make([]float32, 2*256)
	for i := range x {
		x[i] = float32([]float64{2, -1}[i%2] + 0.3*rng.NormFloat64())
	}
	m := newGAN()
	c.Model, c.Loss, c.Optimizer, c.Test = m, nil, nil, nil
	c.Train = dataset.FromTensors(tensor.FromSlice(x, 256, 2), tensor.New(tensor.Float32, 256, 1))
	c.BatchSize, c.Partitions, c.Epochs = 64, 4, 2
	c.Phases = []train.Phase{
		{Name: "discriminator", Params: "D.*", LossFunc: m.judge, Optimizer: optim.Adam{LR: 0.01, Beta1: 0.5}},
		{Name: "generator", Params: "*", LossFunc: m.fool, Optimizer: optim.RMSprop{LR: 0.002}},
	}
	return m
}

// TestPhasesLearn: the mean of what the generator makes comes near that of the points.
func TestPhasesLearn(t *testing.T) {
	c := config(train.Sharded)
	m := adversaries(&c)
	c.Epochs = 60
	means := func() [2]float64 {
		var mean [2]float64
		tape := autograd.NewTape(autograd.Infer, rand.New(rand.NewPCG(1, 1)))
		for i, v := range tensor.Data[float32](m.made(tape, 500).Value()) {
			mean[i%2] += float64(v) / 500
		}
		return mean
	}
	require.Less(t, means()[0], 1.0)
	report, err := train.Run(t.Context(), c)
	require.NoError(t, err)
	require.Len(t, report.Epochs, 60)
	require.Equal(t, -1, report.Epochs[0].Train.Correct)
	require.InDelta(t, 2, means()[0], 0.5)
	require.InDelta(t, -1, means()[1], 0.5)
}

// TestPhasesSameBits trains on 1, 2, 3 ranks, straight and from a checkpoint within an epoch, with clipping, micro-batches
// and groups.
func TestPhasesSameBits(t *testing.T) {
	change := func(path string, resume train.ResumeMode) func(int, *train.Config) {
		return func(_ int, c *train.Config) {
			adversaries(c)
			c.ClipNorm, c.Accumulate, c.Checkpoint, c.Resume = 0.5, 2, path, resume
			c.ParamGroups = []optim.Group{{Pattern: "*.bias", Factor: 2}}
		}
	}
	var losses [][]float64
	alone := onRanks(t, 1, train.Sharded, func(rank int, c *train.Config) {
		change("", train.NoResume)(rank, c)
		c.OnStep = func(s train.Step) error {
			losses = append(losses, s.Losses)
			require.InDelta(t, s.Losses[0]+s.Losses[1], s.Loss, 1e-12)
			return nil
		}
	})[0]
	require.NoError(t, alone.err)
	require.Len(t, losses, 8)
	path := filepath.Join(t.TempDir(), "run.safetensors")
	for _, r := range onRanks(t, 2, train.Sharded, func(rank int, c *train.Config) {
		change(path, train.NoResume)(rank, c)
		c.OnStep = func(s train.Step) error {
			if s.Epoch == 2 && s.Step == 1 {
				return train.Stop
			}
			return nil
		}
	}) {
		require.NoError(t, r.err)
	}
	for _, ranks := range []int{1, 2, 3} {
		t.Run(fmt.Sprint(ranks), func(t *testing.T) {
			requireAll(t, alone, onRanks(t, ranks, train.Sharded, change("", train.NoResume)))
			requireAll(t, alone, onRanks(t, ranks, train.Sharded, change(copyOf(t, path), train.MustResume)))
		})
	}
	requireAll(t, alone, onRanks(t, 1, train.AllReduce, change("", train.NoResume)))
	got := onRanks(t, 3, train.AllReduce, change("", train.NoResume))
	requireAll(t, got[0], got)
	require.InDeltaSlice(t, alone.weights, got[0].weights, 0.02) // 8 steps of up to 0.01, normalised: rounding is too
	refused := onRanks(t, 1, train.Sharded, func(rank int, c *train.Config) {
		change(copyOf(t, path), train.MustResume)(rank, c)
		c.Phases[1].Optimizer = optim.RMSprop{LR: 0.003}
	})[0]
	require.ErrorContains(t, refused.err, "Phases.generator was * by rmsprop{LR:0.002")
}

// TestPhasesAgainstPlain compares a run with steps written out: first A, then B on what the new A gives.
func TestPhasesAgainstPlain(t *testing.T) {
	type chain struct{ A, B *layers.Linear }
	newChain := func() *chain {
		rng := rand.New(rand.NewPCG(3, 3))
		return &chain{layers.NewLinear(rng, features, 4), layers.NewLinear(rng, 4, classes)}
	}
	first := func(m *chain) func(*autograd.Tape, *dataset.Batch) *autograd.Var {
		return func(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
			return autograd.Mean(autograd.Square(m.A.Forward(t, t.Const(b.X))))
		}
	}
	second := func(m *chain) func(*autograd.Tape, *dataset.Batch) *autograd.Var {
		return func(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
			return layers.CrossEntropy{}.Loss(t, m.B.Forward(t, m.A.Forward(t, t.Const(b.X))), b.Y)
		}
	}
	m, plain := newChain(), newChain()
	c := config(train.Sharded)
	c.Model, c.Loss, c.Optimizer, c.Test, c.Partitions = m, nil, nil, nil, 3
	c.Phases = []train.Phase{{Name: "a", Params: "A.*", LossFunc: first(m), Optimizer: optim.SGD{LR: 0.1}},
		{Name: "b", Params: "B.*", LossFunc: second(m), Optimizer: optim.SGD{LR: 0.3}}}
	_, err := train.Run(t.Context(), c)
	require.NoError(t, err)

	plan := dataset.Plan{N: c.Train.Len(), BatchSize: 16, Partitions: 1, Shuffle: true, Seed: 5}
	tape := autograd.NewTape(autograd.Train, nil)
	var batch dataset.Batch
	for epoch := range 3 {
		order := plan.Epoch(epoch)
		for step := range plan.Steps() {
			require.NoError(t, batch.Fill(c.Train, order.Batch(step)))
			for i, loss := range []func(*autograd.Tape, *dataset.Batch) *autograd.Var{first(plain), second(plain)} {
				tape.Reset(nil)
				tape.Backward(loss(tape, &batch))
				for _, p := range layers.Params([]*layers.Linear{plain.A, plain.B}[i]) {
					w, g := tensor.Data[float32](p.Param.Value()), tensor.Data[float32](tape.Grad(p.Param))
					for k := range w {
						w[k] -= []float32{0.1, 0.3}[i] * g[k]
					}
				}
			}
		}
	}
	require.InDeltaSlice(t, weights(plain), weights(m), 2e-5) // as TestAgainstPlainLoop
}

func TestPhasesRefused(t *testing.T) {
	for want, change := range map[string]func(*train.Config, *gan){
		`Config.Phases[1].Name = "discriminator"`: func(c *train.Config, _ *gan) { c.Phases[1].Name = "discriminator" },
		"Config.Phases[0].LossFunc is nil":        func(c *train.Config, _ *gan) { c.Phases[0].LossFunc = nil },
		"Config.Phases[1].Optimizer is nil":       func(c *train.Config, _ *gan) { c.Phases[1].Optimizer = nil },
		"Config.Phases[0].Optimizer: optim: ":     func(c *train.Config, _ *gan) { c.Phases[0].Optimizer = optim.SGD{LR: -1} },
		"one of Loss, LossFunc":                   func(c *train.Config, _ *gan) { c.Loss = layers.MSE{} },
		"Config.Test are set":                     func(c *train.Config, _ *gan) { c.Test = c.Train },
		"none of Average":                         func(c *train.Config, _ *gan) { c.Average = &train.Average{} },
		`Config.Phases[1].Params = "D.*": no`:     func(c *train.Config, _ *gan) { c.Phases[1].Params = "D.*" },
		"parameter G.0.Weight is in none":         func(c *train.Config, _ *gan) { c.Phases[1].Params = "G.3.*" },
		"phase generator": func(c *train.Config, m *gan) {
			c.Phases[1].LossFunc = func(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
				return autograd.Scale(m.fool(t, b), 1e38*1e10)
			}
		},
	} {
		t.Run(want, func(t *testing.T) {
			c := config(train.AllReduce)
			m := adversaries(&c)
			change(&c, m)
			_, err := train.Run(t.Context(), c)
			require.ErrorContains(t, err, want)
		})
	}
}

// TestPhasesSeeOneMixture: what Mix makes of a batch is the same in all phases of a step.
func TestPhasesSeeOneMixture(t *testing.T) {
	seen := map[string][]float64{} // by phase, the sums of the batches
	onRanks(t, 1, train.Sharded, func(_ int, c *train.Config) {
		adversaries(c)
		c.Mix, c.Partitions, c.Epochs = &train.Mix{MixUp: 0.4}, 1, 1
		for i, p := range c.Phases {
			c.Phases[i].LossFunc = func(tape *autograd.Tape, b *dataset.Batch) *autograd.Var {
				sum := 0.0
				for k, v := range tensor.Data[float32](b.X) {
					sum += float64(v) * float64(1+k%7)
				}
				seen[p.Name] = append(seen[p.Name], sum)
				return p.LossFunc(tape, b)
			}
		}
	})
	require.Len(t, seen["generator"], 4)
	require.Equal(t, seen["discriminator"], seen["generator"])
}
