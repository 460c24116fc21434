package metrics_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/metrics"
)

// TestBLEUClips has the paper's first example, "the the the the the the the" against "the cat is on the mat" and
// "there is a cat on the mat": 2 of its 7 words count.
func TestBLEUClips(t *testing.T) {
	the, cat, is, on, mat, there, a := int64(1), int64(2), int64(3), int64(4), int64(5), int64(6), int64(7)
	references := i64([]int{1, 2, 7}, the, cat, is, on, the, mat, -1, there, is, a, cat, on, the, mat)
	acc := metrics.BLEU{MaxN: 1}.New()
	require.NoError(t, acc.Add(i64([]int{1, 7}, the, the, the, the, the, the, the), references))
	assert.InDelta(t, 2.0/7, acc.Value().Scalar, 1e-15)
}

// TestBLEUSentences has what ends a sentence, what is left out of it, and sentences shorter than a run.
func TestBLEUSentences(t *testing.T) {
	same := i64([]int{1, 5}, 1, 2, 3, 4, 5)
	for name, c := range map[string]struct {
		m              metrics.BLEU
		output, target *tensor.Tensor
		want           float64
	}{
		"equal":        {metrics.BLEU{}, same, same, 1},
		"int32":        {metrics.BLEU{}, same.Cast(tensor.Int32), same, 1},
		"an end":       {metrics.BLEU{Ends: []int64{9}}, i64([]int{1, 7}, 1, 2, 3, 4, 5, 9, 6), same, 1},
		"a beginning":  {metrics.BLEU{Ignore: []int64{0}}, i64([]int{1, 6}, 0, 1, 2, 3, 4, 5), same, 1},
		"an empty one": {metrics.BLEU{}, i64([]int{1, 2}, -1, 4), same, 0},
		// 4 of 5 words: all runs are shared, and brevity is e^(1−5/4).
		"short": {metrics.BLEU{}, i64([]int{1, 4}, 1, 2, 3, 4), same, math.Exp(1 - 5.0/4)},
		// Three words have no run of four, so that a corpus of them alone is 0, and runs of two can be asked for.
		"no run of four": {metrics.BLEU{}, i64([]int{1, 3}, 1, 2, 3), i64([]int{1, 3}, 1, 2, 3), 0},
		"runs of two":    {metrics.BLEU{MaxN: 2}, i64([]int{1, 3}, 1, 2, 3), i64([]int{1, 3}, 1, 2, 3), 1},
		// References of 4 and 6 are as near to 5 words: the shorter is compared, so that brevity is 1.
		"the nearest length": {metrics.BLEU{MaxN: 1}, same,
			i64([]int{1, 2, 6}, 1, 2, 3, 4, -1, -1, 1, 2, 3, 4, 5, 6), 1},
		"no word shared": {metrics.BLEU{Smoothing: metrics.Exponential}, same, i64([]int{1, 5}, 6, 7, 8, 9, 6), 0},
		"a missing reference": {metrics.BLEU{MaxN: 1}, i64([]int{1, 1}, 1),
			i64([]int{1, 2, 3}, 1, 2, 3, -1, -1, -1), math.Exp(1 - 3)},
	} {
		assert.InDelta(t, c.want, value(t, c.m, c.output, c.target), 1e-15, name)
	}
}
