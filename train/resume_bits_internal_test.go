package train

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/train/optim"
)

// trained runs a configuration, made for each rank, and gives the state of rank 0.
func trained(t *testing.T, ranks int, config func(rank int) Config) [][]byte {
	t.Helper()
	var state [][]byte
	require.NoError(t, launch.Local(t.Context(), ranks, collectives.Config{}, func(ctx context.Context,
		g *collectives.Group) error {
		c := config(g.Rank())
		c.Group = g
		_, err := Run(ctx, c)
		if g.Rank() == 0 {
			state = stateOf(c.Model)
		}
		return err
	}))
	return state
}

// followScore makes c go by evaluations: its rate falls with them, and it ends with its best weights.
func followScore(c *Config) {
	c.Test, c.ValidateWhen = c.Train, EverySteps(3)
	c.Schedule = optim.Plateau{Patience: -1, Factor: 0.5, Threshold: 0.05}
	c.Early = &EarlyStopping{Patience: 12, MinDelta: 0.02}
}

// inPhases makes c train its first layer, then the others, in each step, on clipped gradients.
func inPhases(c *Config) {
	model := c.Model.(layers.Layer)
	loss := func(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
		return layers.BCEWithLogits{}.Loss(t, model.Forward(t, t.Const(b.X)), b.Y)
	}
	c.Loss, c.Optimizer, c.ClipNorm = nil, nil, 0.05
	c.Phases = []Phase{{Name: "first", Params: "0.*", LossFunc: loss, Optimizer: optim.Adam{LR: 0.01}},
		{Name: "rest", Params: "*", LossFunc: loss, Optimizer: optim.SGD{LR: 0.05, Momentum: 0.9}}}
}

// TestResumedBits stops runs at random steps, 22 under each strategy (44 in ci/soak), and resumes them, under Sharded
// on another number of ranks too. Each ends with the bits of the run that was never stopped: weights, tables, running
// statistics. The checkpoints are written in the background and between steps.
func TestResumedBits(t *testing.T) {
	kinds := map[string]struct {
		change func(*Config)
		sparse bool
	}{
		"dense":    {change: func(*Config) {}},
		"schedule": {change: func(c *Config) { c.Schedule = optim.Warmup{Steps: 5, Then: optim.Cosine{}} }},
		"norm":     {change: func(c *Config) { c.SyncBatchNorm = true }},
		"sparse":   {change: func(c *Config) {}, sparse: true},
		"feedback": {change: func(c *Config) { c.Compress, c.ErrorFeedback = collectives.BFloat16Wire, true }},
		"amsgrad":  {change: func(c *Config) { c.Optimizer = optim.Adam{LR: 0.01, AMSGrad: true} }},
		"clip":     {change: func(c *Config) { c.ClipNorm, c.Accumulate = 0.05, 2 }},
		"rows":     {change: func(c *Config) { c.ClipNorm, c.Average = 0.05, &Average{Decay: 0.5} }, sparse: true},
		"average":  {change: func(c *Config) { c.ClipNorm, c.Average = 0.05, &Average{SWA: true} }},
		"early":    {change: followScore},
		"phases":   {change: inPhases},
	}
	names := []string{"dense", "schedule", "norm", "sparse", "feedback", "amsgrad", "clip", "rows", "average", "early",
		"phases"}
	rng := rand.New(rand.NewPCG(50, 50))
	draws := 22
	if os.Getenv("TUTTI_SOAK") != "" {
		draws = 110
	}
	for _, sync := range []Sync{AllReduce, Sharded} {
		whole := map[string][][]byte{} // by kind, and the ranks where they count
		for i := range draws {
			name := names[i%len(names)]
			kind := kinds[name]
			ranks := [][2]int{{2, 2}, {3, 3}, {1, 1}, {4, 4}}[i%4]
			if sync == Sharded && name != "feedback" {
				ranks = [][2]int{{1, 4}, {4, 2}, {2, 3}, {3, 1}}[i%4]
			}
			config := func(rank int) Config {
				c := plain(7 + uint64(rank))
				if kind.sparse {
					c = byRows(7 + uint64(rank))
				}
				c.Epochs, c.Sync = 3, sync
				kind.change(&c)
				return c
			}
			key := name
			if sync == AllReduce || name == "feedback" {
				key = fmt.Sprint(name, ranks[0])
			}
			if whole[key] == nil {
				whole[key] = trained(t, ranks[0], config)
			}
			path := t.TempDir() + "/run.safetensors"
			stop := 1 + rng.IntN(11) // of 12 steps
			taken := 0
			trained(t, ranks[0], func(rank int) Config {
				c := config(rank)
				c.Checkpoint = path
				if c.CheckpointMemory = 0; i%2 == 0 {
					c.CheckpointMemory = -1
				}
				if rank == 0 {
					c.OnStep = func(Step) error {
						if taken++; taken == stop {
							return Stop
						}
						return nil
					}
				}
				return c
			})
			got := trained(t, ranks[1], func(rank int) Config {
				c := config(rank)
				c.Checkpoint, c.Resume = path, MustResume
				c.OnStart = func(s Start) error {
					if !s.SameBits || s.Note != "" || s.Epoch*4+s.Step != stop {
						return fmt.Errorf("the start is %+v, want step %d", s, stop)
					}
					return nil
				}
				return c
			})
			require.Equal(t, whole[key], got, "%s, %v, ranks %v, stopped after step %d", name, sync, ranks, stop)
		}
	}
}

// With Compress another number of ranks would round other sums: it is refused, and says of what.
func TestResumeCompressedElsewhere(t *testing.T) {
	path := t.TempDir() + "/run.safetensors"
	config := func(int) Config {
		c := plain(7)
		c.Compress, c.ErrorFeedback, c.Checkpoint = collectives.BFloat16Wire, true, path
		return c
	}
	trained(t, 2, config)
	_, err := Run(t.Context(), func() Config {
		c := config(0)
		c.Resume = MustResume
		return c
	}())
	require.ErrorContains(t, err, "Group.Size was 2, now 1")
}
