package summary_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/summary"
)

// recorder keeps what it hears as text, and fails, or panics, on the events it is told to.
type recorder struct {
	heard []string
	fail  string
	panic bool
}

var errDisk = errors.New("no space left on device")

func (r *recorder) add(kind string, v any) error {
	r.heard = append(r.heard, fmt.Sprint(kind, " ", v))
	switch {
	case kind != r.fail:
		return nil
	case r.panic:
		panic("a bug")
	}
	return errDisk
}

func (r *recorder) Start(e summary.Run) error             { return r.add("start", e.Model) }
func (r *recorder) Step(e summary.Step) error             { return r.add("step", e.Global) }
func (r *recorder) Evaluation(e summary.Evaluation) error { return r.add("evaluation", e.Global) }
func (r *recorder) Epoch(e summary.Epoch) error           { return r.add("epoch", e.Epoch) }
func (r *recorder) Checkpoint(e summary.Checkpoint) error { return r.add("checkpoint", e.Path) }
func (r *recorder) Warn(e summary.Warning) error {
	return r.add("warn", fmt.Sprint(e.Global, " ", e.Text, ": ", e.Err))
}
func (r *recorder) End(e summary.End) error { return r.add("end", e.Outcome) }

// full is a recorder that has the interfaces beyond Sink.
type full struct{ recorder }

func (r *full) Ranks(ranks []summary.Rank) error { return r.add("ranks", len(ranks)) }

func (r *full) Histogram(global int, name string, t *tensor.Tensor) error {
	return r.add("histogram", fmt.Sprint(global, " ", name, " ", t.Len()))
}

// play sends one of each event.
func play(t *testing.T, s *summary.Multi) {
	t.Helper()
	for _, err := range []error{
		s.Start(summary.Run{Model: "lenet5"}), s.Step(summary.Step{Global: 1}), s.Evaluation(summary.Evaluation{Global: 2}),
		s.Ranks(make([]summary.Rank, 3)), s.Histogram(2, "fc.weight", tensor.New(tensor.Float32, 4)),
		s.Epoch(summary.Epoch{Epoch: 1, Global: 3}), s.Checkpoint(summary.Checkpoint{Path: "a"}),
		s.Warn(summary.Warning{Global: 3, Text: "careful"}), s.End(summary.End{Outcome: summary.Stopped}),
	} {
		require.NoError(t, err)
	}
}

func TestMultiGivesAllEvents(t *testing.T) {
	plain, all := &recorder{}, &full{}
	m := summary.NewMulti(plain, nil, all)
	require.Equal(t, 2, m.Len())
	play(t, m)
	require.NoError(t, m.Err())
	require.Equal(t, []string{"start lenet5", "step 1", "evaluation 2", "epoch 1", "checkpoint a", "warn 3 careful: <nil>",
		"end stopped"}, plain.heard)
	require.Equal(t, []string{"start lenet5", "step 1", "evaluation 2", "ranks 3", "histogram 2 fc.weight 4", "epoch 1",
		"checkpoint a", "warn 3 careful: <nil>", "end stopped"}, all.heard)
}

