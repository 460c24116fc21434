package atomicfile_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/atomicfile"
)

// TestHold holds a file twice, under two names, and again when it is free; nothing is left.
func TestHold(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	release, err := atomicfile.Hold(path)
	require.NoError(t, err)
	for _, name := range []string{path, dir + "/../" + filepath.Base(dir) + "/a"} {
		_, err = atomicfile.Hold(name)
		require.ErrorIs(t, err, atomicfile.ErrHeld)
		require.ErrorContains(t, err, name)
	}
	if runtime.GOOS != "windows" { // where nobody else can read the lock
		require.ErrorContains(t, err, "in use by process ")
	}
	other, err := atomicfile.Hold(path + "b")
	require.NoError(t, err)
	other()
	release()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
	release, err = atomicfile.Hold(path)
	require.NoError(t, err)
	release()
}

// A file of that name that is somebody else's stays as it is.
func TestHoldForeignFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there the lock is an open file, which goes when it is closed")
	}
	path := filepath.Join(t.TempDir(), "a")
	require.NoError(t, os.WriteFile(path+".lock", []byte("mine"), 0o600))
	release, err := atomicfile.Hold(path)
	require.NoError(t, err)
	_, err = atomicfile.Hold(path)
	require.ErrorContains(t, err, "in use by another program")
	release()
	text, err := os.ReadFile(path + ".lock")
	require.NoError(t, err)
	require.Equal(t, "mine", string(text))
}

// TestHoldOfTheDead kills a process that holds a file: the lock goes with it.
func TestHoldOfTheDead(t *testing.T) {
	if path := os.Getenv("TUTTI_TEST_HOLD"); path != "" {
		_, err := atomicfile.Hold(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path+".held", nil, 0o600))
		time.Sleep(time.Minute)
	}
	path := filepath.Join(t.TempDir(), "a")
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self, "-test.run", "^TestHoldOfTheDead$")
	cmd.Env = append(os.Environ(), "TUTTI_TEST_HOLD="+path)
	require.NoError(t, cmd.Start())
	defer func() { _ = cmd.Wait() }()
	require.Eventually(t, func() bool { _, err := os.Stat(path + ".held"); return err == nil }, 30*time.Second,
		5*time.Millisecond)
	_, err = atomicfile.Hold(path)
	require.ErrorIs(t, err, atomicfile.ErrHeld)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	release, err := atomicfile.Hold(path)
	require.NoError(t, err)
	release()
}
