//go:build linux

package tensorboard_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/summary/tensorboard"
)

// TestFullDisk: /dev/full stands where the event file would be made. The error is that of every method afterwards.
func TestFullDisk(t *testing.T) {
	w, err := tensorboard.Options{Now: time.Now}.CreateAt("/dev/full")
	require.NoError(t, err)
	require.NoError(t, w.Scalar("loss", 1, 1), "in memory")
	require.ErrorIs(t, w.Flush(), syscall.ENOSPC)
	require.ErrorIs(t, w.Scalar("loss", 1, 2), syscall.ENOSPC)
	require.ErrorIs(t, w.Close(), syscall.ENOSPC)
	_, err = os.Stat(filepath.Join("/dev", "full"))
	require.NoError(t, err)
}
