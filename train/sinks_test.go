package train_test

import (
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/metrics"
	"github.com/tutti-ml/tutti/train/summary"
)

// heard is a sink that keeps what it hears.
type heard struct {
	texts []string
	run   summary.Run
	steps []summary.Step
	epoch []summary.Epoch
	ranks [][]summary.Rank
	saved []summary.Checkpoint
	end   summary.End
	fail  error // of Step

	tensors []string
}

func (h *heard) note(format string, args ...any) error {
	h.texts = append(h.texts, fmt.Sprintf(format, args...))
	return nil
}

func (h *heard) Start(r summary.Run) error { h.run = r; return h.note("start") }

func (h *heard) Step(s summary.Step) error {
	h.steps = append(h.steps, s)
	_ = h.note("step %d", s.Global)
	return h.fail
}

func (h *heard) Evaluation(e summary.Evaluation) error {
	return h.note("evaluation %d.%d %s", e.Epoch, e.Step, names(e.Test))
}

func (h *heard) Epoch(e summary.Epoch) error {
	h.epoch = append(h.epoch, e)
	return h.note("epoch %d: %s; %s", e.Epoch, names(e.Train), names(e.Test))
}

func (h *heard) Checkpoint(c summary.Checkpoint) error {
	h.saved = append(h.saved, c)
	return h.note("checkpoint %d.%d", c.Epoch, c.Step)
}

func (h *heard) Warn(w summary.Warning) error { return h.note("warn %v", w.Err) }

func (h *heard) End(e summary.End) error { h.end = e; return h.note("end %v", e.Outcome) }

func (h *heard) Ranks(r []summary.Rank) error {
	h.ranks = append(h.ranks, append([]summary.Rank(nil), r...))
	return h.note("ranks %d", len(r))
}

func (h *heard) Histogram(global int, name string, x *tensor.Tensor) error {
	h.tensors = append(h.tensors, fmt.Sprint(global, " ", name, " ", x.Shape()))
	return nil
}

func names(values []summary.Value) string {
	var list []string
	for _, v := range values {
		list = append(list, v.Name)
	}
	return strings.Join(list, " ")
}

