package train_test

import (
	"context"
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/metrics"
)

// measured are metrics of every kind of state: counts, sums without rounding, scores.
var measured = []metrics.Metric{metrics.Accuracy{}, metrics.F1{Average: metrics.Macro}, metrics.AUC{}, metrics.LogLoss{}}

// fixed is a model whose output is its input.
type fixed struct{ Scale *autograd.Param }

func newFixed() *fixed { return &fixed{autograd.NewParam(tensor.FromSlice([]float32{1}, 1))} }

func (f *fixed) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Mul(x, t.Use(f.Scale))
}

// TestEvaluateMetrics evaluates ten samples of known logits. The numbers are scikit-learn's 1.9.1:
//
//	import numpy as np
//	from sklearn.metrics import *
//	x = np.array([[2, 1, 0], [0, 1, 3], [1, 0, 0], [0, 4, 1], [1, 2, 3], [3, 2, 1], [0, 0, 1], [1, 3, 0], [2, 2, 1], [0, 1, 1]], float)
//	y = np.array([0, 2, 1, 1, 2, 0, 1, 1, 0, 2])
//	p = np.exp(x) / np.exp(x).sum(1, keepdims=True)
//	print(f1_score(y, x.argmax(1), average="macro"), roc_auc_score(y, p, multi_class="ovr"), log_loss(y, p))
func TestEvaluateMetrics(t *testing.T) {
	x := tensor.FromSlice([]float32{2, 1, 0, 0, 1, 3, 1, 0, 0, 0, 4, 1, 1, 2, 3, 3, 2, 1, 0, 0, 1, 1, 3, 0, 2, 2, 1, 0, 1, 1}, 10, 3)
	y := []int64{0, 2, 1, 1, 2, 0, 1, 1, 0, 2}
	data := dataset.FromTensors(x, tensor.FromSlice(y)).WithClasses(3)
	var want train.Metrics
	for _, ranks := range []int{1, 3, 4} {
		require.NoError(t, launch.Local(t.Context(), ranks, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
			c := train.Config{Model: newFixed(), Loss: layers.CrossEntropy{}, BatchSize: 3, Group: g, Metrics: measured}
			got, err := train.Evaluate(ctx, c, data)
			if err != nil {
				return err
			}
			for name, value := range map[string]float64{"accuracy": 0.7, "f1-macro": 0.6984126984126983,
				"auc": 0.8293650793650794, "log-loss": 0.6455272872183746, "loss": 0.6455272872183746} {
				v, ok := got.Value(name)
				require.True(t, ok, name)
				require.InDelta(t, value, v, 1e-6, "%s on %d ranks", name, ranks)
			}
			if ranks == 1 {
				want = got
			}
			require.Equal(t, want, got, "%d ranks", ranks) // to the bit
			return nil
		}))
	}
}

// TestRunMetrics: every epoch has the metrics that Evaluate gives of the weights after it, on any number of ranks, and a
// checkpoint keeps them, those that are not numbers too.
func TestRunMetrics(t *testing.T) {
	path := t.TempDir() + "/c"
	nothing := metrics.Accuracy{Options: metrics.Options{Ignore: []int64{0, 1, 2}}} // NaN: all labels are ignored
	change := func(_ int, c *train.Config) { c.Metrics = append(measured[1:len(measured):len(measured)], nothing) }
	want := onRanks(t, 1, train.Sharded, func(rank int, c *train.Config) {
		change(rank, c)
		c.Checkpoint = path
	})[0]
	require.NoError(t, want.err)
	requireNamed(t, want.report.Epochs[1].Test)
	for _, r := range onRanks(t, 3, train.Sharded, change) {
		require.NoError(t, r.err)
		for i, e := range r.report.Epochs {
			requireSame(t, want.report.Epochs[i].Test, e.Test)
		}
	}
	again := onRanks(t, 1, train.Sharded, func(rank int, c *train.Config) {
		change(rank, c)
		c.Checkpoint, c.Resume = path, train.MustResume
		m, err := train.Evaluate(t.Context(), *c, c.Test)
		require.NoError(t, err)
		requireNamed(t, m)
	})[0]
	require.NoError(t, again.err)
	for i, e := range again.report.Epochs {
		requireSame(t, want.report.Epochs[i].Test, e.Test)
	}
}

func requireNamed(t *testing.T, m train.Metrics) {
	t.Helper()
	var names []string
	for _, v := range m.Values {
		names = append(names, v.Name)
	}
	require.Equal(t, []string{"f1-macro", "f1-macro/class 0", "f1-macro/class 1", "f1-macro/class 2",
		"auc", "auc/class 0", "auc/class 1", "auc/class 2",
		"log-loss", "accuracy"}, names)
	require.True(t, math.IsNaN(m.Values[9].Value))
	require.False(t, math.IsNaN(m.Accuracy()))
}

// requireSame compares metrics to the bit, NaN with NaN.
func requireSame(t *testing.T, want, got train.Metrics) {
	t.Helper()
	a, err := json.Marshal(want)
	require.NoError(t, err)
	b, err := json.Marshal(got)
	require.NoError(t, err)
	require.Equal(t, string(a), string(b))
}

// TestMetricsOutput: with a LossFunc, Output says what the metrics are of, here the distance to a column of the data.
func TestMetricsOutput(t *testing.T) {
	x := tensor.FromSlice([]float32{1, 2, 3}, 3, 1)
	data := dataset.FromTensors(x, tensor.FromSlice([]float32{2, 2, 5}, 3, 1))
	c := train.Config{Model: newFixed(), Metrics: []metrics.Metric{metrics.MAE{}}}
	c.LossFunc = func(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
		return autograd.Mean(c.Model.(*fixed).Forward(t, t.Const(b.X)))
	}
	_, err := train.Evaluate(t.Context(), c, data)
	require.EqualError(t, err, "train: Config.Metrics has mae, and with Config.LossFunc there is no output for it: "+
		"set Config.Output")
	c.Output = func(t *autograd.Tape, b *dataset.Batch) (*autograd.Var, *tensor.Tensor) {
		return c.Model.(*fixed).Forward(t, t.Const(b.X)), b.Y
	}
	m, err := train.Evaluate(t.Context(), c, data)
	require.NoError(t, err)
	mae, _ := m.Value("mae")
	require.Equal(t, []float64{2, 1}, []float64{m.Loss, mae}) // (1+2+3)/3 and (1+0+2)/3
	_, ok := m.Value("accuracy")
	require.False(t, ok)
}

// TestMetricsErrors: a metric that cannot count what there is ends the run on all ranks, with the samples.
func TestMetricsErrors(t *testing.T) {
	for _, c := range []struct {
		metrics []metrics.Metric
		want    string
	}{
		{[]metrics.Metric{metrics.MAE{}, nil}, "Config.Metrics[1] is nil"},
		{[]metrics.Metric{metrics.AUC{}, metrics.AUC{}}, "Config.Metrics[1] is another auc, want one of each name"},
		{[]metrics.Metric{metrics.TopK{K: -1}}, "Config.Metrics[0]: metrics: TopK: K = -1, want 1 or more"},
		{[]metrics.Metric{metrics.Mean{Title: "loss"}}, `Config.Metrics[0] is called "loss"`},
		{[]metrics.Metric{metrics.MSE{}}, ": metrics: mse: output ["},
	} {
		for rank, r := range onRanks(t, 2, train.AllReduce, func(_ int, cfg *train.Config) { cfg.Metrics = c.metrics }) {
			require.ErrorContains(t, r.err, c.want, "rank %d", rank)
		}
	}
}
