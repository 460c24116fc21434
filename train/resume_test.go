package train_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/internal/atomicfile"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/safetensors"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// TestResumeRule changes one thing at a time in a run of three epochs that stopped after one, and wants it refused by
// its name, or, where ResumeWith allows it, reported at the start. Whatever passes without a word ends with the bits
// of a run that never stopped.
func TestResumeRule(t *testing.T) {
	weight := tensor.FromSlice([]float32{1, 2, 3}, 3)
	base := func(c *train.Config) {
		c.Partitions, c.Test, c.Schedule = 4, nil, optim.Step{Every: 5}
		c.Loss = layers.CrossEntropy{Weight: weight}
	}
	path := t.TempDir() + "/run.safetensors"
	for _, r := range onRanks(t, 2, train.Sharded, func(_ int, c *train.Config) {
		base(c)
		c.Checkpoint = path
		c.OnEpoch = func(train.Epoch) error { return train.Stop }
	}) {
		require.NoError(t, r.err)
	}
	for name, c := range map[string]struct {
		change func(*train.Config)
		field  string // "": it goes on to the same bits
		text   string
	}{
		"nothing":             {change: func(*train.Config) {}},
		"equal elsewhere":     {change: func(c *train.Config) { c.Loss = layers.CrossEntropy{Weight: weight.Clone()} }},
		"workers":             {change: func(c *train.Config) { c.Workers = 1 }},
		"a bucket of shuffle": {change: func(c *train.Config) { c.Bucket = 8 }},
		"more epochs":         {change: func(c *train.Config) { c.Epochs = 4 }},
		"no epochs":           {change: func(c *train.Config) { c.Epochs = -1 }},
		"fewer epochs":        {func(c *train.Config) { c.Epochs = 2 }, "Epochs", "Epochs was 3, now 2"},
		"learning rate": {func(c *train.Config) { c.Optimizer = optim.Adam{LR: 0.02} }, "Optimizer.LR",
			"Optimizer.LR was 0.01, now 0.02"},
		"weight decay": {func(c *train.Config) { c.Optimizer = optim.Adam{LR: 0.01, WeightDecay: 0.1} },
			"Optimizer", "Optimizer.WeightDecay was 0, now 0.1"},
		"beta": {func(c *train.Config) { c.Optimizer = optim.Adam{LR: 0.01, Beta1: 0.8} },
			"Optimizer.Beta1", "Optimizer.Beta1 was 0, now 0.8"},
		"optimizer": {func(c *train.Config) { c.Optimizer = optim.AdamW{LR: 0.01} }, "Optimizer",
			"Optimizer was adam, now adamw"},
		"group": {func(c *train.Config) { c.ParamGroups = []optim.Group{{Pattern: "*.Bias", Factor: 2}} },
			"ParamGroups", "ParamGroups was [], now [{Pattern:*.Bias"},
		"schedule": {func(c *train.Config) { c.Schedule = optim.Cosine{} }, "Schedule",
			"Schedule was optim.Step{Every:5"},
		"schedule's parameter": {func(c *train.Config) { c.Schedule = optim.Step{Every: 6} }, "Schedule",
			"now optim.Step{Every:6"},
		"loss": {func(c *train.Config) { c.Loss = layers.CrossEntropy{} }, "Loss",
			"Loss was layers.CrossEntropy{Weight:float32[3]#"},
		"compress": {func(c *train.Config) { c.Compress = collectives.BFloat16Wire }, "Compress",
			"Compress was none, now bf16; Group.Size was any, now 2"},
		"sync": {func(c *train.Config) { c.Sync = train.AllReduce }, "Sync",
			"Sync was sharded, now allreduce; Group.Size was any, now 2"},
		"batch normalisation": {func(c *train.Config) { c.SyncBatchNorm = true }, "SyncBatchNorm",
			"SyncBatchNorm was false, now true"},
		"batch": {func(c *train.Config) { c.BatchSize = 8 }, "BatchSize", "BatchSize was 16, now 8"},
	} {
		t.Run(name, func(t *testing.T) {
			run := func(with ...string) []result {
				return onRanks(t, 2, train.Sharded, func(_ int, cfg *train.Config) {
					base(cfg)
					cfg.Checkpoint, cfg.Resume, cfg.ResumeWith = copyOf(t, path), train.MustResume, with
					c.change(cfg)
					cfg.OnStart = func(s train.Start) error {
						require.True(t, s.Resumed)
						require.Equal(t, []int{1, 0}, []int{s.Epoch, s.Step})
						require.Equal(t, c.field == "", s.SameBits)
						require.Equal(t, c.field == "", len(s.Differ) == 0)
						return nil
					}
				})
			}
			if c.field == "" {
				got := run()
				if got[0].report == nil || len(got[0].report.Epochs) > 1 {
					requireAll(t, onRanks(t, 1, train.AllReduce, func(_ int, cfg *train.Config) {
						base(cfg)
						c.change(cfg)
					})[0], got)
				}
				return
			}
			for rank, r := range run() {
				require.ErrorContains(t, r.err, c.text, "rank %d", rank)
				require.ErrorContains(t, r.err, "in Config.ResumeWith")
			}
			for rank, r := range run(c.field, "Group.Size") {
				require.NoError(t, r.err, "rank %d", rank)
			}
		})
	}
	r := onRanks(t, 1, train.AllReduce, func(_ int, c *train.Config) {
		base(c)
		c.Checkpoint, c.Resume, c.ResumeWith = path, train.MustResume, []string{"LearningRate"}
	})[0]
	require.ErrorContains(t, r.err, `Config.ResumeWith names "LearningRate", want some of Train, BatchSize, Partitions`)
}

