package tensorboard_test

import (
	"math"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/summary"
	"github.com/tutti-ml/tutti/train/summary/tensorboard"
)

// clock is a time that a test sets.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

// at gives a Writer on a new folder whose clock stands at 1700000000.25 s.
func at(t *testing.T) (*tensorboard.Writer, *clock) {
	t.Helper()
	c := &clock{time.Unix(1700000000, 250_000_000)}
	w, err := tensorboard.Options{Host: "host", Process: 42, Now: c.now}.Create(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { w.Close() })
	return w, c
}

// TestGolden: the file is, byte by byte, the one that testdata/golden.py makes with TensorBoard's and PyTorch's own
// code.
func TestGolden(t *testing.T) {
	w, c := at(t)
	require.NoError(t, w.Scalar("loss/train", 0.625, 1))
	c.Time = c.Add(time.Second)
	require.NoError(t, w.Scalar("a/b c", 0, 1<<40))
	require.NoError(t, w.Scalar("inf", math.Inf(-1), -1))
	c.Time = c.Add(-time.Second)
	values := tensor.New(tensor.Float64, 1000)
	for i, x := 0, tensor.Data[float64](values); i < 1000; i++ {
		x[i] = math.Ldexp(float64(i*7919%1009-504)/64, i%9-4)
	}
	require.NoError(t, w.Histogram("fc.weight", values, 3))
	var edges []float64
	for v := 1e-12; v < 1e20; v *= 1.1 {
		edges = append(edges, v)
	}
	n := len(edges)
	for _, one := range []float64{0, 1e-12, -1e-12, -edges[n-1-500], edges[1000-n-1], -3, 5e-13, -5e-13, -edges[n-1],
		edges[n-1]} {
		require.NoError(t, w.Histogram("one", tensor.FromSlice([]float64{one}, 1), 4))
	}
	require.NoError(t, w.Text("note", "# α\n*β*", 5))
	require.NoError(t, w.Graph([]tensorboard.Node{
		{Name: "input", Op: "Placeholder", Shape: []int{8, 64}},
		{Name: "fc/weight", Op: "Parameter", Shape: []int{10, 64}, Label: "trained"},
		{Name: "fc/Linear", Op: "Linear", Inputs: []string{"input", "fc/weight"}, Shape: []int{8, 10}},
	}))
	require.NoError(t, w.HParams([]summary.Field{{Name: "batch", Value: "32"}, {Name: "lr", Value: "0.5"},
		{Name: "sync", Value: "ring"}}, "loss/test"))
	require.NoError(t, w.Done(true))
	require.NoError(t, w.GoOn(c.Time, 12))
	require.NoError(t, w.Close())

	want, err := os.ReadFile("testdata/golden.tfevents")
	require.NoError(t, err)
	got, err := os.ReadFile(w.Path())
	require.NoError(t, err)
	for i := range min(len(got), len(want)) {
		require.Equal(t, want[i], got[i], "byte %d of %d", i, len(want))
	}
	require.Len(t, got, len(want))
}
