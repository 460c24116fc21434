package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor/safetensors"
)

const petsJob = `# three kinds of flowers
data: flowers.csv
inputs: [width, height, colour]
target: kind
epochs: 2
model: {name: mlp, hidden: [16, 8]}
optimizer:
  name: adamw
  lr: 0.02
  weight_decay: 0.1
schedule: {name: warmup, steps: 5, then: {name: cosine, floor: 0.1}}
loss: {name: cross-entropy, label-smoothing: 0.1}
read: {missing: NA}
holdout: 0.25
`

// TestJobFile trains from a file, and wants the bits that the same flags give.
func TestJobFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "flowers.csv", flowers(120))
	write(t, dir, "job.yaml", petsJob)
	out, errs, code := here(t, dir, "train", "--config", "job.yaml", "--out", "a")
	require.Zero(t, code, errs)
	require.Contains(t, out, "training 2 epochs of batch 32, adamw 0.02")
	require.Contains(t, out, "90 training and 30 test samples of x [2], colour of 3")
	_, errs, code = here(t, dir, "train", "--data", "flowers.csv", "--inputs", "width,height,colour", "--target",
		"kind", "--epochs", "2",
		"--model-set", "hidden=16,8", "--optimizer", "adamw", "--optimizer-set", "lr=0.02", "--optimizer-set",
		"weight-decay=0.1",
		"--schedule", "warmup", "--schedule-set", "steps=5", "--schedule-set", "then=cosine", "--schedule-set",
		"then.floor=0.1",
		"--loss", "cross-entropy:label-smoothing=0.1", "--read", "missing=NA", "--holdout", "0.25", "--out", "b")
	require.Zero(t, code, errs)
	require.Equal(t, weightsOf(t, "a"), weightsOf(t, "b"))

	out, errs, code = here(t, dir, "train", "--config", "job.yaml", "--print-config", "--epochs", "3")
	require.Zero(t, code, errs)
	for _, want := range []string{"\nepochs: 3\n", "\nmodel: mlp\n", "\nbatch: 32\n", "\n# seed: 1\n", "\ntarget: kind\n",
		`optimizer-set: ["lr=0.02","weight_decay=0.1"]`, "\nout: flowers-mlp.safetensors\n"} {
		require.Contains(t, out, want)
	}
	write(t, dir, "whole.yaml", out)
	again, errs, code := here(t, dir, "train", "--config", "whole.yaml", "--print-config")
	require.Zero(t, code, errs)
	require.Equal(t, out, strings.ReplaceAll(again, "\n# batch", "\nbatch"),
		"what is printed is a job file that says the same")
	_, errs, code = here(t, dir, "train", "--config", "whole.yaml", "--epochs", "2", "--out", "c")
	require.Zero(t, code, errs)
	require.Equal(t, weightsOf(t, "a"), weightsOf(t, "c"))
}

func weightsOf(t *testing.T, file string) []byte {
	t.Helper()
	tensors, _, err := safetensors.ReadFile(file)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, safetensors.Write(&b, tensors, nil))
	return b.Bytes()
}

// TestJobFileOverridden lets a command line win over its file.
func TestJobFileOverridden(t *testing.T) {
	file := t.TempDir() + "/job.yaml"
	require.NoError(t, os.WriteFile(file, []byte(petsJob+"seed: 7\nresume: auto\nsync-batchnorm: true\ngroup: '*.bias:lr=0'\n"), 0o600))
	apply := func(args ...string) (*pflag.FlagSet, *trainOptions) {
		var o trainOptions
		f := trainFlags(&o)
		require.NoError(t, f.Parse(args))
		require.NoError(t, applyJob(f, file))
		return f, &o
	}
	f, o := apply()
	require.Equal(t, "adamw", o.optimizer)
	require.Equal(t, []string{"lr=0.02", "weight_decay=0.1"}, o.optimizerSet)
	require.Equal(t, []string{"steps=5", "then=cosine", "then.floor=0.1"}, o.scheduleSet)
	require.Equal(t, []string{"hidden=16,8"}, o.modelSet)
	require.Equal(t, []string{"*.bias:lr=0"}, o.group)
	require.Equal(t, uint64(7), o.seed)
	require.Equal(t, "auto", o.resume)
	require.True(t, o.syncNorm)
	require.True(t, f.Changed("seed"))
	require.False(t, f.Changed("batch"))

	_, o = apply("--optimizer", "sgd", "--seed", "9", "--inputs", "width", "--schedule-set", "steps=3", "--label",
		"weight")
	require.Equal(t, "sgd", o.optimizer)
	require.Empty(t, o.optimizerSet, "fields of another")
	require.Equal(t, uint64(9), o.seed)
	require.Equal(t, []string{"width"}, o.inputs)
	require.Equal(t, []string{"steps=3", "then=cosine", "then.floor=0.1"}, o.scheduleSet)
	require.Equal(t, "weight", o.target)
	_, o = apply("--lr", "0.5")
	require.Equal(t, []string{"weight_decay=0.1"}, o.optimizerSet)
}