// Within an epoch a step is one of so many: batches of another size have others.
func TestResumeWithinEpoch(t *testing.T) {
	path := t.TempDir() + "/run.safetensors"
	stopAfter(t, 1, path, func(c *train.Config) {
		c.OnStep = func(s train.Step) error {
			if s.Step == 3 {
				return train.Stop
			}
			return nil
		}
	})
	r := onRanks(t, 1, train.AllReduce, func(_ int, c *train.Config) {
		c.BatchSize, c.Checkpoint, c.Resume, c.ResumeWith = 50, path, train.MustResume, []string{"BatchSize"}
	})[0]
	require.ErrorContains(t, r.err, "BatchSize was 16, now 50: the checkpoint is from within an epoch, after step 3")
}

// copyOf copies a checkpoint, for a run that will write it.
func copyOf(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	to := filepath.Join(t.TempDir(), "copy.safetensors")
	require.NoError(t, os.WriteFile(to, b, 0o644))
	return to
}

// More epochs under a schedule that divides the run among them would change the rates of the steps already taken.
func TestMoreEpochsOfTotal(t *testing.T) {
	path := t.TempDir() + "/run.safetensors"
	cosine := func(c *train.Config) { c.Schedule = optim.Warmup{Then: optim.Cosine{}} }
	stopAfter(t, 2, path, cosine)
	more := func(with ...string) result {
		return onRanks(t, 1, train.AllReduce, func(_ int, c *train.Config) {
			cosine(c)
			c.Checkpoint, c.Resume, c.ResumeWith = path, train.MustResume, with
		})[0]
	}
	require.ErrorContains(t, more().err, "Epochs was 2, now 3")
	r := more("Epochs")
	require.NoError(t, r.err)
	require.Len(t, r.report.Epochs, 3)
}

func TestResumeMissing(t *testing.T) {
	path := t.TempDir() + "/run.safetensors"
	for _, r := range onRanks(t, 2, train.AllReduce, func(_ int, c *train.Config) {
		c.Checkpoint, c.Resume = path,
			train.MustResume
	}) {
		require.ErrorContains(t, r.err, "there is no checkpoint to resume from")
		require.ErrorContains(t, r.err, path)
	}
	var starts []train.Start
	for _, r := range onRanks(t, 2, train.AllReduce, func(rank int, c *train.Config) {
		c.Checkpoint, c.Resume, c.Epochs = path, train.AutoResume, 1
		if rank == 0 {
			c.OnStart = func(s train.Start) error { starts = append(starts, s); return nil }
		}
	}) {
		require.NoError(t, r.err)
		require.False(t, r.report.Resumed)
	}
	require.Equal(t, []train.Start{{Steps: 7, SameBits: true}}, starts)
}

// A checkpoint of the first format does not say enough to know what has changed.
func TestOldCheckpoint(t *testing.T) {
	path := t.TempDir() + "/run.safetensors"
	stopAfter(t, 1, path, nil)
	tensors, meta, err := safetensors.ReadFile(path)
	require.NoError(t, err)
	for key, value := range meta {
		var p map[string]any
		if json.Unmarshal([]byte(value), &p) == nil && p["Format"] != nil {
			p["Format"] = 1
			text, err := json.Marshal(p)
			require.NoError(t, err)
			meta[key] = string(text)
		}
	}
	require.NoError(t, safetensors.WriteFile(path, tensors, meta))
	r := onRanks(t, 1, train.AllReduce, func(_ int, c *train.Config) { c.Checkpoint, c.Resume = path, train.MustResume })[0]
	require.ErrorContains(t, r.err, "it has format 1, want 2")
}

