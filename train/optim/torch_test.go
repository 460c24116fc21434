package optim_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/train/optim"
)

// trajectory is what testdata/optimizers.py wrote about one optimizer: weights and moments after 12 steps in float64, by
// PyTorch 2.15, or by NumPy for what PyTorch lacks.
type trajectory struct {
	Name    string
	Fields  map[string]any
	Weights []float64
	Moments map[string][]float64
}

func trajectories(t *testing.T) (list []trajectory) {
	read(t, "testdata/optimizers.json", &list)
	return list
}

func read(t *testing.T, path string, list any) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, list))
}

// TestTorch compares every optimizer with the peers' trajectories, in both element types.
func TestTorch(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range trajectories(t) {
		seen[c.Name] = true
		t.Run(fmt.Sprint(c.Name, c.Fields), func(t *testing.T) {
			o, err := optim.Build(c.Name, c.Fields)
			require.NoError(t, err)
			follow[float32](t, o, c, 0x1p-24)
			follow[float64](t, o, c, 0x1p-53)
		})
	}
	for _, o := range optim.All {
		assert.True(t, seen[o.Name()], "no trajectory of %s", o.Name())
	}
}

// follow takes the steps of testdata/optimizers.py. It allows each step ten roundings by half an ulp of the largest weight, 4;
// and to a moment three roundings a step of four times its largest element at the end, which it may have passed through.
func follow[T vec.Float](t *testing.T, o optim.Optimizer, c trajectory, ulp float64) {
	const steps = 12
	w, g := []T{1, -2, 3, -4, 0.5}, make([]T, 5)
	s := optim.NewOf[T](o, 5)
	for step := range steps {
		for i := range g {
			g[i] = T((7*i+3*step)%11-5) / 8
		}
		s.Step(w, g, o.Rate())
		assert.Equal(t, int64(step+1), s.State().Steps)
	}
	for i, want := range c.Weights {
		assert.InDelta(t, want, float64(w[i]), steps*10*4*ulp, "%T: w[%d]", w, i)
	}
	require.Len(t, s.State().Slots, len(c.Moments))
	for _, slot := range s.State().Slots {
		moment := c.Moments[slot.Name]
		require.Len(t, moment, 5, "%q", slot.Name)
		largest := max(slices.Max(moment), -slices.Min(moment))
		for i, want := range moment {
			assert.InDelta(t, want, float64(slot.Data[i]), steps*3*4*largest*ulp, "%T: %s[%d]", w, slot.Name, i)
		}
	}
}
