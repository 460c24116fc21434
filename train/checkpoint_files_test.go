package train_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/atomicfile"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/safetensors"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// weightsIn gives the parameters that a checkpoint holds.
func weightsIn(t *testing.T, path string) []float32 {
	t.Helper()
	model := newNet()
	_, err := layers.Load(path, model)
	require.NoError(t, err)
	return weights(model)
}

// damage flips one bit of the last tensor of a file.
func damage(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	b[len(b)-1] ^= 4
	require.NoError(t, os.Remove(path)) // which may have another name
	require.NoError(t, os.WriteFile(path, b, 0o600))
}

// TestKeep keeps the last three of six epochs of 7 steps, and the best; a run that begins anew drops them.
func TestKeep(t *testing.T) {
	for _, memory := range []int64{0, -1} {
		dir := t.TempDir()
		path := filepath.Join(dir, "run.safetensors")
		other := filepath.Join(dir, "run.step7.safetensors") // somebody else's: not as long as the names are
		require.NoError(t, os.WriteFile(other, nil, 0o600))
		after := map[int][]float32{}
		var scores []float64
		model := stopAfter(t, 6, path, func(c *train.Config) {
			c.Keep, c.KeepBest, c.CheckpointMemory, c.Score = 3, true, memory, "accuracy"
			m := c.Model
			c.OnEpoch = func(e train.Epoch) error {
				after[7*e.Epoch] = weights(m)
				scores = append(scores, e.Test.Accuracy())
				return nil
			}
		})
		require.Equal(t, []string{"run.best.safetensors", "run.safetensors", "run.step00000028.safetensors",
			"run.step00000035.safetensors", "run.step7.safetensors"}, filesIn(t, dir))
		require.Equal(t, weights(model), weightsIn(t, path))
		require.Equal(t, after[28], weightsIn(t, filepath.Join(dir, "run.step00000028.safetensors")))
		require.Equal(t, after[35], weightsIn(t, filepath.Join(dir, "run.step00000035.safetensors")))
		best := 0
		for i, s := range scores {
			if s > scores[best] {
				best = i
			}
		}
		require.Equal(t, after[7*(best+1)], weightsIn(t, filepath.Join(dir, "run.best.safetensors")), scores)

		stopAfter(t, 1, path, func(c *train.Config) { c.CheckpointMemory = memory })
		require.Equal(t, []string{"run.safetensors", "run.step7.safetensors"}, filesIn(t, dir))
	}
}

// TestKeepBestBetween: the checkpoint of the best epoch is there also where CheckpointWhen is not at its end.
func TestKeepBestBetween(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.safetensors")
	after, scores := [][]float32{}, []float64{}
	stopAfter(t, 6, path, func(c *train.Config) {
		c.KeepBest, c.CheckpointWhen, c.Optimizer = true, train.Never(), optim.SGD{LR: 2, Momentum: 0.9}
		m := c.Model
		c.OnEpoch = func(e train.Epoch) error {
			after, scores = append(after, weights(m)), append(scores, e.Test.Loss)
			return nil
		}
	})
	best := slices.Index(scores, slices.Min(scores))
	require.NotEqual(t, 5, best, "the last is written anyway: %v", scores)
	require.Equal(t, after[best], weightsIn(t, filepath.Join(dir, "run.best.safetensors")), scores)
	require.Equal(t, after[5], weightsIn(t, path))
}

// TestDamagedLatest flips a bit of the latest checkpoint, cuts it short, empties it, or takes it away: the run goes on
// from the one before, says so, and ends with the bits of one that was never stopped. Where that one is damaged too, or
// there is none, it is an error.
func TestDamagedLatest(t *testing.T) {
	want := onRanks(t, 2, train.Sharded, nil)[0]
	for name, harm := range map[string]func(path string) error{
		"a bit":  func(path string) error { damage(t, path); return nil },
		"torn":   func(path string) error { return os.Truncate(path, 900) },
		"empty":  func(path string) error { return os.Truncate(path, 0) },
		"nobody": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "run.safetensors")
			stopAfter(t, 3, path, func(c *train.Config) {
				c.Sync, c.Keep, c.Epochs = train.Sharded, 2, 3
				c.OnStep = func(s train.Step) error {
					if s.Epoch == 3 && s.Step == 2 {
						return train.Stop
					}
					return nil
				}
			})
			require.NoError(t, harm(path))
			older := filepath.Join(dir, "run.step00000014.safetensors")
			warned := 0
			resume := func() []result {
				return onRanks(t, 2, train.Sharded, func(_ int, c *train.Config) {
					c.OnWarn = func(err error) { // of rank 0 alone
						warned++
						require.ErrorContains(t, err, "going on from "+older)
					}
					c.Checkpoint, c.Resume = path, train.AutoResume
					c.OnStart = func(s train.Start) error {
						require.Equal(t, []int{2, 0}, []int{s.Epoch, s.Step})
						require.True(t, s.SameBits)
						require.Contains(t, s.Note, path)
						require.Contains(t, s.Note, "going on from "+older)
						return nil
					}
				})
			}
			if name == "a bit" {
				damaged := copyOf(t, older)
				damage(t, older)
				r := resume()[0]
				require.ErrorIs(t, r.err, safetensors.ErrChecksum)
				require.ErrorContains(t, r.err, older)
				require.Equal(t, weights(newNet()), r.weights, "nothing of it is trained on")
				require.NoError(t, os.Rename(damaged, older))
			}
			requireAll(t, want, resume())
			require.Equal(t, 1, warned)
			require.Equal(t, []string{"run.safetensors"}, filesIn(t, dir), "Keep is 1 now")
		})
	}
}

