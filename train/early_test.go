package train_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/metrics"
	"github.com/tutti-ml/tutti/train/optim"
	"github.com/tutti-ml/tutti/train/summary"
)

// never is early stopping by a metric that one evaluation has and none after it beats.
func never(patience int) func(rank int, c *train.Config) {
	return func(_ int, c *train.Config) {
		c.Metrics, c.Epochs = []metrics.Metric{metrics.LogLoss{}}, 20
		c.Early = &train.EarlyStopping{Patience: patience, MinDelta: 100}
	}
}

// TestEarlyStopping: patience ends the run, and the model has the weights of the epoch that was best: those of a run
// that ends there. So it is with both strategies, on any number of ranks.
func TestEarlyStopping(t *testing.T) {
	for _, sync := range []train.Sync{train.AllReduce, train.Sharded} {
		for _, ranks := range []int{1, 3} {
			best := onRanks(t, ranks, sync, func(_ int, c *train.Config) { c.Epochs = 1 })[0]
			var last []float32
			got := onRanks(t, ranks, sync, func(rank int, c *train.Config) {
				never(2)(rank, c)
				if rank == 0 {
					c.OnEpoch = func(train.Epoch) error { last = weights(c.Model); return nil }
				}
			})
			for rank, r := range got {
				require.NoError(t, r.err)
				require.Equal(t, best.weights, r.weights, "%v: rank %d of %d", sync, rank, ranks)
				require.NotEqual(t, last, r.weights)
				require.Len(t, r.report.Epochs, 3)
				require.True(t, r.report.Stopped)
				require.Regexp(t, `^Config.Early: log-loss was no better than [0-9.]+, of step 7, in 2 evaluations$`, r.report.Why)
				require.Equal(t, r.report.Epochs[0].Test, r.report.Test())
				require.Equal(t, 7, r.report.Best.Global)
			}
		}
	}
}

// TestEarlyStoppingResumes: a run that is stopped after any epoch and resumed, on another number of ranks, ends as one
// that was not, with the best weights out of the checkpoint; one that has ended does not go on.
func TestEarlyStoppingResumes(t *testing.T) {
	want := onRanks(t, 1, train.Sharded, never(3))[0]
	require.Len(t, want.report.Epochs, 4)
	path := t.TempDir() + "/c"
	for epoch := range 6 {
		got := onRanks(t, 1+epoch%3, train.Sharded, func(rank int, c *train.Config) {
			never(3)(rank, c)
			c.Checkpoint, c.Resume = path, train.AutoResume
			c.OnEpoch = func(train.Epoch) error { return train.Stop }
		})
		for _, r := range got {
			require.NoError(t, r.err)
			require.Equal(t, want.weights, r.weights, "after %d", epoch) // the best are the first
			require.Len(t, r.report.Epochs, min(epoch+1, 4))
			if epoch > 3 {
				require.Equal(t, want.report.Why, r.report.Why)
			}
		}
	}
}

// TestEarlyStoppingChanges: a run may take early stopping up, or give it up, where ResumeWith says so.
func TestEarlyStoppingChanges(t *testing.T) {
	path := t.TempDir() + "/c"
	run := func(early bool, epochs int, allowed ...string) result {
		return onRanks(t, 2, train.Sharded, func(_ int, c *train.Config) {
			c.Checkpoint, c.Resume, c.ResumeWith, c.Epochs = path, train.AutoResume, allowed, epochs
			if early {
				c.Early = &train.EarlyStopping{Patience: 2, MinDelta: 100}
			}
		})[0]
	}
	require.NoError(t, run(false, 2).err)
	require.ErrorContains(t, run(true, 9).err, "in Config.ResumeWith (--resume-with)")
	r := run(true, 9, "Early", "Score")
	require.NoError(t, r.err)
	require.Len(t, r.report.Epochs, 5) // the third is the first that it hears of, and the best
	require.Equal(t, r.report.Epochs[2].Test, r.report.Test())
	require.ErrorContains(t, run(false, 9).err, "in Config.ResumeWith (--resume-with)")
	r = run(false, 9, "Early", "Score")
	require.NoError(t, r.err)
	require.Len(t, r.report.Epochs, 9)
	require.Nil(t, r.report.Best)
}

// TestEarlyStoppingOfAverages: with averaged weights, which are what an evaluation sees, the best average is kept.
func TestEarlyStoppingOfAverages(t *testing.T) {
	average := &train.Average{Decay: 0.9}
	best := onRanks(t, 1, train.Sharded, func(_ int, c *train.Config) { c.Epochs, c.Average = 1, average })[0]
	for _, r := range onRanks(t, 2, train.Sharded, func(rank int, c *train.Config) {
		never(1)(rank, c)
		c.Average = average
	}) {
		require.NoError(t, r.err)
		require.Len(t, r.report.Epochs, 2)
		require.Equal(t, best.weights, r.weights)
	}
}

