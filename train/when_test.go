package train_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/metrics"
	"github.com/tutti-ml/tutti/train/summary"
)

// TestEndWhen: a run ends after the step or at the epoch's end that its trigger says, on all ranks, and once it has ended
// it goes no further when it is resumed. An epoch is 7 steps.
func TestEndWhen(t *testing.T) {
	for _, c := range []struct {
		when          train.Trigger
		epochs        int // Config.Epochs
		epoch, step   int // complete
		why           string
		stopped, none bool
	}{
		{train.MaxSteps(10), 0, 1, 3, "Config.EndWhen: after 10 steps", true, false},
		{train.MaxSteps(14), 0, 2, 0, "Config.EndWhen: after 14 steps", true, false},
		{train.MaxEpoch(2), 9, 2, 0, "Config.EndWhen: after 2 epochs", true, false},
		{train.MaxEpoch(5), 2, 2, 0, "", false, false},
		{train.And(train.EveryEpoch(), train.MaxScore(0)), 5, 1, 0, "Config.EndWhen: every epoch and score > 0", true, false},
		{train.Or(train.MaxTime(time.Nanosecond), train.MinLoss(-1)), 3, 0, 2, "Config.EndWhen: after 1ns or loss < -1", true, false},
		{train.MinLoss(1e9), 3, 0, 1, "Config.EndWhen: loss < 1e+09", true, false},
		{train.MaxTime(time.Hour), 2, 2, 0, "", false, false},
	} {
		t.Run(c.when.String(), func(t *testing.T) {
			path := t.TempDir() + "/c"
			change := func(_ int, cfg *train.Config) {
				cfg.Epochs, cfg.EndWhen, cfg.Checkpoint, cfg.Resume = c.epochs, c.when, path, train.AutoResume
				cfg.Metrics = []metrics.Metric{metrics.Accuracy{}}
			}
			for attempt := range 2 {
				for _, r := range onRanks(t, 2, train.Sharded, change) {
					require.NoError(t, r.err)
					require.Equal(t, []int{c.epoch, c.step}, []int{len(r.report.Epochs), r.report.Steps})
					require.Equal(t, c.stopped, r.report.Stopped)
					require.Equal(t, c.why, r.report.Why)
					require.Equal(t, attempt == 1, r.report.Resumed)
					if attempt == 1 {
						require.Zero(t, r.report.Samples)
					}
				}
			}
		})
	}
}

// TestCheckpointWhen: a checkpoint from within an epoch goes on to the bits of a run that was never stopped, its
// evaluations within epochs too. The last state is always written.
func TestCheckpointWhen(t *testing.T) {
	path := t.TempDir() + "/c"
	change := func(_ int, c *train.Config) {
		c.Checkpoint, c.ValidateWhen, c.CheckpointWhen = path, train.EverySteps(3), train.EverySteps(4)
	}
	want := onRanks(t, 1, train.Sharded, change)[0]
	require.NoError(t, want.err)
	require.Len(t, want.report.Evaluations, 6) // after 3, 6, 9, 12, 15, 18 of 21
	require.Zero(t, want.report.Epochs[1].Test)
	require.Equal(t, want.report.Test(), want.report.Epochs[2].Test) // 21 is a multiple of 3

	for step := 1; step < 21; step += 2 { // it is lost after so many steps
		taken := 0
		lost := onRanks(t, 2, train.Sharded, func(rank int, c *train.Config) {
			change(rank, c)
			c.OnStep = func(train.Step) error {
				if rank == 0 {
					if taken++; taken == step {
						return context.DeadlineExceeded
					}
				}
				return nil
			}
		})
		require.Error(t, lost[0].err)
		got := onRanks(t, 1, train.Sharded, func(rank int, c *train.Config) {
			change(rank, c)
			c.Resume = train.AutoResume
			if step < 4 { // the checkpoint of a run before may still be there
				c.Resume = train.NoResume
			}
			c.OnStart = func(s train.Start) error {
				if step >= 4 {
					require.Equal(t, step/4*4, s.Epoch*7+s.Step, "lost after %d", step)
				}
				return nil
			}
		})
		requireAll(t, want, got)
		require.Len(t, got[0].report.Evaluations, 6, "lost after %d", step)
		for i, e := range want.report.Evaluations {
			require.Equal(t, e.Test, got[0].report.Evaluations[i].Test)
		}
	}
}