func TestJobFileErrors(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"epochs: 3\nepoch: 4\n":                  "job.yaml: line 2: there is no epoch, the nearest is epochs",
		"epochs: ten\n":                          `job.yaml: line 1: epochs is "ten", want a whole number`,
		"\nholdout: [1]\n":                       "job.yaml: line 2: holdout is a list, want a number",
		"seed: 1\ntls: maybe\n":                  `line 2: tls is "maybe", want true or false`,
		"timeout: 3\n":                           `line 1: timeout is "3", want a duration above 0`,
		"epochs: 1\nseed: 2\nepochs: 2\n":        "line 3: epochs is given twice, before in line 1",
		"epochs:\n":                              "line 1: epochs has no value",
		"inputs: [a, [b]]\n":                     "line 1: inputs: want a list of single values",
		"epochs: {a: 1}\n":                       "line 1: epochs is a map, want a whole number",
		"config: other.yaml\n":                   "line 1: there is no config",
		"- a\n- b\n":                             "line 1: want a map of names and values",
		"a: 1\n---\nb: 2\n":                      "there is more than one document",
		"a: [1\n":                                "job.yaml: line ",
		"optimizer: {name: adam, lr: }\n":        "line 1: optimizer: lr has no value",
		"data: &x [1]\nseed: *y\n":               "job.yaml: ",
		"optimizer: {name: adam, learn: 0.1}\n":  `optim: adam has no field "learn", the nearest is`,
		"data: " + strings.Repeat("x", maxJob+1): "1048577 bytes, 1048576 are the limit",
	} {
		write(t, dir, "job.yaml", text)
		_, errs, code := here(t, dir, "train", "--config", "job.yaml")
		require.Contains(t, errs, want, "%.40q", text)
		require.Equal(t, 2, code, errs)
		require.Equal(t, 1, strings.Count(errs, "\n"), "one line: %s", errs)
	}
	_, errs, code := here(t, dir, "train", "--config", "missing.yaml")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "--config: open missing.yaml")
	write(t, dir, "empty.yaml", "# nothing\n")
	_, errs, code = here(t, dir, "train", "--config", "empty.yaml", "--print-config")
	require.Zero(t, code, errs)
}

// FuzzParseJob wants an error or entries that flags can be given, from any bytes, in little memory.
func FuzzParseJob(f *testing.F) {
	f.Add([]byte(petsJob))
	f.Add([]byte("a: &a [1, 2]\nb: *a\nschedules: [{name: x, y: [1, {name: z}]}, w]\n"))
	f.Add([]byte("a: &a {b: 1}\nc: &c {d: *a, e: *a}\nf: {g: *c, h: *c}\n"))
	f.Add([]byte("epochs: !!binary aGk=\n? [a]\n: b\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, err := parseJob(text)
		if err != nil {
			return
		}
		for _, e := range entries {
			if e.key == "" || e.line < 1 || len(e.values) > 100*maxFields {
				t.Fatalf("%+v", e)
			}
			var o trainOptions
			flags := trainFlags(&o)
			_ = e.apply(flags, map[string]bool{})
		}
	})
}