// TestEarlyStoppingKeepsLast: with KeepLast, and where the last evaluation is the best, the weights are the last.
func TestEarlyStoppingKeepsLast(t *testing.T) {
	last := onRanks(t, 1, train.AllReduce, func(_ int, c *train.Config) { c.Epochs = 3 })[0]
	for name, change := range map[string]func(c *train.Config){
		"KeepLast": func(c *train.Config) { c.Early = &train.EarlyStopping{Patience: 2, MinDelta: 100, KeepLast: true} },
		"better":   func(c *train.Config) { c.Epochs, c.Early = 3, &train.EarlyStopping{Patience: 1} },
	} {
		r := onRanks(t, 1, train.AllReduce, func(_ int, c *train.Config) { c.Epochs = 20; change(c) })[0]
		require.NoError(t, r.err)
		require.Equal(t, last.weights, r.weights, name)
		require.Equal(t, last.report.Epochs[2].Test, r.report.Test(), name)
	}
}

// TestEarlyStoppingOfNothing: a score that is no number improves on nothing, and the weights are the last.
func TestEarlyStoppingOfNothing(t *testing.T) {
	last := onRanks(t, 1, train.AllReduce, func(_ int, c *train.Config) { c.Epochs = 2 })[0]
	r := onRanks(t, 1, train.AllReduce, func(_ int, c *train.Config) {
		c.Epochs, c.Early = 9, &train.EarlyStopping{Patience: 2}
		c.Metrics = []metrics.Metric{metrics.Accuracy{Options: metrics.Options{Ignore: []int64{0, 1, 2}}}}
	})[0]
	require.NoError(t, r.err)
	require.Equal(t, "Config.Early: accuracy was no number in 2 evaluations", r.report.Why)
	require.Equal(t, last.weights, r.weights)
	require.Nil(t, r.report.Best)
	require.True(t, math.IsNaN(r.report.Test().Values[0].Value))
}

// TestPlateau: the rate falls when the score no longer improves, as optim.Plateau says of the evaluations, within
// epochs too; so it does on three ranks, and in a run that was stopped after every epoch.
func TestPlateau(t *testing.T) {
	schedule := optim.Plateau{Factor: 0.5, Patience: -1, Threshold: 0.05, Mode: "max"}
	path := t.TempDir() + "/c"
	var steps []summary.Step
	change := func(h *heard, stop bool) func(rank int, c *train.Config) {
		return func(rank int, c *train.Config) {
			c.Schedule, c.Score, c.ValidateWhen = schedule, "accuracy", train.EverySteps(3)
			if rank == 0 {
				c.Sinks = []summary.Sink{h}
			}
			if stop {
				c.Checkpoint, c.Resume = path, train.AutoResume
				c.OnEpoch = func(train.Epoch) error { return train.Stop }
			}
		}
	}
	one := &heard{}
	want := onRanks(t, 1, train.Sharded, change(one, false))[0]
	require.NoError(t, want.err)
	state, scores := schedule.Fresh(), map[int]float64{21: want.report.Epochs[2].Test.Accuracy()}
	for _, e := range want.report.Evaluations {
		scores[e.Global] = e.Test.Accuracy()
	}
	require.Len(t, scores, 7)
	for _, s := range one.steps {
		require.Equal(t, schedule.RateIn(state, 0.01, s.Global, 21), s.Rate, "step %d", s.Global)
		if score, ok := scores[s.Global]; ok {
			state = schedule.Next(state, score)
		}
	}
	require.Positive(t, state.Reductions)
	requireAll(t, want, onRanks(t, 3, train.Sharded, change(&heard{}, false)))
	for range 3 {
		h := &heard{}
		got := onRanks(t, 2, train.Sharded, change(h, true))
		require.NoError(t, got[0].err)
		if steps = append(steps, h.steps...); len(got[0].report.Epochs) == 3 {
			requireAll(t, want, got)
		}
	}
	for i, s := range steps {
		require.Equal(t, one.steps[i].Rate, s.Rate)
	}
	require.Len(t, steps, 21)
}

func size(output, _ *tensor.Tensor, add func(value, weight float64)) error {
	add(float64(output.Len()), 1)
	return nil
}

func TestScoreErrors(t *testing.T) {
	for _, c := range []struct {
		change func(c *train.Config)
		want   string
	}{
		{func(c *train.Config) { c.Test = nil }, "Config.Early follows loss of Config.Test, which is nil"},
		{func(c *train.Config) { c.ValidateWhen = train.Never() },
			`Config.Early follows loss, and Config.ValidateWhen is "never": there is no loss to follow`},
		{func(c *train.Config) { c.Early.Patience = -1 }, "Config.Early.Patience = -1, want at least 1"},
		{func(c *train.Config) { c.Early.MinDelta = math.NaN() }, "Config.Early.MinDelta = NaN, want at least 0"},
		{func(c *train.Config) { c.Metrics = []metrics.Metric{metrics.Mean{Title: "size", Of: size}} },
			"Config.Early follows size, of which no value is better than another"},
		{func(c *train.Config) { c.Early, c.Schedule, c.Test = nil, optim.Plateau{}, nil }, "Config.Schedule follows loss"},
		{func(c *train.Config) { c.Schedule, c.Score = optim.Plateau{}, "accuracy" },
			`Config.Schedule.Mode = "", and accuracy, which it follows, is better when higher`},
		{func(c *train.Config) { c.Schedule = optim.Plateau{Mode: "max"} },
			`Config.Schedule.Mode = "max", and loss, which it follows, is better when lower`},
	} {
		cfg := config(train.AllReduce)
		cfg.Group, cfg.Early = collectives.Alone(), &train.EarlyStopping{}
		c.change(&cfg)
		require.ErrorContains(t, cfg.Validate(), c.want)
	}
}