// TestSinks: rank 0's sinks hear all of a run, in order; those of other ranks hear nothing. An epoch is 7 steps.
func TestSinks(t *testing.T) {
	path := t.TempDir() + "/c"
	var h, other heard
	results := onRanks(t, 2, train.Sharded, func(rank int, c *train.Config) {
		c.Epochs, c.Checkpoint, c.Metrics = 2, path, []metrics.Metric{metrics.LogLoss{}}
		c.CheckpointMemory = -1 // so that the order of events is one
		c.ValidateWhen, c.CheckpointWhen = train.Or(train.EveryEpoch(), train.EverySteps(4)), train.EverySteps(5)
		c.SummaryWhen = train.EverySteps(2)
		if c.Sinks = []summary.Sink{&h}; rank == 1 {
			c.Sinks = []summary.Sink{&other}
		}
	})
	report := results[0].report
	require.NoError(t, results[0].err)
	require.Empty(t, other.texts)
	require.Equal(t, []string{"start", "step 2", "step 4", "evaluation 1.4 loss accuracy log-loss", "checkpoint 1.5", "step 6",
		"ranks 2", "epoch 1: loss accuracy; loss accuracy log-loss", "step 8", "evaluation 2.1 loss accuracy log-loss",
		"step 10", "checkpoint 2.3", "step 12", "evaluation 2.5 loss accuracy log-loss", "step 14",
		"ranks 2", "epoch 2: loss accuracy; loss accuracy log-loss", "checkpoint 2.7", "end finished"}, h.texts)

	require.Equal(t, []int{101, 40, 2, 7, 16, 2, 8}, []int{h.run.Train, h.run.Test, h.run.Epochs, h.run.Steps, h.run.BatchSize,
		h.run.Ranks, h.run.Partitions})
	require.Equal(t, 6*11+11+11*3+3, h.run.Params)
	require.Contains(t, h.run.Config, summary.Field{Name: "ValidateWhen", Value: "every epoch or every 4 steps"})
	s := h.steps[3]
	require.Equal(t, []int{2, 1, 8, 16}, []int{s.Epoch, s.Step, s.Global, s.Samples})
	require.Equal(t, 0.01, s.Rate)
	require.Positive(t, s.Loss)
	for _, s := range h.steps {
		for i, d := range s.Phases.List() {
			require.Positive(t, d, summary.PhaseNames[i])
		}
		require.LessOrEqual(t, s.Phases.Total(), s.Elapsed)
	}
	require.Equal(t, 5, h.steps[6].Samples) // the last of an epoch: 101 - 6·16
	for i, e := range report.Epochs {
		require.Equal(t, []float64{e.Train.Loss, e.Test.Loss, e.Test.Accuracy()},
			[]float64{h.epoch[i].Train[0].Value, h.epoch[i].Test[0].Value, h.epoch[i].Test[1].Value})
		require.Equal(t, []int{101, 7 * (i + 1)}, []int{h.epoch[i].Samples, h.epoch[i].Global})
	}
	require.Len(t, report.Evaluations, 3)
	require.Equal(t, []int{2, 1, 8}, []int{report.Evaluations[1].Epoch, report.Evaluations[1].Step, report.Evaluations[1].Global})
	require.Equal(t, report.Epochs[1].Test, report.Test())
	for i, rank := range h.ranks[1] {
		require.Equal(t, i, rank.Rank)
		require.Positive(t, rank.Phases.Backward)
	}
	// Partitions 0 to 3 of 8 have two of a batch's 16 samples, and one each of the last one's 5; 4 to 7 have 1.
	require.Equal(t, []int{6*8 + 4, 6*8 + 1}, []int{h.ranks[1][0].Samples, h.ranks[1][1].Samples})
	require.Equal(t, path, h.saved[0].Path)
	require.Positive(t, h.saved[0].Bytes)
	require.Equal(t, 14, h.end.Global)

	// A run that goes on says from where.
	var again heard
	results = onRanks(t, 1, train.Sharded, func(_ int, c *train.Config) {
		c.Epochs, c.Checkpoint, c.Resume, c.Sinks = 3, path, train.MustResume, []summary.Sink{&again}
		c.OnEpoch = func(train.Epoch) error { return train.Stop }
	})
	require.NoError(t, results[0].err)
	require.True(t, again.run.Resumed)
	require.Equal(t, []int{2, 0, 14}, []int{again.run.Epoch, again.run.Step, again.run.Global})
	require.Equal(t, h.end.Elapsed, again.run.Elapsed)
	require.Equal(t, 15, again.steps[0].Global)
	require.Equal(t, "end stopped", again.texts[len(again.texts)-1])
	require.Len(t, results[0].report.Evaluations, 3)
}

// TestHistograms: sinks that take tensors are given those that are trained, when they are asked for and at no other time.
func TestHistograms(t *testing.T) {
	h := &heard{}
	r := onRanks(t, 2, train.Sharded, func(rank int, c *train.Config) {
		c.Epochs, c.HistogramWhen, c.Sinks = 1, train.EverySteps(5), []summary.Sink{h, summary.None{}}
		layers.Params(c.Model)[1].Frozen = true
	})[0]
	require.NoError(t, r.err)
	require.Equal(t, []string{"5 Hidden.Weight [11 6]", "5 Out.Weight [3 11]", "5 Out.Bias [3]"}, h.tensors)
	silent := &heard{}
	onRanks(t, 1, train.Sharded, func(_ int, c *train.Config) { c.Sinks = []summary.Sink{silent} })
	require.Empty(t, silent.tensors)
}

