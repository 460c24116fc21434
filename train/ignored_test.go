package train_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// TestIgnoredLabels trains on labels of −100, PyTorch's ignore_index: the loss leaves them out, as it does the label 2 in
// TestLossOfParts, whose value this is, and accuracy is over the others. small's outputs for sample 0, [1, 2], are
// [-0.3, 1.2, 0.6]: class 1. For sample 2, [0.25, -2], they are [0.425, -0.625, -1.425]: class 0.
func TestIgnoredLabels(t *testing.T) {
	for _, c := range []struct {
		labels   []int64
		accuracy float64
	}{{[]int64{0, -100, -100, -100}, 0}, {[]int64{1, -100, -100, -100}, 1}, {[]int64{1, -100, 1, -100}, 0.5}} {
		data := smallSet(c.labels...)
		ignored := 0
		for _, label := range c.labels {
			if label < 0 {
				ignored++
			}
		}
		for _, sync := range []train.Sync{train.AllReduce, train.Sharded} {
			for _, r := range onRanks(t, 2, sync, func(_ int, cfg *train.Config) {
				cfg.Model, cfg.Loss, cfg.Optimizer = small(), layers.CrossEntropy{Ignore: []int64{-100}}, optim.SGD{LR: 1e-6}
				cfg.Train, cfg.Test, cfg.Epochs, cfg.BatchSize, cfg.Partitions = data, data, 1, 4, 4
			}) {
				require.NoError(t, r.err)
				e := r.report.Epochs[0]
				for _, m := range []train.Metrics{e.Train, e.Test} {
					require.Equal(t, []int{4, ignored}, []int{m.Samples, m.Ignored})
					require.Equal(t, c.accuracy, m.Accuracy(), "%v %v", c.labels, m)
				}
				if c.labels[0] == 0 {
					require.InDelta(t, 2.0720760822296143, e.Train.Loss, 1e-6)
				}
			}
		}
	}
}
