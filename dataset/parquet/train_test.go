package parquet_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/dataset/parquet"
	"github.com/tutti-ml/tutti/dataset/table"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// writeFolder writes samples as Spark does: two days of two files, whose labels are the sign of the first feature.
func writeFolder(t *testing.T) string {
	dir, rng := t.TempDir(), rand.New(rand.NewPCG(1, 1))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "_SUCCESS"), nil, 0o600))
	floats, ints := table.Type{Kind: table.Float32}, table.Type{Kind: table.Int}
	s := table.Schema{{Name: "a", Type: floats}, {Name: "b", Type: floats}, {Name: "y", Type: ints}}
	for i := range 4 {
		day := filepath.Join(dir, fmt.Sprintf("dt=2026-01-0%d", 1+i/2))
		require.NoError(t, os.MkdirAll(day, 0o700))
		w, err := parquet.Create(filepath.Join(day, fmt.Sprintf("part-%d.parquet", i)), s, &parquet.WriteConfig{GroupRows: 300})
		require.NoError(t, err)
		r := table.Rows{N: 700, Columns: make([]table.Column, 3)}
		for c := range s {
			r.Columns[c].Field = s[c]
		}
		for range r.N {
			a, y := rng.Float32()-0.5, int64(0)
			if a > 0 {
				y = 1
			}
			r.Columns[0].Floats32 = append(r.Columns[0].Floats32, a)
			r.Columns[1].Floats32 = append(r.Columns[1].Floats32, rng.Float32())
			r.Columns[2].Ints = append(r.Columns[2].Ints, y)
		}
		require.NoError(t, w.Write(t.Context(), &r))
		require.NoError(t, w.Close())
	}
	return dir
}

// trainOn trains a small network on the folder, and returns its weights.
func trainOn(ctx context.Context, dir string, ranks int) (weights [][]float32, accuracy float64, err error) {
	weights = make([][]float32, ranks)
	err = launch.Local(ctx, ranks, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
		rows, err := parquet.Open(table.OS(), dir, nil)
		if err != nil {
			return err
		}
		defer rows.Close()
		src, err := table.Choose(ctx, rows, table.Config{Target: "y",
			Columns: []table.Pick{{Name: "x", From: []string{"a", "b"}}, {Name: "y", Classes: 2}}})
		if err != nil {
			return err
		}
		rng := rand.New(rand.NewPCG(1, 2))
		net := layers.Sequential{layers.NewLinear(rng, 2, 8), layers.Func(autograd.ReLU), layers.NewLinear(rng, 8, 2)}
		report, err := train.Run(ctx, train.Config{Model: net, Loss: layers.CrossEntropy{}, Optimizer: optim.Adam{LR: 0.02},
			Train: src, Test: src, Epochs: 3, Partitions: 4, Window: 200, Sync: train.Sharded, Group: g})
		if err != nil {
			return err
		}
		if g.Rank() == 0 {
			accuracy = report.Test().Accuracy()
		}
		for _, p := range layers.Params(net) {
			weights[g.Rank()] = append(weights[g.Rank()], tensor.Data[float32](p.Value())...)
		}
		return nil
	})
	return weights, accuracy, err
}

// TestTrain trains on a folder of files: the bits are the same on 1, 2 and 4 ranks, and a file that is damaged is an
// error of the whole job that names it.
func TestTrain(t *testing.T) {
	dir := writeFolder(t)
	want, accuracy, err := trainOn(t.Context(), dir, 1)
	require.NoError(t, err)
	require.Greater(t, accuracy, 0.95)
	for _, ranks := range []int{2, 4} {
		got, _, err := trainOn(t.Context(), dir, ranks)
		require.NoError(t, err)
		for _, w := range got {
			require.Equal(t, want[0], w)
		}
	}

	file := filepath.Join(dir, "dt=2026-01-02", "part-3.parquet")
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	for i := 8; i < 40; i++ { // the first page's header and values
		data[i] ^= 0xa5
	}
	require.NoError(t, os.WriteFile(file, data, 0o600))
	_, _, err = trainOn(t.Context(), dir, 2)
	require.ErrorContains(t, err, file)
}
