package train_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// BenchmarkNeuMF trains neural collaborative filtering on tables of the sizes of MovieLens 20M, with dense gradients and with rows.
func BenchmarkNeuMF(b *testing.B) {
	const users, items, batch = 138_493, 26_744, 1024
	rng := rand.New(rand.NewPCG(1, 1))
	for _, sync := range []train.Sync{train.AllReduce, train.Sharded} {
		for _, ranks := range []int{1, 2} {
			for _, sparse := range []bool{false, true} {
				b.Run(fmt.Sprintf("%v/ranks=%d/sparse=%v", sync, ranks, sparse), func(b *testing.B) {
					n := b.N * batch
					user, item, y := make([]int64, n), make([]int64, n), make([]float32, n)
					for i := range n {
						user[i], item[i], y[i] = int64(rng.IntN(users)), int64(rng.IntN(items)), float32(i%2)
					}
					data := pairs(user, item, y)
					var report *train.Report
					require.NoError(b, launch.Local(b.Context(), ranks, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
						m := models.NewNeuMF(rand.New(rand.NewPCG(2, 2)), models.NeuMFConfig{Users: users, Items: items, Sparse: sparse})
						r, err := train.Run(ctx, train.Config{Model: m, Loss: layers.BCEWithLogits{}, Optimizer: optim.SGD{LR: 0.1},
							Train: data, BatchSize: batch, Sync: sync, Group: g})
						if g.Rank() == 0 {
							report = r
						}
						return err
					}))
					b.ReportMetric(report.SamplesPerSecond(), "samples/s")
				})
			}
		}
	}
}
