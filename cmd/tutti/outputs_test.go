package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOutputs writes the model where a user may point to: a device, which stays one, and through a link, which stays too.
func TestOutputs(t *testing.T) {
	args := []string{"train", "--model", "mlp", "--epochs", "1", "--ranks", "1", "--batch", "512", "--out"}
	dir := t.TempDir()
	if runtime.GOOS != "windows" {
		_, errs, code := tutti(t, dir, append(args, os.DevNull)...) // the checkpoint is not beside it
		require.Zero(t, code, errs)
		info, err := os.Stat(os.DevNull)
		require.NoError(t, err)
		require.NotZero(t, info.Mode()&os.ModeCharDevice)
		require.Empty(t, files(t, dir))
		_, err = os.Stat(os.DevNull + ".checkpoint.safetensors.lock")
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
	if err := os.Symlink("model", filepath.Join(dir, "link")); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	_, errs, code := tutti(t, dir, append(args, "link")...)
	require.Zero(t, code, errs)
	require.Equal(t, []string{"link", "model"}, files(t, dir))
	link, err := os.Readlink(filepath.Join(dir, "link"))
	require.NoError(t, err)
	require.Equal(t, "model", link)
}

// TestOutputsOnProcesses ends all ranks where rank 0 cannot write.
func TestOutputsOnProcesses(t *testing.T) {
	dir := t.TempDir()
	_, errs, code := tutti(t, dir, "launch", "-n", "2", "--", "tutti", "train", "--model", "mlp", "--out", "no/model")
	require.NotZero(t, code)
	require.Contains(t, errs, "--out: the folder of no/model: ")
	require.Contains(t, errs, "rank 0 cannot write its files")
	require.Empty(t, files(t, dir))
}

// TestFullOutput fails, and says so, where standard output takes nothing.
func TestFullOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no device that is full: ", err)
	}
	defer full.Close()
	cmd := command(t, t.TempDir(), "cpu", "--measure=false")
	cmd.Stdout = full
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	require.Error(t, cmd.Run())
	require.Equal(t, exitFailure, cmd.ProcessState.ExitCode())
	require.Contains(t, stderr.String(), "writing to standard output: ")
}

// TestVersion names the build.
func TestVersion(t *testing.T) {
	out, errs, code := tutti(t, t.TempDir(), "--version")
	require.Zero(t, code, errs)
	require.Regexp(t, `^tutti version \S+.* `+runtime.GOOS+"/"+runtime.GOARCH+" "+regexp.QuoteMeta(runtime.Version()), out)
}
