package summary_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/summary"
)

// TestLog: each event is one line, of its own time, with its numbers.
func TestLog(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		send func(l *summary.Log) error
		want string
	}{
		{"start", func(l *summary.Log) error {
			return l.Start(summary.Run{Model: "mlp", Params: 9, Train: 8, Test: 7, Epochs: 6, Steps: 5, BatchSize: 4, Rank: 0,
				Ranks: 2, Partitions: 3, Time: at, Config: []summary.Field{{Name: "Sync", Value: "ring"}}})
		}, `INFO msg="training starts" model=mlp params=9 train=8 test=7 epochs=6 steps=5 batch=4 ` +
			`rank=0 ranks=2 partitions=3 config.Sync=ring`},
		{"resumed", func(l *summary.Log) error {
			return l.Start(summary.Run{Resumed: true, Epoch: 1, Step: 2, Global: 7, Time: at})
		}, `INFO msg="training starts" model="" params=0 train=0 test=0 epochs=0 steps=0 batch=0 ` +
			`rank=0 ranks=0 partitions=0 resumed.epoch=1 resumed.step=2 resumed.global=7`},
		{"step", func(l *summary.Log) error {
			return l.Step(summary.Step{Epoch: 1, Step: 2, Global: 7, Loss: 0.5, Rate: 0.1, Elapsed: time.Second, Time: at,
				Values: []summary.Value{{Name: "norm", Value: 3}}})
		}, `DEBUG msg=step epoch=1 step=2 global=7 loss=0.5 rate=0.1 elapsed=1s values.norm=3`},
		{"evaluation", func(l *summary.Log) error {
			return l.Evaluation(summary.Evaluation{Epoch: 1, Step: 2, Global: 7, Time: at,
				Test: []summary.Value{{Name: "auc", Value: 0.5}}})
		}, `INFO msg=evaluation epoch=1 step=2 global=7 test.auc=0.5 elapsed=0s`},
		{"epoch", func(l *summary.Log) error {
			return l.Epoch(summary.Epoch{Epoch: 1, Global: 7, Samples: 30, Elapsed: 2 * time.Second, Time: at,
				Train: []summary.Value{{Name: "loss", Value: 1}}, Test: []summary.Value{{Name: "loss", Value: 2}}})
		}, `INFO msg=epoch epoch=1 global=7 train.loss=1 test.loss=2 elapsed=2s samples_per_second=15`},
		{"checkpoint", func(l *summary.Log) error {
			return l.Checkpoint(summary.Checkpoint{Path: "a", Epoch: 1, Step: 2, Global: 7, Bytes: 9, Best: true, Time: at})
		}, `INFO msg=checkpoint path=a epoch=1 step=2 global=7 bytes=9 best=true elapsed=0s`},
		{"no checkpoint", func(l *summary.Log) error {
			return l.Checkpoint(summary.Checkpoint{Path: "a", Err: errDisk, Time: at})
		}, `WARN msg="checkpoint could not be written" path=a epoch=0 step=0 global=0 error="no space left on device"`},
		{"warning", func(l *summary.Log) error {
			return l.Warn(summary.Warning{Text: "slow", Global: 7, Err: errDisk, Time: at})
		}, `WARN msg=slow global=7 error="no space left on device"`},
		{"end", func(l *summary.Log) error {
			return l.End(summary.End{Outcome: summary.Interrupted, Global: 7, Elapsed: time.Minute, Time: at})
		}, `INFO msg="training interrupted" global=7 elapsed=1m0s`},
		{"failure", func(l *summary.Log) error {
			return l.End(summary.End{Outcome: summary.Failed, Err: errDisk, Time: at})
		}, `ERROR msg="training failed" global=0 elapsed=0s error="no space left on device"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			l := summary.NewLog(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
			require.NoError(t, c.send(l))
			require.Equal(t, "time=2026-01-31T12:00:00.000Z level="+c.want+"\n", out.String())
		})
	}
}

// broken is a writer that fails.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errDisk }

func TestLogGivesTheHandlersError(t *testing.T) {
	l := summary.NewLog(slog.New(slog.NewTextHandler(broken{}, nil)))
	require.True(t, errors.Is(l.Warn(summary.Warning{}), errDisk))
	require.NoError(t, l.Step(summary.Step{}), "debug is off: nothing is written")
}

func TestLogStepAllocatesNothingWhereDebugIsOff(t *testing.T) {
	l := summary.NewLog(slog.New(slog.NewTextHandler(io.Discard, nil)))
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = l.Step(summary.Step{Global: 1}) }))
}
