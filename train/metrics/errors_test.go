package metrics_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/metrics"
)

// TestAddRefuses wants an error that names the metric and both values.
func TestAddRefuses(t *testing.T) {
	nan := float32(math.NaN())
	y, labels := tensor.New(tensor.Float32, 4, 3), tensor.New(tensor.Int64, 4)
	at2 := func(v float32) *tensor.Tensor {
		x := tensor.New(tensor.Float32, 4, 3)
		tensor.Data[float32](x)[7] = v
		return x
	}
	candidates := metrics.HitRatio{Candidates: 5}
	p := metrics.Options{Probabilities: true}
	found, objects := tensor.New(tensor.Float32, 1, 1, 6), tensor.New(tensor.Float32, 1, 1, 5)
	for _, c := range []struct {
		m              metrics.Metric
		output, target *tensor.Tensor
		want           string
	}{
		{metrics.Accuracy{}, nil, labels, "metrics: accuracy: the output is nil"},
		{metrics.Accuracy{}, y, nil, "metrics: accuracy: the target is nil: has the data labels?"},
		{metrics.Accuracy{}, labels, labels, "metrics: accuracy: the output is int64, want float32 or float64"},
		{metrics.Accuracy{}, tensor.Scalar(float32(1)), labels,
			"metrics: accuracy: the output is a scalar, want [N], [N, C] or [N, C, ...]"},
		{metrics.Accuracy{}, tensor.New(tensor.Float32, 4, 0), labels,
			"metrics: accuracy: the output [4 0] has no classes"},
		{metrics.Accuracy{}, y, i64([]int{4}, 0, 1, 3, 0),
			"metrics: accuracy: label 3 of row 2 is out of range [0, 3)"},
		{metrics.Accuracy{}, f32([]int{2}, 0, 0), i64([]int{2}, 0, 2),
			"metrics: accuracy: label 2 of row 1 is out of range [0, 2)"},
		{metrics.Accuracy{}, y, tensor.New(tensor.Int64, 5),
			"metrics: accuracy: output [4 3] and labels [5]: want [N, C, ...] and [N, ...]"},
		{metrics.Accuracy{}, y, tensor.New(tensor.Int64, 4, 3),
			"metrics: accuracy: output [4 3] and labels [4 3]: want [N, C, ...] and [N, ...]"},
		{metrics.Accuracy{}, y, tensor.New(tensor.Float32, 4),
			"metrics: accuracy: output [4 3] and a float32 target [4]: want labels, or class " +
				"probabilities of the output's shape"},
		{metrics.Accuracy{}, f32([]int{2}, 0, 0), tensor.New(tensor.Int64, 1, 2),
			"metrics: accuracy: output [2] and labels [1 2]: want [N, C, ...] and [N, ...]"},
		{metrics.Perplexity{}, tensor.New(tensor.Float32, 2, 5, 9), tensor.New(tensor.Int64, 2, 5),
			"metrics: perplexity: output [2 5 9] and labels " +
				"[2 5]: are the classes the last axis? set ClassesLast"},
		{metrics.Accuracy{}, at2(nan), labels, "metrics: accuracy: score 1 of row 2 is NaN"},
		{metrics.TopK{K: 2}, at2(nan).Cast(tensor.Float64), labels, "metrics: top2: score 1 of row 2 is NaN"},
		{metrics.F1{}, at2(nan), labels, "metrics: f1: score 1 of row 2 is NaN"},
		{metrics.AUC{}, at2(nan), labels, "metrics: auc: score 1 of row 2 is NaN"},
		{metrics.Accuracy{}, y, at2(nan), "metrics: accuracy: target 7 is NaN"},
		{metrics.LogLoss{}, y, at2(1.5), "metrics: log-loss: target 7 is 1.5, want a class probability from 0 to 1"},
		{metrics.LogLoss{}, at2(float32(math.Inf(1))), labels,
			"metrics: log-loss: the largest of the logits of row 2 is +Inf"},
		{metrics.AUC{}, at2(float32(math.Inf(1))), labels, "metrics: auc: the largest of the logits of row 2 is +Inf"},
		{metrics.LogLoss{Options: p}, at2(-2), labels,
			"metrics: log-loss: the probabilities of row 0 add up to 0, want 1: are these logits?"},
		{metrics.LogLoss{Options: p}, f32([]int{1, 2}, 2, -1), i64([]int{1}, 0),
			"metrics: log-loss: probability 0 of row 0 is 2, want 0 to 1: are these logits?"},
		{metrics.F1{Multilabel: true}, y, labels,
			"metrics: f1: output [4 3] and target [4]: several labels a sample want one shape [N, C]"},
		{metrics.AUC{Multilabel: true}, y, at2(nan), "metrics: auc: target 7 is NaN"},
		{metrics.F1{Multilabel: true}, f32([]int{1, 2}, 0, 0), i64([]int{1, 2}, 0, 7),
			"metrics: f1: target 1 is 7, want 0 or 1"},
		{metrics.MSE{}, y, tensor.New(tensor.Float32, 3, 4),
			"metrics: mse: output [4 3] and target [3 4]: want one shape"},
		{metrics.MSE{}, at2(nan), y, "metrics: mse: number 7: output NaN and target 0: want finite ones"},
		{metrics.R2{}, y, at2(float32(math.Inf(1))),
			"metrics: r2: number 7: output 0 and target +Inf: want finite ones"},
		{metrics.HitRatio{}, f32([]int{3}, 1, 2, 3), f32([]int{3}, 1, 0, 0),
			"metrics: hr@10: output [3] and target float32 [3]: want [Q, M] and [Q, M] " +
				"or integers [Q], or Candidates"},
		{candidates, f32([]int{3}, 1, 2, 3), f32([]int{3}, 1, 0, 0),
			"metrics: hr@10: output [3] and target [3]: want both of a multiple of Candidates = 5"},
		{metrics.MRR{}, y, i64([]int{4}, 0, 0, 3, 0), "metrics: mrr: label 3 of query 2 is out of range [0, 3)"},
		{metrics.NDCG{}, at2(nan), y,
			"metrics: ndcg@10: candidate 1 of query 2 has score NaN and relevance 0, want numbers"},
		{metrics.MeanAP{}, found, tensor.New(tensor.Float32, 1, 1, 4),
			"metrics: map: output [1 1 6] and target [1 1 4]: want [N, D, 6] and [N, G, 5 or 6]"},
		{metrics.MeanAP{}, f32([]int{1, 1, 6}, 0, nan, 0, 0, 1, 1), objects,
			"metrics: map: detection 0 of image 0 is [0 NaN 0 0 1 1], want finite numbers"},
		{metrics.MeanAP{}, f32([]int{1, 1, 6}, 0.5, 1, 0, 0, 1, 1), objects,
			"metrics: map: detection 0 of image 0 has class 0.5, want a whole number up to 2147483647"},
		{metrics.MeanAP{}, found, f32([]int{1, 1, 5}, 0, 2, 0, 1, 1),
			"metrics: map: object 0 of image 0 has corners (2, 0) and (1, 1), want the smaller first"},
		{metrics.BLEU{}, y, labels, "metrics: bleu: the output is float32, want ids, int64 or int32"},
		{metrics.BLEU{}, labels.Reshape(4, 1), labels,
			"metrics: bleu: output [4 1] and target [4]: want [N, T] and [N, T'] or [N, R, T']"},
	} {
		assert.EqualError(t, c.m.New().Add(c.output, c.target), c.want)
	}
	acc := metrics.Accuracy{}.New()
	assert.NoError(t, acc.Add(y, labels))
	assert.EqualError(t, acc.Add(tensor.New(tensor.Float32, 4, 5), labels), "metrics: accuracy: 5 classes after 3")
	auc := metrics.AUC{}.New()
	assert.NoError(t, auc.Add(y, labels))
	assert.EqualError(t, auc.Add(tensor.New(tensor.Float32, 4, 2), labels), "metrics: auc: 1 curves after 3")
}

