package atomicfile

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFile writes a file out of order: nothing is at its path before Commit, and after Abort all is as it was.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	begin := func() *File {
		f, err := Create(path)
		require.NoError(t, err)
		_, err = f.Write([]byte("????new"))
		require.NoError(t, err)
		_, err = f.WriteAt([]byte("very"), 0)
		require.NoError(t, err)
		return f
	}
	f := begin()
	require.NoFileExists(t, path)
	require.NoError(t, f.Commit())
	f.Abort()
	require.Equal(t, "verynew", read(t, path))

	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	f = begin()
	require.Equal(t, "old", read(t, path))
	f.Abort()
	require.Equal(t, "old", read(t, path))
	require.Equal(t, []string{"f"}, names(t, dir))

	_, err := Create(os.DevNull)
	require.ErrorContains(t, err, os.DevNull+" is a ")
	_, err = Create(filepath.Join(dir, "no", "f"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A file keeps its content under a second name when it is replaced under the first, and takes the place of what had
// that name before.
func TestLink(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	require.ErrorIs(t, Link(a, b), os.ErrNotExist)
	require.NoError(t, Write(a, text("1")))
	for range 2 { // the second time both are links to one file
		require.NoError(t, Link(a, b))
	}
	require.NoError(t, Write(a, text("2")))
	require.Equal(t, []string{"2", "1"}, []string{read(t, a), read(t, b)})
	require.NoError(t, Link(a, b))
	require.NoError(t, Write(a, text("3")))
	require.Equal(t, []string{"3", "2"}, []string{read(t, a), read(t, b)})
	require.Error(t, Link(a, dir))
	require.NoError(t, copyFile(a, b))
	require.Equal(t, "3", read(t, b))
	require.Equal(t, []string{"a", "b"}, names(t, dir))
}