// TestInterruptedWithinEvaluation: an evaluation that is cut short is made up for on resuming, before the next step.
func TestInterruptedWithinEvaluation(t *testing.T) {
	path := t.TempDir() + "/c"
	c := config(train.AllReduce)
	c.Epochs, c.Checkpoint, c.ValidateWhen = 1, path, train.EverySteps(3)
	ctx, cancel := context.WithCancel(t.Context())
	c.OnStep = func(s train.Step) error {
		if s.Step == 3 {
			cancel() // the evaluation after this step finds it
		}
		return nil
	}
	report, err := train.Run(ctx, c)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 3, report.Steps)
	require.Empty(t, report.Evaluations)

	h := &heard{}
	c.OnStep, c.Resume, c.Sinks = nil, train.MustResume, []summary.Sink{h}
	report, err = train.Run(t.Context(), c)
	require.NoError(t, err)
	require.Len(t, report.Evaluations, 2)
	require.Equal(t, []string{"start", "evaluation 1.3 loss accuracy", "step 4"}, h.texts[:3])
}

// TestEverySeconds: a trigger by time fires on all ranks at once, though only rank 0 looks at its clock, and not before.
func TestEverySeconds(t *testing.T) {
	for rank, r := range onRanks(t, 3, train.AllReduce, func(_ int, c *train.Config) {
		c.Epochs, c.ValidateWhen = 1, train.And(train.EverySeconds(1e-9), train.EverySteps(2))
	}) {
		require.NoError(t, r.err)
		require.Len(t, r.report.Evaluations, 3, "rank %d", rank)
	}
	r := onRanks(t, 1, train.AllReduce, func(_ int, c *train.Config) { c.ValidateWhen = train.EverySeconds(3600) })[0]
	require.NoError(t, r.err)
	require.Empty(t, r.report.Evaluations)
	require.Zero(t, r.report.Test())
}

func TestTriggerErrors(t *testing.T) {
	many := make([]train.Trigger, 7)
	for i := range many {
		many[i] = train.EverySeconds(1)
	}
	for _, c := range []struct {
		change func(c *train.Config)
		want   string
	}{
		{func(c *train.Config) { c.ValidateWhen = train.EverySteps(0) }, "Config.ValidateWhen: EverySteps(0), want at least 1"},
		{func(c *train.Config) { c.EndWhen = train.And() }, "Config.EndWhen: And of no triggers"},
		{func(c *train.Config) { c.EndWhen = train.Or(nil) }, "Config.EndWhen: Or: trigger 0 is nil"},
		{func(c *train.Config) { c.SummaryWhen = train.Or(many...) }, "has 7 triggers that go by time, want at most 6"},
		{func(c *train.Config) { c.Test, c.ValidateWhen = nil, train.EveryEpoch() }, "Config.Test is nil"},
		{func(c *train.Config) { c.CheckpointWhen = train.EveryEpoch() }, "Config.Checkpoint is empty"},
		{func(c *train.Config) { c.Epochs, c.EndWhen = 0, train.MinLoss(1) }, `Config.EndWhen is "loss < 1", which may never be`},
		{func(c *train.Config) { c.EndWhen = train.MaxScore(1) }, `"score > 1", and loss, the score, is better when lower`},
		{func(c *train.Config) { c.Score = "auc" }, `Config.Score = "auc", want one of ["loss" "accuracy"]`},
		{func(c *train.Config) { c.Sinks = []summary.Sink{nil} }, "Config.Sinks[0] is nil"},
	} {
		cfg := config(train.AllReduce)
		c.change(&cfg)
		require.ErrorContains(t, cfg.Validate(), c.want)
	}
	r := onRanks(t, 2, train.AllReduce, func(rank int, c *train.Config) { c.EndWhen = train.MaxSteps(3 + rank) })
	require.ErrorIs(t, r[0].err, train.ErrDisagree)
	require.ErrorContains(t, r[0].err, "rank 0 has after 3 steps, rank 1 has after 4 steps")
}