// TestCheckpointRefused names checkpoints that cannot be written, or not by this job: all are found before the first
// step.
func TestCheckpointRefused(t *testing.T) {
	dir := t.TempDir()
	held := filepath.Join(dir, "held.safetensors")
	release, err := atomicfile.Hold(held)
	require.NoError(t, err)
	defer release()
	for path, want := range map[string]string{
		filepath.Join(dir, "no/such/run.safetensors"): "no such file",
		dir:                         "want a file",
		dir + "/nosuch/":            "names a folder",
		os.DevNull:                  os.DevNull,
		held:                        "is in use by process",
		dir + "/./held.safetensors": "is in use by process",
	} {
		t.Run(strings.ReplaceAll(path, "/", "_"), func(t *testing.T) {
			for rank, r := range onRanks(t, 2, train.AllReduce, func(_ int, c *train.Config) {
				c.Checkpoint = path
				c.OnStep = func(train.Step) error { return errors.New("a step was taken") }
			}) {
				require.ErrorContains(t, r.err, want, "rank %d", rank)
				require.ErrorContains(t, r.err, "Config.Checkpoint")
				require.Nil(t, r.report)
			}
		})
	}
	for rank, r := range onRanks(t, 2, train.AllReduce, func(rank int, c *train.Config) {
		if rank == 1 {
			c.Checkpoint = filepath.Join(dir, "run.safetensors")
		}
	}) {
		require.ErrorIs(t, r.err, train.ErrDisagree, "rank %d", rank)
		require.ErrorContains(t, r.err, "on Checkpoint: rank 0 has none, rank 1 has a file")
	}
}

// A second job in the folder of a first is refused while the first trains; the lock goes with the first.
func TestTwoJobsInOneFolder(t *testing.T) {
	path := t.TempDir() + "/run.safetensors"
	c := config(train.AllReduce)
	c.Checkpoint, c.Epochs = path, 1
	c.OnStep = func(train.Step) error {
		second := config(train.AllReduce)
		second.Checkpoint = path
		_, err := train.Run(t.Context(), second)
		require.ErrorIs(t, err, atomicfile.ErrHeld)
		require.ErrorContains(t, err, path)
		return nil
	}
	_, err := train.Run(t.Context(), c)
	require.NoError(t, err)
	_, err = os.Stat(path + ".lock")
	require.ErrorIs(t, err, fs.ErrNotExist)
	c = config(train.AllReduce)
	c.Checkpoint = path
	_, err = train.Run(t.Context(), c)
	require.NoError(t, err)
}

// TestResumeFromOldNames goes on from a checkpoint that says Groups, shuffle and nothing of NoShuffle or of an
// optimizer's field, as those before these names did.
func TestResumeFromOldNames(t *testing.T) {
	groups := func(_ int, c *train.Config) { c.ParamGroups = []optim.Group{{Pattern: "*.Bias", Factor: 2}} }
	want := onRanks(t, 1, train.Sharded, groups)[0]
	path := t.TempDir() + "/run.safetensors"
	stopAfter(t, 1, path, func(c *train.Config) {
		groups(0, c)
		c.Sync = train.Sharded
	})
	tensors, meta, err := safetensors.ReadFile(path)
	require.NoError(t, err)
	text := meta["tutti.checkpoint"]
	for now, was := range map[string]string{`"ParamGroups"`: `"Groups"`, `"sharded"`: `"shuffle"`,
		`{"Name":"NoShuffle","Value":"false"},`: "", `{"Name":"Optimizer.AMSGrad","Value":"false"},`: ""} {
		require.Contains(t, text, now)
		text = strings.Replace(text, now, was, 1)
	}
	require.NoError(t, safetensors.WriteFile(path, tensors, map[string]string{"tutti.checkpoint": text}))
	requireAll(t, want, onRanks(t, 1, train.Sharded, func(_ int, c *train.Config) {
		groups(0, c)
		c.Checkpoint, c.Resume = path, train.MustResume
		c.OnStart = func(s train.Start) error {
			require.True(t, s.SameBits, s.Differ)
			return nil
		}
	}))
}
