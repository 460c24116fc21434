package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// text returns a write function that writes s.
func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	require.NoError(t, Write(path, text("old")))
	require.Equal(t, "old", read(t, path))
	require.NoError(t, Write(path, text("new")))
	require.Equal(t, "new", read(t, path))

	broken := errors.New("broken")
	err := Write(path, func(w io.Writer) error {
		io.WriteString(w, strings.Repeat("half", 1<<16))
		return broken
	})
	require.ErrorIs(t, err, broken)
	require.Equal(t, "new", read(t, path))

	long := strings.Repeat("é", 127) // 254 bytes, the longest name there is but one
	require.NoError(t, Write(filepath.Join(dir, long), text("long")))
	require.Equal(t, []string{"f", long}, names(t, dir), "nothing else is left")
}

// A file that is replaced keeps its mode; a new one has the mode of any new file.
func TestWriteKeepsMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes")
	}
	dir := t.TempDir()
	for _, mode := range []fs.FileMode{0o600, 0o640, 0o444} {
		path := filepath.Join(dir, "kept")
		require.NoError(t, os.WriteFile(path, nil, 0o666))
		require.NoError(t, os.Chmod(path, mode))
		require.NoError(t, Write(path, text("new")))
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode())
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ordinary"), nil, 0o666))
	require.NoError(t, Write(filepath.Join(dir, "new"), text("new")))
	want, err := os.Stat(filepath.Join(dir, "ordinary"))
	require.NoError(t, err)
	got, err := os.Stat(filepath.Join(dir, "new"))
	require.NoError(t, err)
	require.Equal(t, want.Mode(), got.Mode())
}

// A symbolic link keeps pointing, whether what it points to is there or not, and through a chain.
func TestWriteThroughLinks(t *testing.T) {
	dir := t.TempDir()
	sub := filepath.Join(dir, "sub")
	require.NoError(t, os.Mkdir(sub, 0o777))
	link, chain := filepath.Join(dir, "link"), filepath.Join(sub, "chain")
	if err := os.Symlink(filepath.Join("sub", "file"), link); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	require.NoError(t, os.Symlink(filepath.Join("..", "link"), chain))
	for _, path := range []string{link, chain, link} {
		require.NoError(t, Write(path, text(path)))
		require.Equal(t, path, read(t, filepath.Join(sub, "file")))
		info, err := os.Lstat(path)
		require.NoError(t, err)
		require.NotZero(t, info.Mode()&fs.ModeSymlink)
	}
	require.Equal(t, []string{"chain", "file"}, names(t, sub))

	loop := filepath.Join(dir, "loop")
	require.NoError(t, os.Symlink("loop", loop))
	require.Error(t, Write(loop, text("x")))
	require.Error(t, Check(loop))
}

// What can't be written is an error before anything is, and names the path.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, []byte("old"), 0o666))
	sep := string(filepath.Separator)
	for name, path := range map[string]string{
		"empty":                 "",
		"a folder":              dir,
		"a folder by its end":   filepath.Join(dir, "none") + sep,
		"in a missing folder":   filepath.Join(dir, "none", "f"),
		"in a file":             filepath.Join(file, "f"),
		"over a missing folder": dir + sep + "none" + sep + ".." + sep + "f",
		"too long":              filepath.Join(dir, strings.Repeat("x", 300)),
	} {
		if runtime.GOOS == "windows" && name == "over a missing folder" {
			continue // Windows cleans paths itself
		}
		t.Run(name, func(t *testing.T) {
			err := Check(path)
			require.Error(t, err)
			require.Contains(t, err.Error(), path)
			require.NotContains(t, err.Error(), ".tmp")
			require.Error(t, CheckRegular(path))
			require.Error(t, Write(path, text("x")))
		})
	}
	require.NoError(t, Check(file))
	require.NoError(t, Check(filepath.Join(dir, "new")))
	require.NoError(t, CheckRegular(filepath.Join(dir, "new")))
	require.Equal(t, []string{"file"}, names(t, dir))
	require.Equal(t, "old", read(t, file))

	if runtime.GOOS != "windows" && os.Getuid() != 0 { // root may write anywhere
		require.NoError(t, os.Chmod(dir, 0o555))
		require.ErrorIs(t, Check(file), fs.ErrPermission)
		require.NoError(t, os.Chmod(dir, 0o777))
	}
}

func TestSame(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return dir + string(filepath.Separator) + name }
	require.NoError(t, os.WriteFile(in("file"), nil, 0o666))
	require.NoError(t, os.Mkdir(in("sub"), 0o777))
	require.True(t, Same(in("file"), in("file")))
	require.True(t, Same(in("file"), in(filepath.FromSlash("sub/../file"))))
	require.True(t, Same(in("new"), in(filepath.FromSlash("./sub/../new"))), "before it exists")
	require.False(t, Same(in("file"), in("new")))
	require.False(t, Same(in("new"), in("other")))
	require.False(t, Same(in("new"), in(filepath.FromSlash("sub/new"))))
	if os.Symlink("new", in("link")) == nil {
		require.True(t, Same(in("new"), in("link")), "a link to what is not there yet")
	}
	if os.Link(in("file"), in("hard")) == nil {
		require.True(t, Same(in("file"), in("hard")))
	}
}

// Files of writers that are gone are removed when the next write to the same target begins; those of live ones stay.
func TestStale(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	tgt, err := find(path)
	require.NoError(t, err)
	live, err := tgt.create()
	require.NoError(t, err)
	defer live.Close()
	dead, err := tgt.create()
	require.NoError(t, err)
	require.NoError(t, dead.Close()) // as the kernel does for a killed process
	others := []string{"f.tmp", "g.00000000.tmp", "f.0000000.tmp"}
	for _, name := range others {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o666))
	}
	require.NoError(t, Write(path, text("new")))
	want := append([]string{"f", filepath.Base(live.Name())}, others...)
	assert.ElementsMatch(t, want, names(t, dir))
}
