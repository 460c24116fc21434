package main

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/safetensors"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// A name or a value from a file is no command to the terminal.
func TestInspectPrintsNoEscapes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	require.NoError(t, safetensors.WriteFile(path, []safetensors.Named{
		{Name: "plain.β", Tensor: tensor.New(tensor.Float32, 2, 3)}, {Name: "\x1b[31mred\a", Tensor: tensor.New(tensor.BFloat16, 1)},
		{Name: "two\nlines\t", Tensor: tensor.New(tensor.Int8)}, {Name: "", Tensor: tensor.New(tensor.Int8)}},
		map[string]string{"\u202ekey": "\x1b]0;title\a", "json": `{"at":1}`}))
	var out bytes.Buffer
	require.NoError(t, runInspect(&out, path, inspectOptions{verify: true}))
	assert.Equal(t, `plain.β          F32          [2 3]
"\x1b[31mred\a"  BF16         [1]
"two\nlines\t"   I8           []
""               I8           []
total            9 elements in 4 tensors
checksums        verified
json             {"at":1}
"\u202ekey"      "\x1b]0;title\a"
`, out.String())
}

// To list is to read the header: the elements of this file would take a terabyte, which its sparse end claims to hold.
func TestInspectReadsTheHeaderAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	header := `{"w":{"dtype":"F8_E4M3","shape":[1099511627776],"data_offsets":[0,1099511627776]}}`
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	require.NoError(t, os.WriteFile(path, append(length, header...), 0o666))
	if err := os.Truncate(path, int64(8+len(header))+1<<40); err != nil {
		t.Skipf("this file system has no sparse files of a terabyte: %v", err)
	}
	var out bytes.Buffer
	require.NoError(t, runInspect(&out, path, inspectOptions{}))
	assert.Contains(t, out.String(), "F8_E4M3      [1099511627776]")
	assert.Contains(t, out.String(), "checksums  none")
	assert.ErrorContains(t, runInspect(&out, path, inspectOptions{verify: true}), "has no checksums to verify")
}

func TestInspectCompares(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, list ...safetensors.Named) string {
		path := filepath.Join(dir, name)
		require.NoError(t, safetensors.WriteFile(path, list, nil))
		return path
	}
	nan := float32(math.NaN())
	a := file("a", safetensors.Named{Name: "w", Tensor: tensor.FromSlice([]float32{1, nan, 3})},
		safetensors.Named{Name: "b", Tensor: tensor.New(tensor.Int32, 2)})
	b := file("b", safetensors.Named{Name: "b", Tensor: tensor.New(tensor.Int32, 2)},
		safetensors.Named{Name: "w", Tensor: tensor.FromSlice([]float32{1, nan, 3.5})})
	for _, c := range []struct {
		name, other string
		tolerance   float64
		want        string
	}{
		{"itself", a, 0, ""},
		{"another order, within", b, 0.5, ""},
		{"beyond", b, 0.25, "inspect: w differs by 0.5, more than 0.25"},
		{"NaN on one side", file("n", safetensors.Named{Name: "w", Tensor: tensor.FromSlice([]float32{1, 2, 3})},
			safetensors.Named{Name: "b", Tensor: tensor.New(tensor.Int32, 2)}), 1e300,
			"inspect: w differs by +Inf, more than 1e+300"},
		{"fewer", file("f", safetensors.Named{Name: "b", Tensor: tensor.New(tensor.Int32, 2)}), 0,
			"inspect: the files hold 2 and 1 tensors"},
		{"another shape", file("s", safetensors.Named{Name: "w", Tensor: tensor.New(tensor.Float32, 1, 3)},
			safetensors.Named{Name: "b", Tensor: tensor.New(tensor.Int32, 2)}), 0, "inspect: w is F32[3] and F32[1 3]"},
		{"another name", file("o", safetensors.Named{Name: "w", Tensor: tensor.New(tensor.Float32, 3)},
			safetensors.Named{Name: "\x1b", Tensor: tensor.New(tensor.Int32, 2)}), 0, "inspect: only one file has b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			err := runInspect(&out, a, inspectOptions{other: c.other, tolerance: c.tolerance})
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.want)
		})
	}
}

func TestInspectRefusesFlags(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m.safetensors")
	one := []safetensors.Named{{Name: "w", Tensor: tensor.New(tensor.Float32, 2)}}
	require.NoError(t, safetensors.WriteFile(path, one, nil))
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--compare", path, "--tolerance", "NaN"}, "--tolerance NaN, want a number from 0"},
		{[]string{"--compare", path, "--tolerance", "-1"}, "--tolerance -1, want a number from 0"},
		{[]string{"--compare", path, "--tolerance", "Inf"}, "--tolerance +Inf, want a number from 0"},
		{[]string{"--tolerance", "1"}, "--tolerance needs --compare"},
	} {
		_, errs, code := tutti(t, dir, append([]string{"inspect", path}, c.args...)...)
		assert.Equal(t, exitUsage, code)
		assert.Equal(t, "tutti: "+c.want+"\n", errs)
	}
}

// Nor is what an error repeats.
func TestErrorsPrintNoEscapes(t *testing.T) {
	_, errs, code := tutti(t, t.TempDir(), "inspect", "\x1b[31m.safetensors")
	assert.Equal(t, exitUsage, code)
	assert.NotContains(t, errs, "\x1b")
	assert.Contains(t, errs, `\x1b[31m.safetensors`)
}

// A checkpoint says how far its run had come, how the epochs went and what decides its bits, not in JSON.
func TestInspectCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.safetensors")
	x, y := tensor.New(tensor.Float32, 8, 2), tensor.New(tensor.Int64, 8)
	data := dataset.FromTensors(x, y).WithClasses(3)
	taken := 0
	_, err := train.Run(t.Context(), train.Config{Model: layers.NewLinear(rand.New(rand.NewPCG(1, 1)), 2, 3),
		Loss: layers.CrossEntropy{}, Optimizer: optim.SGD{LR: 0.5, Momentum: 0.9}, Train: data, Test: data, BatchSize: 4,
		Epochs: 3, Checkpoint: path, OnStep: func(train.Step) error {
			if taken++; taken == 5 {
				return train.Stop
			}
			return nil
		}})
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, runInspect(&out, path, inspectOptions{verify: true}))
	// All inputs are 0 and all labels 0: the bias learns that, and the loss falls.
	for _, want := range []string{
		"optimizer/momentum_buffer  F32          [9]\n",
		"checkpoint                 after 2 epochs and 1 step of the next, 5 steps of sgd in all\n",
		"epoch 2                    loss 0.", "accuracy 100.00 %; test loss 0.",
		"best                       epoch 2: test loss 0.",
		"Optimizer.Momentum         0.9\n", "Epochs                     3\n", "Group.Size                 1\n",
	} {
		assert.Contains(t, out.String(), want)
	}
	assert.NotContains(t, out.String(), `"At"`)
}