// TestMultiDropsWhoFails: an error or a panic takes a sink out, once, and the others hear of it.
func TestMultiDropsWhoFails(t *testing.T) {
	for _, c := range []struct {
		fail string
		want string
	}{
		{"start", "warn 0 a summary is given up: summary: *summary_test.full: no space left on device"},
		{"step", "warn 1 a summary is given up: summary: *summary_test.full: no space left on device"},
		{"evaluation", "warn 2 a summary is given up: summary: *summary_test.full: no space left on device"},
		{"ranks", "warn 0 a summary is given up: summary: *summary_test.full: no space left on device"},
		{"histogram", "warn 2 a summary is given up: summary: *summary_test.full: no space left on device"},
		{"epoch", "warn 3 a summary is given up: summary: *summary_test.full: no space left on device"},
		{"checkpoint", "warn 0 a summary is given up: summary: *summary_test.full: no space left on device"},
		{"warn", "warn 3 a summary is given up: summary: *summary_test.full: no space left on device"},
		{"end", "warn 0 a summary is given up: summary: *summary_test.full: no space left on device"},
	} {
		t.Run(c.fail, func(t *testing.T) {
			bad, good := &full{recorder{fail: c.fail}}, &recorder{}
			m := summary.NewMulti(bad, good)
			play(t, m)
			require.Equal(t, 1, m.Len())
			require.ErrorIs(t, m.Err(), errDisk)
			require.Contains(t, bad.heard[len(bad.heard)-1], c.fail, "what it failed at is the last it hears")
			require.Contains(t, good.heard, c.want)
			require.Len(t, good.heard, 8, "seven events and one warning")
		})
	}
}

func TestMultiCatchesAPanic(t *testing.T) {
	bad, good := &recorder{fail: "step", panic: true}, &recorder{}
	m := summary.NewMulti(good, bad)
	play(t, m)
	require.Equal(t, 1, m.Len())
	require.ErrorContains(t, m.Err(), "summary: *summary_test.recorder: panic at multi_test.go:")
	require.ErrorContains(t, m.Err(), "a bug")
	require.Contains(t, good.heard[2], "warn 1 a summary is given up")
}

// TestMultiDropsWhoFailsOnTheWarning: the news of a failure may make the next sink fail; both are named.
func TestMultiDropsWhoFailsOnTheWarning(t *testing.T) {
	first, second, last := &recorder{fail: "step"}, &full{recorder{fail: "warn"}}, &recorder{}
	m := summary.NewMulti(first, second, last)
	require.NoError(t, m.Step(summary.Step{Global: 7}))
	require.Equal(t, 1, m.Len())
	require.Equal(t, []string{"step 7",
		"warn 7 a summary is given up: summary: *summary_test.recorder: no space left on device",
		"warn 7 a summary is given up: summary: *summary_test.full: no space left on device"}, last.heard)
	require.ErrorContains(t, m.Err(), "recorder")
	require.ErrorContains(t, m.Err(), "full")
}

// TestMultiIsSafe runs under -race: a checkpoint is written beside the training.
func TestMultiIsSafe(t *testing.T) {
	one := &recorder{}
	m := summary.NewMulti(one)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				_ = m.Step(summary.Step{})
				_ = m.Checkpoint(summary.Checkpoint{})
			}
		})
	}
	wg.Wait()
	require.Len(t, one.heard, 800)
}

// counter has a cheap Step.
type counter struct {
	summary.None
	samples int
	loss    float64
}

func (c *counter) Step(s summary.Step) error { c.samples += s.Samples; c.loss += s.Loss; return nil }

func TestMultiStepAllocatesNothing(t *testing.T) {
	m := summary.NewMulti(&counter{}, summary.None{}, &counter{})
	s := summary.Step{Global: 3, Samples: 32, Loss: 1, Time: time.Unix(1, 0)}
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = m.Step(s) }))
}

func BenchmarkMultiStep(b *testing.B) {
	m := summary.NewMulti(&counter{}, &counter{}, &counter{}, &counter{}, &counter{})
	s := summary.Step{Global: 3, Samples: 32, Loss: 1}
	b.ReportAllocs()
	for b.Loop() {
		_ = m.Step(s)
	}
}

func TestPhases(t *testing.T) {
	p := summary.Phases{Data: 1, Forward: 2, Backward: 3, Sync: 4, Update: 5}
	require.Equal(t, [5]time.Duration{1, 2, 3, 4, 5}, p.List())
	require.Equal(t, time.Duration(15), p.Total())
	require.Equal(t, summary.Phases{Data: 2, Forward: 4, Backward: 6, Sync: 8, Update: 10}, p.Add(p))
}
