package tensorboard_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/summary"
	"github.com/tutti-ml/tutti/train/summary/tensorboard"
)

// points gives the scalars and texts of a file: "tag step value".
func points(t *testing.T, w *tensorboard.Writer) (all []string) {
	t.Helper()
	for _, e := range events(t, w.Path()) {
		for _, v := range e.values(t) {
			tag := string(v.bytes[1][0])
			switch number, ok := v.numbers[2]; {
			case ok:
				all = append(all, fmt.Sprint(tag, " ", e.numbers[2], " ", math.Float32frombits(uint32(number))))
			case v.bytes[8] != nil:
				all = append(all, fmt.Sprint(tag, " ", e.numbers[2], " ", string(decode(t, v.bytes[8][0]).bytes[8][0])))
			}
		}
	}
	return all
}

// TestSinkPutsStepsTogether: means of two steps, the odd one at the epoch's end, and a flush for each event but steps.
func TestSinkPutsStepsTogether(t *testing.T) {
	w, c := at(t)
	s := tensorboard.NewSink(w, tensorboard.SinkOptions{Every: 2, Flush: time.Minute})
	require.NoError(t, s.Start(summary.Run{Time: c.Time}))
	step := func(global int, loss float64) {
		require.NoError(t, s.Step(summary.Step{Global: global, Samples: 10, Loss: loss, Rate: 0.5, Elapsed: time.Second / 2,
			Phases: summary.Phases{Sync: time.Duration(loss) * time.Second}, Time: c.Time}))
	}
	step(1, 1)
	step(2, 3)
	step(3, 8)
	require.Empty(t, points(t, w), "in memory")
	require.NoError(t, s.Evaluation(summary.Evaluation{Global: 3, Test: []summary.Value{{Name: "auc", Value: 0.75}}}))
	require.Equal(t, []string{
		"loss/step 2 2", "rate 2 0.5", "samples_per_second 2 20", "phase/data 2 0", "phase/forward 2 0",
		"phase/backward 2 0", "phase/sync 2 2", "phase/update 2 0",
		"loss/step 3 8", "rate 3 0.5", "samples_per_second 3 20", "phase/data 3 0", "phase/forward 3 0", "phase/backward 3 0",
		"phase/sync 3 8", "phase/update 3 0", "auc/test 3 0.75"}, points(t, w))

	for i, event := range []struct {
		err  error
		want string
	}{
		{s.Epoch(summary.Epoch{Global: 3, Train: []summary.Value{{Name: "loss", Value: 4}}}), "loss/train 3 4"},
		{s.Checkpoint(summary.Checkpoint{Path: "a", Global: 4}), "checkpoint/text_summary 4 `a`"},
		{s.Checkpoint(summary.Checkpoint{Path: "a", Global: 4, Err: errors.New("full")}),
			"checkpoint/text_summary 4 `a` could not be written: full"},
		{s.Warn(summary.Warning{Text: "slow", Global: 4, Err: errors.New("rank 1")}), "warning/text_summary 4 slow: rank 1"},
	} {
		require.NoError(t, event.err)
		require.Equal(t, event.want, points(t, w)[17+i])
	}
}

// TestSinkFlushesBySteps: a step that comes 5 s after the last flush is seen at once.
func TestSinkFlushesBySteps(t *testing.T) {
	w, c := at(t)
	s := tensorboard.NewSink(w, tensorboard.SinkOptions{})
	require.NoError(t, s.Start(summary.Run{Time: c.Time}))
	for _, step := range []struct{ second, seen int }{{1, 0}, {4, 0}, {5, 6}, {6, 6}, {10, 10}} {
		require.NoError(t, s.Step(summary.Step{Global: step.second, Time: c.Add(time.Duration(step.second) * time.Second)}))
		require.Len(t, points(t, w), step.seen, "after %d s", step.second)
	}
}

func TestSinkStepAllocatesNothing(t *testing.T) {
	w, c := at(t)
	s := tensorboard.NewSink(w, tensorboard.SinkOptions{})
	require.NoError(t, s.Start(summary.Run{Time: c.Time}))
	step := summary.Step{Global: 1, Samples: 10, Elapsed: 1, Phases: summary.Phases{Data: 1}, Time: c.Time,
		Values: []summary.Value{{Name: "norm", Value: 3}}}
	require.NoError(t, s.Step(step))
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = s.Step(step) }))
}

func BenchmarkSinkStep(b *testing.B) {
	w, err := tensorboard.Create(b.TempDir())
	require.NoError(b, err)
	defer w.Close()
	s := tensorboard.NewSink(w, tensorboard.SinkOptions{})
	step := summary.Step{Global: 1, Samples: 10, Loss: 1, Elapsed: 1, Phases: summary.Phases{Data: 1},
		Time: time.Unix(1, 0)}
	_ = s.Start(summary.Run{Time: step.Time})
	b.ReportAllocs()
	for b.Loop() {
		_ = s.Step(step)
	}
}
