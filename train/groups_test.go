package train_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// TestGroupsAsPyTorch trains with parameter groups and ends at PyTorch's weights, on 1 to 3 ranks with either strategy.
// testdata/groups.json is written by testdata/groups.py.
func TestGroupsAsPyTorch(t *testing.T) {
	var want struct {
		Steps  int
		X      []float64
		Labels []int64
		First  map[string][]float64
		Last   map[string]map[string][]float64
	}
	text, err := os.ReadFile("testdata/groups.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &want))

	rules := map[string]optim.Optimizer{
		"sgd":      optim.SGD{LR: 0.5, Momentum: 0.9, WeightDecay: 0.1},
		"nesterov": optim.SGD{LR: 0.2, Momentum: 0.8, Nesterov: true, WeightDecay: 0.1},
		"adagrad":  optim.Adagrad{LR: 0.1, Eps: 1e-3, WeightDecay: 0.1},
		"adam":     optim.Adam{LR: 0.05, Eps: 1e-3, WeightDecay: 0.1},
		"adamw":    optim.AdamW{LR: 0.05, Eps: 1e-3, WeightDecay: 0.1},
	}
	require.Len(t, want.Last, len(rules))
	for name, last := range want.Last {
		for _, sync := range []train.Sync{train.AllReduce, train.Sharded} {
			for ranks := 1; ranks <= 3; ranks++ {
				t.Run(fmt.Sprintf("%s %v %d", name, sync, ranks), func(t *testing.T) {
					models := make([]layers.Sequential, ranks)
					for _, r := range onRanks(t, ranks, sync, func(rank int, c *train.Config) {
						rng := rand.New(rand.NewPCG(1, 1))
						m := layers.Sequential{layers.NewLinear(rng, 4, 5), layers.Tanh{}, layers.NewLinear(rng, 5, 3)}
						for _, p := range layers.Params(m) {
							p.Replace(tensor.FromSlice(want.First[p.Key], p.Value().Shape()...).Cast(tensor.Float32))
						}
						models[rank], c.Model, c.Optimizer = m, m, rules[name]
						c.Schedule = optim.Step{Every: 3, Gamma: 0.5}
						c.ParamGroups = []optim.Group{
							{Pattern: "0.bias", WeightDecay: optim.Zero, Factor: 0.25},
							{Pattern: "*.bias", WeightDecay: optim.Zero},
							{Pattern: "0.*", LR: 0.01, WeightDecay: 0.3},
						}
						x := tensor.FromSlice(want.X, 9, 4).Cast(tensor.Float32)
						c.Train = dataset.FromTensors(x, tensor.FromSlice(want.Labels)).WithClasses(3)
						c.Test, c.Epochs, c.BatchSize, c.Partitions = nil, want.Steps, 9, 4
					}) {
						require.NoError(t, r.err)
					}
					for rank, m := range models {
						for _, p := range layers.Params(m) {
							for i, w := range last[p.Key] {
								// ten roundings of numbers near 1 a step
								require.InDelta(t, w, float64(tensor.Data[float32](p.Value())[i]), float64(want.Steps)*10*0x1p-24,
									"%s[%d] on rank %d", p.Name, i, rank)
							}
						}
					}
				})
			}
		}
	}
}

// biases has groups that cut the flat vector of net into four runs, of which ranks own parts.
var biases = []optim.Group{
	{Pattern: "*.Bias", WeightDecay: optim.Zero, LR: 0.02},
	{Pattern: "hidden.*", Factor: 0.5},
}

func withGroups(_ int, c *train.Config) {
	c.Optimizer, c.ParamGroups = optim.AdamW{LR: 0.01, WeightDecay: 0.1}, biases
}

// With groups, too, partitions and not ranks fix the result of Sharded: also where a rank's slice begins within a group,
// and where a rank owns nothing.
func TestGroupsSameBits(t *testing.T) {
	alone := onRanks(t, 1, train.Sharded, withGroups)[0]
	require.NoError(t, alone.err)
	for _, ranks := range []int{2, 3, 8} {
		t.Run(fmt.Sprintf("ranks=%d", ranks), func(t *testing.T) {
			requireAll(t, alone, onRanks(t, ranks, train.Sharded, withGroups))
		})
	}
	t.Run("ring alone", func(t *testing.T) { requireAll(t, alone, onRanks(t, 1, train.AllReduce, withGroups)) })
	for _, ranks := range []int{2, 3} {
		t.Run(fmt.Sprintf("ring on %d", ranks), func(t *testing.T) {
			got := onRanks(t, ranks, train.AllReduce, withGroups)
			requireAll(t, got[0], got)
			require.InDeltaSlice(t, alone.weights, got[0].weights, 1e-3) // as in TestRingAgrees
		})
	}
	t.Run("more ranks than weights", func(t *testing.T) {
		small := func(_ int, c *train.Config) {
			withGroups(0, c)
			m := layers.NewLinear(rand.New(rand.NewPCG(1, 1)), 1, 2)
			c.Model, c.ParamGroups = m, []optim.Group{{Pattern: "Bias", WeightDecay: optim.Zero}}
			c.Train, c.Test = dataset.FromTensors(tensor.Full(tensor.Float32, 1, 9, 1), tensor.New(tensor.Int64, 9)).WithClasses(2), nil
			c.Checkpoint = t.TempDir() + "/run.safetensors"
		}
		alone := onRanks(t, 1, train.Sharded, small)[0]
		require.NoError(t, alone.err)
		requireAll(t, alone, onRanks(t, 6, train.Sharded, small))
	})
}

// A group that changes nothing changes no bit.
func TestGroupsThatChangeNothing(t *testing.T) {
	want := onRanks(t, 2, train.Sharded, nil)[0]
	require.NoError(t, want.err)
	requireAll(t, want, onRanks(t, 2, train.Sharded, func(_ int, c *train.Config) {
		c.ParamGroups = []optim.Group{{Pattern: "*.Bias", LR: 0.01}, {Pattern: "Out.*", Factor: 1, WeightDecay: optim.Zero}} // Adam's rate is 0.01, its decay 0
	}))
}

// A run that stops in the middle of an epoch goes on to the same bits, on other ranks, with moments and step counts of all groups.
func TestGroupsResume(t *testing.T) {
	for _, c := range []struct {
		sync          train.Sync
		before, after int
	}{{train.AllReduce, 2, 2}, {train.Sharded, 1, 3}, {train.Sharded, 3, 2}} {
		t.Run(fmt.Sprintf("%v %d to %d", c.sync, c.before, c.after), func(t *testing.T) {
			want := onRanks(t, c.after, c.sync, withGroups)[0]
			require.NoError(t, want.err)
			path := t.TempDir() + "/run.safetensors"
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			for _, r := range onRanksContext(t, c.before, c.sync, func(rank int, base context.Context, cfg *train.Config) context.Context {
				withGroups(rank, cfg)
				cfg.Checkpoint = path
				if rank != 0 {
					return base
				}
				cfg.OnStep = func(s train.Step) error {
					if s.Epoch == 2 && s.Step == 3 {
						cancel()
					}
					return nil
				}
				return ctx
			}) {
				require.ErrorContains(t, r.err, "interrupted after 1 epochs and")
			}
			requireAll(t, want, onRanks(t, c.after, c.sync, func(rank int, cfg *train.Config) {
				withGroups(rank, cfg)
				cfg.Checkpoint, cfg.Resume = path, train.MustResume
			}))
		})
	}
}

// A frozen parameter that a group matches stays as it is.
func TestGroupsAndFrozen(t *testing.T) {
	want := weights(newNet().Hidden)
	for _, r := range onRanks(t, 2, train.Sharded, func(_ int, c *train.Config) {
		withGroups(0, c)
		require.Equal(t, 2, layers.Freeze(c.Model, "Hidden.*"))
	}) {
		require.NoError(t, r.err)
		require.Equal(t, want, r.weights[:len(want)])
		require.NotEqual(t, weights(newNet())[len(want):], r.weights[len(want):], "the others were trained")
	}
}

func TestGroupsRefused(t *testing.T) {
	for _, c := range []struct {
		groups []optim.Group
		want   string
	}{
		{[]optim.Group{{Pattern: "*.bias", WeightDecay: optim.Zero}, {Pattern: "*.bais"}}, `train: Config.ParamGroups[1]: no parameter of *train_test.net matches "*.bais"`},
		{[]optim.Group{{Pattern: "*"}, {Pattern: "*.bias"}}, `train: Config.ParamGroups[1]: all parameters that match "*.bias" are in groups before it: put it before those`},
		{[]optim.Group{{Pattern: "["}}, `train: Config.ParamGroups[0]: optim: Group "[": syntax error in pattern`},
		{[]optim.Group{{Pattern: "*", LR: -1}}, `train: Config.ParamGroups[0]: optim: Group "*".LR = -1, want 0 <= LR < Inf`},
	} {
		t.Run(c.want, func(t *testing.T) {
			cfg := config(train.AllReduce)
			cfg.ParamGroups = c.groups
			_, err := train.Run(t.Context(), cfg)
			require.EqualError(t, err, c.want)
		})
	}
}
