package train_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor/safetensors"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// stopAfter trains for some epochs, leaving a checkpoint at path.
func stopAfter(t *testing.T, epochs int, path string, change func(c *train.Config)) *net {
	t.Helper()
	c := config(train.AllReduce)
	c.Epochs, c.Checkpoint = epochs, path
	if change != nil {
		change(&c)
	}
	_, err := train.Run(t.Context(), c)
	require.NoError(t, err)
	return c.Model.(*net)
}

// A checkpoint has the names of a state dictionary, PyTorch's, and the moments beside it.
func TestCheckpointIsAStateDict(t *testing.T) {
	path := t.TempDir() + "/run.safetensors"
	trained := stopAfter(t, 1, path, nil)
	tensors, _, err := safetensors.ReadFile(path)
	require.NoError(t, err)
	var names []string
	for _, n := range tensors {
		names = append(names, n.Name)
	}
	assert.ElementsMatch(t, []string{"hidden.weight", "hidden.bias", "out.weight", "out.bias", "optimizer/exp_avg", "optimizer/exp_avg_sq"}, names)

	model := newNet()
	report, err := layers.LoadStateDict(model, tensors, false)
	require.NoError(t, err)
	assert.Len(t, report.Loaded, 4)
	assert.Equal(t, weights(trained), weights(model))
}

// A checkpoint with Go's paths for names, as they once were written, still resumes to the same bits.
func TestCheckpointOfGoPaths(t *testing.T) {
	path := t.TempDir() + "/run.safetensors"
	want := onRanks(t, 1, train.AllReduce, nil)[0]
	stopAfter(t, 2, path, nil)

	tensors, meta, err := safetensors.ReadFile(path)
	require.NoError(t, err)
	renamed := 0
	for _, p := range layers.Params(newNet()) {
		for i, n := range tensors {
			if n.Name == p.Key {
				tensors[i].Name = p.Name
				renamed++
			}
		}
	}
	require.Equal(t, 4, renamed)
	require.NoError(t, safetensors.WriteFile(path, tensors, meta))

	got := onRanks(t, 1, train.AllReduce, func(_ int, c *train.Config) {
		c.Checkpoint, c.Resume = path,
			train.MustResume
	})[0]
	require.NoError(t, got.err)
	require.True(t, got.report.Resumed)
	require.Equal(t, want.weights, got.weights)
}

// A file that has been tampered with is refused, and the model keeps its weights.
func TestCheckpointDoesNotFit(t *testing.T) {
	path := t.TempDir() + "/run.safetensors"
	sgd := func(c *train.Config) { c.Optimizer = optim.SGD{Momentum: 0.9} }
	stopAfter(t, 1, path, sgd)
	for _, c := range []struct {
		name string
		edit func(name string) string // "": leave it out
		sgd  optim.SGD
		want string
	}{
		{"a parameter missing", func(n string) string { return strings.Replace(n, "out.bias", "", 1) }, optim.SGD{Momentum: 0.9}, "missing in the file: out.bias [3]"},
		{"another name", func(n string) string { return strings.Replace(n, "out.bias", "bias", 1) }, optim.SGD{Momentum: 0.9}, "not in the model: bias [3]"},
		{"no moment", func(n string) string { return strings.Replace(n, "optimizer/momentum_buffer", "", 1) }, optim.SGD{Momentum: 0.9},
			"there is no optimizer/momentum_buffer, which sgd keeps"},
		{"no use for a moment", func(n string) string { return n }, optim.SGD{}, "optimizer/momentum_buffer, which sgd does not keep"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tensors, meta, err := safetensors.ReadFile(path)
			require.NoError(t, err)
			var kept []safetensors.Named
			for _, n := range tensors {
				if name := c.edit(n.Name); name != "" {
					kept = append(kept, safetensors.Named{Name: name, Tensor: n.Tensor})
				}
			}
			edited := t.TempDir() + "/edited.safetensors"
			require.NoError(t, safetensors.WriteFile(edited, kept, meta))
			r := onRanks(t, 1, train.AllReduce, func(_ int, cfg *train.Config) {
				cfg.Optimizer, cfg.Checkpoint, cfg.Resume = c.sgd, edited, train.MustResume
				cfg.ResumeWith = []string{"Optimizer.Momentum"}
			})[0]
			require.ErrorContains(t, r.err, c.want)
			require.ErrorContains(t, r.err, edited)
			require.Equal(t, weights(newNet()), r.weights)
		})
	}
}
