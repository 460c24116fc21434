package prometheus_test

import (
	"errors"
	"math"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/summary"
	"github.com/tutti-ml/tutti/train/summary/prometheus"
)

// scrape gives what s serves.
func scrape(t *testing.T, s *prometheus.Sink) map[string]float64 {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return parse(t, w.Body.String())
}

func TestSink(t *testing.T) {
	s := prometheus.NewSink(nil)
	at := time.UnixMilli(1700000000500)
	require.Equal(t, 0.0, scrape(t, s)["tutti_train_running"])
	run := summary.Run{Model: "le\"net", Ranks: 2, Partitions: 4, BatchSize: 32, Epochs: 5, Epoch: 1,
		Global: 10, Resumed: true}
	require.NoError(t, s.Start(run))
	for i := range 3 {
		require.NoError(t, s.Step(summary.Step{Global: 11 + i, Samples: 32, Loss: 0.5, Rate: 0.1,
			Elapsed: 3 * time.Millisecond,
			Phases:  summary.Phases{Forward: time.Millisecond, Sync: 3 * time.Minute}, Time: at,
			Values: []summary.Value{{Name: "norm", Value: float64(i)}}}))
	}
	require.NoError(t, s.Evaluation(summary.Evaluation{Elapsed: time.Second,
		Test: []summary.Value{{Name: "auc", Value: 0.75}}}))
	require.NoError(t, s.Epoch(summary.Epoch{Epoch: 2, Train: []summary.Value{{Name: "loss", Value: 1}},
		Test: []summary.Value{{Name: "loss", Value: math.NaN()}}}))
	require.NoError(t, s.Checkpoint(summary.Checkpoint{Time: at}))
	require.NoError(t, s.Checkpoint(summary.Checkpoint{Err: errors.New("full")}))
	require.NoError(t, s.Warn(summary.Warning{}))
	require.NoError(t, s.Ranks([]summary.Rank{{Rank: 0, Samples: 48}, {Rank: 1, Samples: 16, Err: errors.New("lost"),
		Phases: summary.Phases{Data: time.Second}}}))
	require.NoError(t, s.Ranks([]summary.Rank{{Rank: 0, Samples: 1, Phases: summary.Phases{Data: time.Second / 2}}}))

	got := scrape(t, s)
	for key, want := range map[string]float64{
		`tutti_train_info{batch="32",model="le\"net",partitions="4",rank="0",ranks="2"}`: 1,
		"tutti_train_running": 1, "tutti_train_epoch": 2, "tutti_train_epochs": 5, "tutti_train_loss": 0.5,
		"tutti_train_learning_rate": 0.1, `tutti_train_step_value{name="norm"}`: 2,
		`tutti_train_metric{name="auc",set="test"}`: 0.75, `tutti_train_metric{name="loss",set="train"}`: 1,
		`tutti_train_metric{name="loss",set="test"}`: math.NaN(),
		"tutti_train_steps_total":                    3, "tutti_train_samples_total": 96, "tutti_train_global_step": 13,
		`tutti_train_step_seconds_bucket{le="0.002"}`: 0, `tutti_train_step_seconds_bucket{le="0.005"}`: 3,
		"tutti_train_step_seconds_count": 3, `tutti_train_phase_seconds_bucket{phase="forward",le="0.001"}`: 3,
		`tutti_train_phase_seconds_bucket{phase="sync",le="100"}`: 0, `tutti_train_phase_seconds_sum{phase="sync"}`: 540,
		"tutti_train_evaluation_seconds_total": 1, `tutti_train_checkpoints_total{result="ok"}`: 1,
		`tutti_train_checkpoints_total{result="failed"}`: 1, "tutti_train_checkpoint_timestamp_seconds": 1700000000.5,
		"tutti_train_warnings_total": 1, "tutti_train_last_step_timestamp_seconds": 1700000000.5,
		`tutti_train_rank_samples_total{rank="0"}`: 49, `tutti_train_rank_up{rank="0"}`: 1,
		`tutti_train_rank_up{rank="1"}`:                               0,
		`tutti_train_rank_phase_seconds_total{phase="data",rank="0"}`: 0.5,
	} {
		require.Contains(t, got, key)
		same(t, want, got[key], key)
	}

	require.NoError(t, s.End(summary.End{Outcome: summary.Failed}))
	require.NoError(t, s.Start(summary.Run{Model: "other"}))
	require.NoError(t, s.End(summary.End{}))
	got = scrape(t, s)
	require.Equal(t, 0.0, got["tutti_train_running"])
	require.Equal(t, 1.0, got[`tutti_train_runs_total{outcome="failed"}`])
	require.Equal(t, 1.0, got[`tutti_train_runs_total{outcome="finished"}`])
	require.NotContains(t, got, `tutti_train_info{batch="32",model="le\"net",partitions="4",rank="0",ranks="2"}`)
	require.Equal(t, 3.0, got["tutti_train_steps_total"], "counters go on over the process's runs")
}

// TestTwoSinksShareARegistry: a second one of the same program has the same metrics.
func TestTwoSinksShareARegistry(t *testing.T) {
	r := &prometheus.Registry{}
	a, b := prometheus.NewSink(r), prometheus.NewSink(r)
	require.NoError(t, a.Step(summary.Step{Samples: 3}))
	require.NoError(t, b.Step(summary.Step{Samples: 4}))
	require.Equal(t, 7.0, scrape(t, a)["tutti_train_samples_total"])
}

var step = summary.Step{Global: 1, Samples: 32, Loss: 0.5, Elapsed: time.Millisecond,
	Phases: summary.Phases{Data: time.Millisecond},
	Values: []summary.Value{{Name: "norm", Value: 1}}, Time: time.Unix(1, 0)}

func TestStepAllocatesNothing(t *testing.T) {
	s := prometheus.NewSink(nil)
	require.NoError(t, s.Step(step))
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = s.Step(step) }))
}

func BenchmarkStep(b *testing.B) {
	s := prometheus.NewSink(nil)
	b.ReportAllocs()
	for b.Loop() {
		_ = s.Step(step)
	}
}
