package train_test

import (
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train"
)

// TestFullDisk lets no file of this process become longer than 1000 bytes while the second epoch's checkpoint is
// written, as a disk that is full would: the write fails in mid-file. Training goes on, says so, and leaves nothing
// behind; the checkpoint of the first epoch stays until the third's takes its place. It does so in a process that is
// its own: the limit is also that of the files that package testing writes.
func TestFullDisk(t *testing.T) {
	if os.Getenv("TUTTI_TEST_FULL_DISK") == "" {
		c := exec.Command(os.Args[0], "-test.run", "^TestFullDisk$")
		c.Env = append(os.Environ(), "TUTTI_TEST_FULL_DISK=1")
		out, err := c.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	limit := func(n uint64) error {
		return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: before.Max})
	}
	defer limit(before.Cur)
	want := onRanks(t, 2, train.Sharded, nil)[0]
	for _, memory := range []int64{0, -1} {
		dir := t.TempDir()
		path := filepath.Join(dir, "run.safetensors")
		var warnings []error
		var first []float32
		requireAll(t, want, onRanks(t, 2, train.Sharded, func(rank int, c *train.Config) {
			c.Checkpoint, c.CheckpointMemory = path, memory
			if rank != 0 {
				return
			}
			m := c.Model
			c.OnEpoch = func(e train.Epoch) error {
				if e.Epoch == 1 {
					first = weights(m)
				}
				return nil
			}
			c.OnWarn = func(err error) {
				warnings = append(warnings, err)
				require.Equal(t, []string{"run.safetensors", "run.safetensors.lock"}, filesIn(t, dir))
				require.Equal(t, first, weightsIn(t, path))
				require.NoError(t, limit(before.Cur))
			}
			c.OnStep = func(s train.Step) error {
				if s.Epoch != 2 || s.Step != 7 {
					return nil
				}
				for !written(dir, 2) { // the first, maybe in the background
					time.Sleep(time.Millisecond)
				}
				return limit(1000)
			}
		}))
		require.Len(t, warnings, 1)
		require.ErrorIs(t, warnings[0], syscall.EFBIG)
		require.ErrorContains(t, warnings[0], path)
		require.Equal(t, want.weights, weightsIn(t, path))
		_, err := os.Stat(path)
		require.NoError(t, err)
	}
}