// TestNewPanics on options that make no sense.
func TestNewPanics(t *testing.T) {
	for _, c := range []struct {
		m    metrics.Metric
		want string
	}{
		{metrics.TopK{K: -1}, "metrics: TopK: K = -1, want 1 or more"},
		{metrics.F1{Multilabel: true, Average: metrics.Positive},
			"metrics: f1-positive: Multilabel with Average positive: want macro, micro or weighted"},
		{metrics.Recall{Average: 9}, "metrics: recall-Average(9): no such average: 9"},
		{metrics.HitRatio{K: -2}, "metrics: HitRatio: K = -2, want 1 or more"},
		{metrics.MRR{K: -2}, "metrics: MRR: K = -2, want 0 or more"},
		{metrics.MRR{Candidates: -1}, "metrics: mrr: Candidates = -1, want 0 or more"},
		{metrics.MeanAP{IoU: []float64{0}}, "metrics: MeanAP: IoU = [0], want above 0 and up to 1"},
		{metrics.BLEU{MaxN: 9}, "metrics: BLEU: MaxN = 9, Smoothing = 0, want 1 to 8 and one of the constants"},
		{metrics.Mean{Title: "m"}, `metrics: Mean: Title = "m" and Of = nil: true: want both`},
	} {
		assert.PanicsWithValue(t, c.want, func() { c.m.New() })
	}
}
