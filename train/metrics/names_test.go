package metrics_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/metrics"
)

// TestByName finds every metric of All by its name, and names with numbers and options.
func TestByName(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range metrics.All {
		require.False(t, seen[m.Name()], "%s stands twice in All", m.Name())
		seen[m.Name()] = true
		got, err := metrics.ByName(m.Name())
		require.NoError(t, err)
		assert.Equal(t, m, got)
	}
	for text, want := range map[string]metrics.Metric{
		"top3":                          metrics.TopK{K: 3},
		"ndcg@5":                        metrics.NDCG{K: 5},
		"hr@20:candidates=100":          metrics.HitRatio{K: 20, Candidates: 100},
		"mrr@10":                        metrics.MRR{K: 10},
		"bleu2:smoothing=floor":         metrics.BLEU{MaxN: 2, Smoothing: metrics.Floor},
		"map60:max-detections=300":      metrics.MeanAP{IoU: []float64{0.6}, MaxDetections: 300},
		"voc-map:iou=0.75":              metrics.MeanAP{Rule: metrics.VOC, IoU: []float64{0.75}},
		"bleu:ends=2:ignore=0:ignore=1": metrics.BLEU{Ends: []int64{2}, Ignore: []int64{0, 1}},
		"f1-macro:ignore=255:classes-last": metrics.F1{Average: metrics.Macro,
			Options: metrics.Options{Ignore: []int64{255}, ClassesLast: true}},
		"auc:probabilities:multilabel":   metrics.AUC{Multilabel: true, Options: metrics.Options{Probabilities: true}},
		"accuracy:probabilities=false":   metrics.Accuracy{},
		"ndcg:exponential:candidates=10": metrics.NDCG{K: -1, Exponential: true, Candidates: 10},
	} {
		got, err := metrics.ByName(text)
		require.NoError(t, err)
		assert.Equal(t, want, got, text)
	}
	assert.Equal(t, "voc-map@75", metrics.MeanAP{Rule: metrics.VOC, IoU: []float64{0.75}}.Name())
	first, err := metrics.ByName("map50:iou=0.6")
	require.NoError(t, err)
	assert.Len(t, first.(metrics.MeanAP).IoU, 2)
	second, err := metrics.ByName("map50")
	require.NoError(t, err)
	assert.Len(t, second.(metrics.MeanAP).IoU, 1, "an option must not change the table")
}

// TestByNameRefuses wants the nearest name.
func TestByNameRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"acuracy":                `metrics: no metric "acuracy": did you mean "accuracy"? want one of ["accuracy" `,
		"f1_macro":               `did you mean "f1-macro"?`,
		"":                       `metrics: no metric "": did you mean `,
		"top0":                   `metrics: no metric "top0": did you mean "top5"?`,
		"top05":                  `metrics: no metric "top05": did you mean "top5"?`,
		"ndcg@-3":                `metrics: no metric "ndcg@-3": did you mean "ndcg@10"?`,
		"map500":                 "metrics: map500: metrics: MeanAP: IoU = [5], want above 0 and up to 1",
		"bleu9":                  "metrics: bleu9: metrics: BLEU: MaxN = 9",
		"accuracy:":              `metrics: accuracy:: no option "": did you mean`,
		"accuracy:ignored=3":     `did you mean "ignore"? want one of ["probabilities" "classes-last" "ignore"]`,
		"accuracy:Ignore=3":      `no option "Ignore": did you mean "ignore"?`,
		"accuracy:ignore=x":      `metrics: accuracy:ignore=x: option ignore = "x": strconv.ParseInt: parsing "x"`,
		"accuracy:options=1":     `metrics: accuracy:options=1: no option "options": did you mean`,
		"f1:average=1":           `no option "average": did you mean`,
		"mse:ignore=1":           `metrics: mse:ignore=1: no option "ignore"`,
		"f1-positive:multilabel": "metrics: f1-positive:multilabel: metrics: f1-positive: Multilabel with",
		"mrr:candidates=-1":      "metrics: mrr:candidates=-1: metrics: mrr: Candidates = -1, want 0 or more",
		"bleu:smoothing=exp":     `option smoothing = "exp": want none, floor, add-one or exponential`,
	} {
		m, err := metrics.ByName(text)
		assert.ErrorContains(t, err, want)
		assert.Nil(t, m)
	}
}
