//go:build tensorboard

package tensorboard_test

import (
	"encoding/json"
	"image"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/summary"
	"github.com/tutti-ml/tutti/train/summary/tensorboard"
)

// read gives what testdata/read.py, which is TensorBoard, finds in dir. $TUTTI_PYTHON is a Python that has it.
func read(t *testing.T, dir string) (found struct {
	Scalars    map[string][][3]float64
	Histograms map[string][]struct {
		Step, Num, Sum float64
		Limits, Counts []float64
	}
	Images, Texts map[string][][]any
	Graph         []struct {
		Name, Op string
		Input    []string
		Shape    []int
	}
	Plugins []string
	HParams map[string]any
	Status  float64
}) {
	t.Helper()
	python := os.Getenv("TUTTI_PYTHON")
	require.NotEmpty(t, python, "the build tag tensorboard wants TUTTI_PYTHON, a Python with the package tensorboard")
	cmd := exec.Command(python, "testdata/read.py", dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(out, &found), "%s", out)
	return found
}

// TestTensorBoardReadsAll: a run that is interrupted and goes on in the same folder, and a picture, a histogram and a
// graph.
func TestTensorBoardReadsAll(t *testing.T) {
	dir := t.TempDir()
	start := time.Unix(1700000000, 0)
	session := func(run summary.Run, steps, epoch int) *tensorboard.Writer {
		w, err := tensorboard.Options{Host: "host", Process: 1 + run.Global}.Create(dir)
		require.NoError(t, err)
		s := tensorboard.NewSink(w, tensorboard.SinkOptions{})
		run.Model, run.Time = "mlp", start
		run.Config = []summary.Field{{Name: "Optimizer.LR", Value: "0.1"}, {Name: "Sync", Value: "ring"}}
		require.NoError(t, s.Start(run))
		for i := range steps {
			g := run.Global + i + 1
			require.NoError(t, s.Step(summary.Step{Global: g, Samples: 10, Loss: float64(run.Global) + 1/float64(g), Rate: 0.1,
				Elapsed: time.Second / 2, Phases: summary.Phases{Forward: time.Second / 4},
				Values: []summary.Value{{Name: "norm", Value: float64(g)}}, Time: start.Add(time.Duration(g) * time.Second)}))
		}
		require.NoError(t, s.Histogram(run.Global+steps, "fc.weight", tensor.FromSlice([]float32{-1, 0, 0, 2}, 4)))
		require.NoError(t, s.Epoch(summary.Epoch{Epoch: epoch, Global: run.Global + steps, Time: start.Add(time.Hour),
			Train: []summary.Value{{Name: "loss", Value: 0.5}}, Test: []summary.Value{{Name: "accuracy", Value: 0.75}}}))
		require.NoError(t, s.Checkpoint(summary.Checkpoint{Path: "a.safetensors", Global: run.Global + steps}))
		require.NoError(t, s.End(summary.End{}))
		return w
	}
	w := session(summary.Run{}, 8, 1) // steps 5 to 8 are lost: the checkpoint is of step 4
	require.NoError(t, w.Close())
	w = session(summary.Run{Resumed: true, Global: 4}, 5, 2)
	require.NoError(t, w.Image("digit", image.NewGray(image.Rect(0, 0, 5, 3)), 1))
	net := models.MLP(rand.New(rand.NewPCG(1, 2)), 4, 3, 2)
	nodes := tensorboard.Trace(net, 2, 4)
	require.NoError(t, w.Graph(nodes))
	require.NoError(t, w.Close())
	files, err := filepath.Glob(filepath.Join(dir, "events.out.tfevents.*"))
	require.NoError(t, err)
	require.Len(t, files, 2)

	got := read(t, dir)
	var steps, losses []float64
	for _, p := range got.Scalars["loss/step"] {
		steps, losses = append(steps, p[0]), append(losses, p[1])
		require.Equal(t, 1.7e9+p[0], p[2], "wall time")
	}
	require.Equal(t, []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}, steps, "each step once")
	require.InDelta(t, 4.2, losses[4], 1e-6, "step 5 of the run that went on")
	require.Equal(t, 20.0, got.Scalars["samples_per_second"][0][1])
	require.Equal(t, 0.25, got.Scalars["phase/forward"][0][1])
	require.Equal(t, 9.0, got.Scalars["norm/step"][8][1])
	require.Equal(t, 0.75, got.Scalars["accuracy/test"][0][1])
	require.Len(t, got.Scalars["loss/train"], 1, "that of the lost step is forgotten")

	h := got.Histograms["fc.weight"][0]
	require.Equal(t, []float64{9, 4, 1}, []float64{h.Step, h.Num, h.Sum})
	total := 0.0
	for _, c := range h.Counts {
		total += c
	}
	require.Equal(t, 4.0, total)
	require.Len(t, h.Limits, len(h.Counts))

	require.Equal(t, []any{1.0, 5.0, 3.0, "89504e470d0a1a0a"}, got.Images["digit"][0])
	require.Equal(t, []any{9.0, "`a.safetensors`"}, got.Texts["checkpoint/text_summary"][0])
	require.Len(t, got.Graph, len(nodes))
	for i, n := range nodes {
		require.Equal(t, n.Name, got.Graph[i].Name)
		require.Equal(t, n.Op, got.Graph[i].Op)
		require.Equal(t, n.Shape, got.Graph[i].Shape)
	}
	require.Equal(t, map[string]any{"model": "mlp", "Optimizer.LR": 0.1, "Sync": "ring"}, got.HParams)
	require.Equal(t, 1.0, got.Status, "STATUS_SUCCESS")
	require.Subset(t, got.Plugins, []string{"scalars", "histograms", "images", "text", "hparams", "graphs"})
}
