//go:build unix

package rendezvous

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDirAfterADeadJob(t *testing.T) {
	tmp := tempDir(t)
	meet := func() (secret []byte) {
		var wg sync.WaitGroup
		for rank := range 3 {
			wg.Go(func() {
				if rank == 0 {
					time.Sleep(30 * time.Millisecond) // the others look first, at what the dead left
				}
				d, err := OpenDir(t.Context(), "", "job", rank, 3)
				if !assert.NoError(t, err) {
					return
				}
				if rank == 0 {
					secret = d.Secret()
				}
				assert.NoError(t, d.Set(t.Context(), fmt.Sprint(rank), d.Secret()))
				for r := range 3 {
					got, err := d.Get(t.Context(), fmt.Sprint(r))
					assert.NoError(t, err)
					assert.Equal(t, d.Secret(), got, "rank %d reads what another job wrote", rank)
				}
			})
		}
		wg.Wait()
		return secret
	}
	first := meet() // and nobody closes: killed
	second := meet()
	assert.NotEqual(t, first, second)
	files, err := filepath.Glob(filepath.Join(tmp, "tutti-*", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range append(files, filepath.Dir(files[0])) {
		info, err := os.Stat(f)
		require.NoError(t, err)
		assert.Zero(t, info.Mode().Perm()&0o077, "%s: mode %v", f, info.Mode())
	}
}

func TestDirOfOthers(t *testing.T) {
	tmp := tempDir(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := OpenDir(ctx, "", "job", 1, 2)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "rank 0 has not come")

	d := &Dir{path: ""}
	_, err = OpenDir(t.Context(), "", "job", 0, 1)
	require.NoError(t, err)
	path, err := filepath.Glob(filepath.Join(tmp, "*"))
	require.NoError(t, err)
	require.Len(t, path, 1)
	d.path = path[0]
	require.NoError(t, os.Chmod(d.path, 0o755))
	for rank := range 2 {
		_, err = OpenDir(t.Context(), "", "job", rank, 2)
		require.ErrorContains(t, err, "its mode is -rwxr-xr-x, and others may look in: want 0700", "rank %d", rank)
	}
	require.NoError(t, os.RemoveAll(d.path))
	require.NoError(t, os.Symlink(t.TempDir(), d.path))
	_, err = OpenDir(t.Context(), "", "job", 0, 1)
	require.ErrorContains(t, err, "it is no directory")
}

// Ranks that share a secret meet in a directory without a handshake; another secret or name is another directory.
func TestJoinDir(t *testing.T) {
	tmp := tempDir(t)
	join := func(name, secret string) *Dir {
		d, err := JoinDir("", name, []byte(secret))
		require.NoError(t, err)
		return d
	}
	a, b, c, e := join("job", "secret"), join("job", "secret"), join("job", "other"), join("other", "secret")
	require.NoError(t, a.Set(t.Context(), "k", []byte("v")))
	got, err := b.Get(t.Context(), "k")
	require.NoError(t, err)
	assert.Equal(t, "v", string(got))
	assert.NotEqual(t, a.path, c.path)
	assert.NotEqual(t, a.path, e.path)
	require.NoError(t, b.Close())
	for _, d := range []*Dir{a, c, e} {
		require.NoError(t, d.Close())
		assert.DirExists(t, d.path, "nobody owns it")
		d.Inherit()
		require.NoError(t, d.Close())
	}
	left, err := filepath.Glob(filepath.Join(tmp, "*"))
	require.NoError(t, err)
	assert.Empty(t, left)
	require.NoError(t, os.Mkdir(a.path, 0o755))
	_, err = JoinDir("", "job", []byte("secret"))
	require.ErrorContains(t, err, a.path, "others can read it")
}