// TestSinksDoNotChangeBits: with phases measured and ranks gathered, weights are those of a run that nobody watches.
func TestSinksDoNotChangeBits(t *testing.T) {
	want := onRanks(t, 2, train.AllReduce, nil)[0]
	got := onRanks(t, 2, train.AllReduce, func(rank int, c *train.Config) { c.Sinks = []summary.Sink{&heard{}} })
	requireAll(t, want, got)
}

// TestSinkFails: a sink's error, and a panic in one, are the others' news, and training goes on.
func TestSinkFails(t *testing.T) {
	disk := errors.New("no space left on device")
	bad, good := &heard{fail: disk}, &heard{}
	r := onRanks(t, 1, train.AllReduce, func(_ int, c *train.Config) {
		c.Epochs, c.Sinks = 1, []summary.Sink{bad, good}
	})[0]
	require.NoError(t, r.err)
	require.Equal(t, []string{"start", "step 1"}, bad.texts)
	require.Equal(t, []string{"start", "step 1", "warn summary: *train_test.heard: no space left on device", "step 2"},
		good.texts[:4])
	require.Equal(t, "end finished", good.texts[len(good.texts)-1])
}

// TestSinksHearHowItEnds: by an error, and by a cancelled context.
func TestSinksHearHowItEnds(t *testing.T) {
	failed := &heard{}
	r := onRanks(t, 1, train.AllReduce, func(_ int, c *train.Config) {
		c.Sinks = []summary.Sink{failed}
		c.OnStep = func(train.Step) error { return errors.New("enough") }
	})[0]
	require.ErrorContains(t, r.err, "enough")
	require.Equal(t, summary.Failed, failed.end.Outcome)
	require.Equal(t, r.err, failed.end.Err)

	interrupted := &heard{}
	ctx, cancel := context.WithCancel(t.Context())
	c := config(train.AllReduce)
	c.Sinks, c.Checkpoint = []summary.Sink{interrupted}, t.TempDir()+"/c"
	c.OnStep = func(s train.Step) error {
		if s.Step == 3 {
			cancel()
		}
		return nil
	}
	_, err := train.Run(ctx, c)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"step 4", "checkpoint 1.4", "end interrupted"}, interrupted.texts[4:])
}

// TestPprofLabels: whoever profiles sees the rank, the partition and the phase.
func TestPprofLabels(t *testing.T) {
	c := config(train.AllReduce)
	c.Epochs, c.Partitions = 1, 2
	rows := map[string]bool{}
	var text strings.Builder
	inner := layers.CrossEntropy{}
	c.Loss, c.LossFunc = nil, func(tape *autograd.Tape, b *dataset.Batch) *autograd.Var {
		if len(rows) == 0 {
			text.Reset()
			require.NoError(t, pprof.Lookup("goroutine").WriteTo(&text, 1))
			rows["done"] = true
		}
		return inner.Loss(tape, c.Model.(*net).Forward(tape, tape.Const(b.X)), b.Y)
	}
	c.Workers, c.Test = 1, nil
	_, err := train.Run(t.Context(), c)
	require.NoError(t, err)
	require.Contains(t, text.String(), `labels: {"partition":"0", "phase":"forward", "rank":"0"}`)
}

// TestSinksHearTheEndLast: a run that fails while a checkpoint is being written tells of the one, then of the other.
func TestSinksHearTheEndLast(t *testing.T) {
	h := &heard{}
	c := config(train.AllReduce)
	c.Checkpoint, c.CheckpointWhen, c.Sinks = t.TempDir()+"/c", train.EverySteps(1), []summary.Sink{h}
	broken := errors.New("broken")
	c.OnStep = func(s train.Step) error {
		if s.Step == 3 {
			return broken
		}
		return nil
	}
	_, err := train.Run(t.Context(), c)
	require.ErrorIs(t, err, broken)
	require.Equal(t, []string{"checkpoint 1.3", "end failed"}, h.texts[len(h.texts)-2:])
}
