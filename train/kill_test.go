package train_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor/safetensors"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// killJob trains two ranks of this process, in epochs of one step, with a checkpoint after each. started is called when
// the first step is about to begin, and before the first of a run that begins anew.
func killJob(ctx context.Context, epochs int, path string, memory int64, started func(train.Start)) (layers.Layer, error) {
	var model layers.Layer
	err := launch.Local(ctx, 2, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
		rng := rand.New(rand.NewPCG(3, 3))
		c := train.Config{Model: layers.Sequential{layers.NewLinear(rng, features, 120), layers.Tanh{},
			layers.NewLinear(rng, 120, 120), layers.NewLinear(rng, 120, classes)}, Loss: layers.CrossEntropy{},
			Optimizer: optim.Adam{LR: 1e-4}, Train: blobs(16, 1), Test: blobs(8, 2), Epochs: epochs, BatchSize: 16,
			Partitions: 4, Sync: train.Sharded, Group: g, CheckpointMemory: memory}
		if path != "" {
			c.Checkpoint, c.Resume, c.Keep, c.KeepBest = path, train.AutoResume, 2, true
		}
		if g.Rank() == 0 {
			model = c.Model.(layers.Layer)
			c.OnStart = func(s train.Start) error {
				if started != nil {
					started(s)
				}
				return nil
			}
		}
		_, err := train.Run(ctx, c)
		return err
	})
	return model, err
}

// TestKilled kills a job at random moments while it writes a checkpoint every step, 6 times, and 200 in ci/soak. No
// file is ever torn or of a step before the last that there was; each time it goes on; and the weights are those of a
// job that was never stopped.
func TestKilled(t *testing.T) {
	if path := os.Getenv("TUTTI_TEST_KILLED"); path != "" {
		memory, _ := strconv.ParseInt(os.Getenv("TUTTI_TEST_KILLED_MEMORY"), 10, 64)
		_, err := killJob(t.Context(), 1_000_000, path, memory, func(s train.Start) {
			fmt.Printf("began at %d, note %q\n", s.Epoch, s.Note)
		})
		require.NoError(t, err)
		return
	}
	kills := 6
	if text := os.Getenv("TUTTI_SOAK"); text != "" {
		part, err := strconv.Atoi(text)
		require.NoError(t, err)
		kills = max(200/part, 6)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "run.safetensors")
	self, err := os.Executable()
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0)) // the moments are the machine's anyway
	last, within := 0, 0
	for i := range kills {
		cmd := exec.Command(self, "-test.run", "^TestKilled$")
		cmd.Env = append(os.Environ(), "TUTTI_TEST_KILLED="+path, fmt.Sprint("TUTTI_TEST_KILLED_MEMORY=", -(i%2)))
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewReader(out)
		line, err := lines.ReadString('\n')
		if err == nil {
			time.Sleep(time.Duration(rng.IntN(120)) * time.Millisecond)
		}
		killed := cmd.Process.Kill()
		rest, _ := io.ReadAll(lines)
		_ = cmd.Wait()
		require.NoError(t, killed, "it ended by itself: %s%s", line, rest)
		require.Equal(t, fmt.Sprintf("began at %d, note \"\"\n", last), line, "kill %d", i)

		names := filesIn(t, dir)
		for _, name := range names {
			if filepath.Ext(name) == ".tmp" {
				within++
			}
			if filepath.Ext(name) != ".safetensors" {
				continue
			}
			at := verified(t, filepath.Join(dir, name))
			if filepath.Join(dir, name) == path {
				require.GreaterOrEqual(t, at, last)
				last = at
			}
		}
		require.True(t, last == 0 || len(names) < 8, names)
	}
	t.Logf("%d kills, %d of them while a file was being written, %d steps", kills, within, last)
	require.Positive(t, last)
	if kills > 100 {
		require.Positive(t, within)
	}

	want, err := killJob(t.Context(), last+1, "", 0, nil)
	require.NoError(t, err)
	got, err := killJob(t.Context(), last+1, resumable(t, path, last+1), 0, nil)
	require.NoError(t, err)
	require.Equal(t, weights(want), weights(got))
}

// verified reads all of a checkpoint, and gives the steps that it holds.
func verified(t *testing.T, path string) int {
	t.Helper()
	f, err := safetensors.Open(path)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, f.Verify())
	var p struct{ At struct{ Epoch int } }
	require.NoError(t, json.Unmarshal([]byte(f.Meta()["tutti.checkpoint"]), &p))
	return p.At.Epoch
}

// resumable gives a copy of a checkpoint whose run was to have that many epochs.
func resumable(t *testing.T, path string, epochs int) string {
	t.Helper()
	tensors, meta, err := safetensors.ReadFile(path)
	require.NoError(t, err)
	var p map[string]any
	require.NoError(t, json.Unmarshal([]byte(meta["tutti.checkpoint"]), &p))
	for _, f := range p["Settings"].([]any) {
		if f := f.(map[string]any); f["Name"] == "Epochs" {
			f["Value"] = fmt.Sprint(epochs)
		}
	}
	text, err := json.Marshal(p)
	require.NoError(t, err)
	to := filepath.Join(t.TempDir(), "run.safetensors")
	require.NoError(t, safetensors.WriteFile(to, tensors, map[string]string{"tutti.checkpoint": string(text)}))
	return to
}