// TestCheckpointFails takes the folder away for the second epoch's checkpoint: training goes on, says so, and
// ends with the bits that it would have had; and for the last one's, which is an error, beside the report.
func TestCheckpointFails(t *testing.T) {
	want := onRanks(t, 2, train.Sharded, nil)[0]
	for _, memory := range []int64{0, -1} {
		for _, epoch := range []int{2, 3} {
			base := t.TempDir()
			dir, away := filepath.Join(base, "dir"), filepath.Join(base, "away")
			require.NoError(t, os.Mkdir(dir, 0o700))
			path := filepath.Join(dir, "run.safetensors")
			var warnings []error
			got := onRanks(t, 2, train.Sharded, func(rank int, c *train.Config) {
				c.Checkpoint, c.CheckpointMemory, c.Keep = path, memory, 2
				if rank != 0 {
					return
				}
				c.OnWarn = func(err error) {
					if warnings = append(warnings, err); epoch == 2 {
						require.NoError(t, os.Rename(away, dir))
					}
				}
				c.OnStep = func(s train.Step) error {
					if s.Step == 4 && s.Epoch == epoch {
						for !written(dir, epoch) { // the one before, maybe in the background
							time.Sleep(time.Millisecond)
						}
						return os.Rename(dir, away)
					}
					return nil
				}
			})
			require.Len(t, warnings, 1)
			require.ErrorIs(t, warnings[0], os.ErrNotExist)
			require.ErrorContains(t, warnings[0], "train: checkpoint: ")
			require.ErrorContains(t, warnings[0], path)
			if epoch == 3 {
				for rank, r := range got {
					require.ErrorContains(t, r.err, "no such file", "rank %d", rank)
					require.Len(t, r.report.Epochs, 3)
					require.Equal(t, want.weights, r.weights)
				}
				require.Equal(t, []string{"run.safetensors", "run.safetensors.lock", "run.step00000007.safetensors"},
					filesIn(t, away), "those of the first two epochs")
				continue
			}
			requireAll(t, want, got)
			require.Equal(t, want.weights, weightsIn(t, path))
			require.Equal(t, []string{"run.safetensors", "run.step00000007.safetensors"}, filesIn(t, dir))
		}
	}
}

// written says whether the checkpoints of the epochs before one are in dir, and nothing is being written.
func written(dir string, epoch int) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) == epoch && !slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		return strings.HasSuffix(e.Name(), ".tmp")
	}) // with the lock
}

// elements gives what follows the header of a safetensors file, which says when it was written, among other things.
func elements(file []byte) []byte { return file[8+binary.LittleEndian.Uint64(file):] }

// TestCheckpointsOfEveryKind compares the files that are written in the background and between steps, by one rank of
// all and by two of halves: they have the same elements, byte for byte, and hold whole vectors.
func TestCheckpointsOfEveryKind(t *testing.T) {
	var first []byte
	for _, ranks := range []int{1, 2, 3} {
		for _, memory := range []int64{0, -1} {
			path := filepath.Join(t.TempDir(), "run.safetensors")
			for _, r := range onRanks(t, ranks, train.Sharded, func(_ int, c *train.Config) {
				c.Checkpoint, c.CheckpointMemory, c.Epochs, c.Test = path, memory, 1, nil
				c.OnStep = func(s train.Step) error {
					if s.Step == 5 {
						return train.Stop
					}
					return nil
				}
			}) {
				require.NoError(t, r.err)
			}
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			if first == nil {
				first = data
			}
			require.True(t, string(elements(first)) == string(elements(data)), "%d ranks, CheckpointMemory %d", ranks, memory)
		}
	}
	path := filepath.Join(t.TempDir(), "run.safetensors")
	require.NoError(t, os.WriteFile(path, first, 0o600))
	f, err := safetensors.Open(path)
	require.NoError(t, err)
	defer f.Close()
	x, err := f.Tensor("optimizer/exp_avg_sq")
	require.NoError(t, err)
	require.Equal(t, []int{113}, x.Shape())
	zeros := 0
	for _, v := range tensor.Data[float32](x) {
		if v == 0 {
			zeros++
		}
	}
	require.Zero(t, zeros, "every weight has had a gradient")
}

func TestValidateKeep(t *testing.T) {
	for want, change := range map[string]func(*train.Config){
		"Config.Keep = -1": func(c *train.Config) { c.Keep, c.Checkpoint = -1, "x" },
		"Config.Keep = 2, Config.KeepBest is false and": func(c *train.Config) { c.Keep = 2 },
		"Config.KeepBest is set and Config.Test": func(c *train.Config) {
			c.KeepBest, c.Checkpoint, c.Test = true, "x", nil
		},
	} {
		c := config(train.AllReduce)
		change(&c)
		require.ErrorContains(t, c.Validate(), want)
	}
}

// The lock stays for as long as a checkpoint is being written in the background.
func TestBackgroundHoldsTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.safetensors")
	stopAfter(t, 1, path, func(c *train.Config) {
		c.OnEpoch = func(train.Epoch) error {
			_, err := atomicfile.Hold(path)
			if !errors.Is(err, atomicfile.ErrHeld) {
				t.Errorf("Hold: %v", err)
			}
			return nil
		}
	})
	release, err := atomicfile.Hold(path)
	require.NoError(t, err)
	release()
	require.FileExists(t, path)
}
