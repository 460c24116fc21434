package atomicfile

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// An open file of this process, which is what /dev/stdout is after "> file", goes on where it was, and stays the file
// that others have open.
func TestOpenFileGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(path, []byte("earlier "), 0o666))
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	defer f.Close()
	name := fmt.Sprintf("/dev/fd/%d", f.Fd())
	require.NoError(t, Check(name))
	require.True(t, Through(name))
	require.False(t, Through(path))
	fmt.Fprint(f, "before ")
	require.NoError(t, Write(name, text("model ")))
	fmt.Fprint(f, "after")
	require.Equal(t, "earlier before model after", read(t, path))

	g, err := os.Create(path) // not to append: the offset is shared
	require.NoError(t, err)
	defer g.Close()
	fmt.Fprint(g, "before ")
	require.NoError(t, Write(fmt.Sprintf("/proc/self/fd/%d", g.Fd()), text("model ")))
	fmt.Fprint(g, "after")
	require.Equal(t, "before model after", read(t, path))
}
