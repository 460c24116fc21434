package layers_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/safetensors"
)

func TestSaveAndLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	rng := seeded()
	build := func() layers.Sequential {
		return layers.Sequential{layers.NewConv2D(rng, layers.Conv2DConfig{In: 1, Out: 2, Kernel: 3}), layers.NewLinear(rng, 4, 3)}
	}
	a, b := build(), build()
	require.NoError(t, layers.Save(path, a, map[string]string{"epoch": "3"}))
	var params []*autograd.Param
	for _, p := range layers.Params(b) {
		params = append(params, p.Param)
	}
	set := autograd.NewSet(params) // loading must go into a set's vector, not replace the values
	meta, err := layers.Load(path, b)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"epoch": "3"}, meta)
	for i, p := range layers.Params(a) {
		assert.True(t, p.Value().Equal(params[i].Value()), p.Name)
	}
	lo, _ := set.Range(params[1])
	assert.Equal(t, tensor.Data[float32](layers.Params(a)[1].Value())[0], tensor.Data[float32](set.Value())[lo])
}

func TestLoadRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "net.safetensors")
	require.NoError(t, layers.Save(path, layers.Sequential{layers.NewLinear(seeded(), 4, 3)}, nil))
	wide := filepath.Join(dir, "wide.safetensors")
	require.NoError(t, safetensors.WriteFile(wide, []safetensors.Named{
		{Name: "0.weight", Tensor: tensor.Full(tensor.Float64, 1e39, 3, 4)},
		{Name: "0.bias", Tensor: tensor.New(tensor.Int64, 3)}}, nil))
	unbiased := layers.NewLinear(seeded(), 4, 3)
	unbiased.Bias = nil
	for _, c := range []struct {
		name  string
		path  string
		model any
		want  string
	}{
		{"another shape", path, layers.Sequential{layers.NewLinear(seeded(), 5, 3)}, "0.weight is [3 4] in the file, [3 5] in the model"},
		{"other dtypes", wide, layers.Sequential{layers.NewLinear(seeded(), 4, 3)},
			"0.weight is float64 in the file, float32 in the model, " +
				"where 1e+39 is too large; 0.bias is int64 in the file, float32 in the model"},
		{"missing in the file", path, layers.Sequential{layers.NewLinear(seeded(), 4, 3), layers.NewLinear(seeded(), 3, 2)},
			"missing in the file: 1.weight [2 3], 1.bias [2]"},
		{"missing in the model", path, layers.Sequential{unbiased}, "not in the model: 0.bias [3]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before []*tensor.Tensor
			for _, p := range layers.Params(c.model) {
				p.Value().Fill(7)
				before = append(before, p.Value().Clone())
			}
			_, err := layers.Load(c.path, c.model)
			assert.ErrorIs(t, err, layers.ErrMismatch)
			assert.EqualError(t, err, "layers: Load: "+c.path+": the file does not fit the model: "+c.want)
			for i, p := range layers.Params(c.model) {
				assert.True(t, p.Value().Equal(before[i]), "%s was changed", p.Name)
			}
		})
	}

	_, err := layers.Load(filepath.Join(dir, "absent"), unbiased)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, os.WriteFile(path, []byte("not a model"), 0o644))
	_, err = layers.Load(path, unbiased)
	assert.ErrorContains(t, err, path)
	assert.Error(t, layers.Save(filepath.Join(dir, "no", "such", "folder"), unbiased, nil))
}

// A checkpoint is a model file: what train.Run keeps beside the model is passed over.
func TestLoadOfACheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.checkpoint.safetensors")
	a, b := layers.NewLinear(seeded(), 4, 3), layers.NewLinear(seeded(), 4, 3)
	a.Weight.Value().Fill(7)
	dict := append(layers.StateDict(a),
		safetensors.Named{Name: layers.OptimizerPrefix + "exp_avg", Tensor: tensor.New(tensor.Float32, 15)},
		safetensors.Named{Name: layers.OptimizerPrefix + "exp_avg/weight", Tensor: tensor.New(tensor.Float32, 12)})
	require.NoError(t, safetensors.WriteFile(path, dict, map[string]string{"tutti.checkpoint": "{}"}))
	meta, err := layers.Load(path, b)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"tutti.checkpoint": "{}"}, meta)
	assert.True(t, b.Weight.Value().Equal(a.Weight.Value()))
}

// A bit that flipped on the disk is no number to go on with.
func TestLoadOfADamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	net := layers.NewLinear(seeded(), 4, 3)
	require.NoError(t, layers.Save(path, net, nil))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[len(data)-2] ^= 4
	require.NoError(t, os.WriteFile(path, data, 0o666))
	_, err = layers.Load(path, net)
	assert.ErrorIs(t, err, safetensors.ErrChecksum)
	assert.ErrorContains(t, err, `tensor "bias"`)
}
