//go:build unix

package train_test

import (
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/metrics"
	"github.com/tutti-ml/tutti/train/optim"
	"github.com/tutti-ml/tutti/train/summary"
	"github.com/tutti-ml/tutti/train/summary/history"
	"github.com/tutti-ml/tutti/train/summary/prometheus"
	"github.com/tutti-ml/tutti/train/summary/tensorboard"
	"github.com/tutti-ml/tutti/train/web"
)

// BenchmarkWatched is what it costs to be watched: LeNet-5 in batches of 32, an evaluation every 40 steps, with the AUC,
// TensorBoard's files, a history, Prometheus and the live page, against the same alone. Runs of both take turns, and the
// figure is the median of the ratios of the process's time on the processor. One CPU, for threads that wait for another's
// part of a product spin, and that counts as time.
//
//	go test ./train -run '^$' -bench Watched -benchtime 10x -cpu 1
func BenchmarkWatched(b *testing.B) {
	const n, batch = 1280, 32
	rng := rand.New(rand.NewPCG(1, 1))
	x, y := make([]float32, n*28*28), make([]int64, n)
	for i := range x {
		x[i] = rng.Float32()
	}
	for i := range y {
		y[i] = rng.Int64N(10)
	}
	data := dataset.FromTensors(tensor.FromSlice(x, n, 1, 28, 28), tensor.FromSlice(y, n)).WithClasses(10)
	dir := b.TempDir()
	board, err := tensorboard.Create(filepath.Join(dir, "board"))
	require.NoError(b, err)
	defer board.Close()
	lines, err := history.Open(filepath.Join(dir, "history.jsonl"), history.Options{})
	require.NoError(b, err)
	page, err := web.Listen("127.0.0.1:0", web.Options{})
	require.NoError(b, err)
	defer page.Close()
	defer lines.Close()
	all := []summary.Sink{tensorboard.NewSink(board, tensorboard.SinkOptions{}), lines, prometheus.NewSink(&prometheus.Registry{}), page,
		summary.NewLog(slog.New(slog.DiscardHandler))}
	model := models.LeNet5(rng)
	cpu := func() float64 {
		var r syscall.Rusage
		require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &r))
		return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
	}
	run := func(sinks []summary.Sink) float64 {
		c := train.Config{Model: model, Loss: layers.CrossEntropy{}, Optimizer: optim.SGD{LR: 1e-6}, Train: data, Test: data,
			BatchSize: batch, Epochs: 4, Sinks: sinks}
		if sinks != nil {
			c.Metrics = []metrics.Metric{metrics.AUC{}}
		}
		began := cpu()
		_, err := train.Run(b.Context(), c)
		require.NoError(b, err)
		return cpu() - began
	}
	run(all)
	var ratios, alone []float64
	for b.Loop() {
		a, w := run(nil), run(all)
		ratios, alone = append(ratios, w/a), append(alone, a)
	}
	slices.Sort(ratios)
	slices.Sort(alone)
	b.ReportMetric(100*(ratios[len(ratios)/2]-1), "overhead-%")
	b.ReportMetric(1e3*alone[len(alone)/2]/(4*n/batch), "cpu-ms/step")
}
