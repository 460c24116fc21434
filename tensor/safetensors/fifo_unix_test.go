//go:build unix

package safetensors

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A fifo is refused, and not waited for.
func TestOpenOfAFifo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	_, err := Open(path)
	assert.ErrorIs(t, err, ErrFormat)
	assert.ErrorContains(t, err, "is not a regular file")
}
