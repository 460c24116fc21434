package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plainFS gives files that only read from the beginning, or that also seek.
type plainFS struct {
	fs.FS
	seek bool
}

func (p plainFS) Open(name string) (fs.File, error) {
	f, err := p.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if p.seek {
		return struct {
			fs.File
			io.Seeker
		}{f, f.(io.Seeker)}, nil
	}
	return struct{ fs.File }{f}, nil
}

// However a file system reads, any number of goroutines read at any offset.
func TestHandle(t *testing.T) {
	data := make([]byte, 10_000)
	for i := range data {
		data[i] = byte(i * i >> 4)
	}
	m := fstest.MapFS{"f": &fstest.MapFile{Data: data}}
	for name, fsys := range map[string]fs.FS{"in place": m, "seeking": plainFS{m, true}, "held": plainFS{m, false}} {
		t.Run(name, func(t *testing.T) {
			h, err := OpenAt(fsys, "f")
			require.NoError(t, err)
			assert.EqualValues(t, len(data), h.Size())
			var wg sync.WaitGroup
			for g := range 4 {
				wg.Go(func() {
					for i := range 50 {
						p := make([]byte, 1+i*7)
						off := (g*3571 + i*131) % (len(data) - len(p))
						n, err := h.ReadAt(p, int64(off))
						if n != len(p) || err != nil || !bytes.Equal(p, data[off:off+n]) {
							t.Errorf("ReadAt(%d bytes, %d) = %d, %v", len(p), off, n, err)
						}
						if i%10 == g {
							h.Idle()
						}
					}
				})
			}
			wg.Wait()
			n, err := h.ReadAt(make([]byte, 100), int64(len(data)-10))
			assert.Equal(t, 10, n)
			assert.Equal(t, io.EOF, err)
			require.NoError(t, h.Close())
			_, err = h.ReadAt(make([]byte, 1), 0)
			assert.ErrorIs(t, err, fs.ErrClosed)
		})
	}
	_, err := OpenAt(m, "g")
	assert.ErrorIs(t, err, fs.ErrNotExist)
	_, err = OpenAt(folder("d/f"), "d")
	assert.EqualError(t, err, "dataset: d: is not a regular file")
}

// A file that vanishes, is cut or is written anew in the midst of an epoch is an error that says so.
func TestHandleChanged(t *testing.T) {
	dir := t.TempDir()
	name := filepath.ToSlash(filepath.Join(dir, "f"))
	start := func() *Handle {
		require.NoError(t, os.WriteFile(name, []byte("0123456789"), 0o644))
		h, err := OpenAt(OS(), name)
		require.NoError(t, err)
		t.Cleanup(func() { h.Close() })
		return h
	}
	read := func(h *Handle) error { _, err := h.ReadAt(make([]byte, 10), 0); return err }

	h := start()
	require.NoError(t, read(h))
	require.NoError(t, os.Truncate(name, 4))
	err := read(h)
	assert.ErrorIs(t, err, ErrChanged)
	assert.EqualError(t, err, "dataset: "+name+": ends at byte 4, it had 10: the file has changed since it was opened")

	h = start()
	h.Idle()
	require.NoError(t, read(h), "opened again")
	h.Idle()
	require.NoError(t, os.Remove(name))
	err = read(h)
	assert.ErrorIs(t, err, ErrChanged)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, name)

	h = start()
	h.Idle()
	require.NoError(t, os.WriteFile(name, []byte("01234567890"), 0o644))
	err = read(h)
	assert.ErrorIs(t, err, ErrChanged)
	assert.ErrorContains(t, err, "has 11 bytes of ")

	h = start()
	h.Idle()
	require.NoError(t, os.Chtimes(name, time.Time{}, time.Unix(1e9, 0)))
	assert.ErrorIs(t, read(h), ErrChanged)
}

// objects is an object store as an fs.FS: GET with a Range for a piece, a listing for a folder. It is a test double of
// what a store's own package would give.
type objects struct {
	client *http.Client
	base   string
}

func (o objects) Open(name string) (fs.File, error) {
	if list, err := o.list(name); err == nil && len(list) > 0 {
		return &objectFolder{name: name, entries: list}, nil
	}
	resp, err := o.client.Head(o.base + "/" + name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &object{o, name, resp.ContentLength}, nil
}

func (o objects) list(prefix string) ([]fs.DirEntry, error) {
	resp, err := o.client.Get(o.base + "/?prefix=" + prefix + "/")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	seen := map[string]fs.DirEntry{}
	for key := range strings.FieldsSeq(string(body)) {
		first, _, deeper := strings.Cut(strings.TrimPrefix(key, prefix+"/"), "/")
		seen[first] = fs.FileInfoToDirEntry(objectInfo{first, 0, deeper})
	}
	var entries []fs.DirEntry
	for _, e := range seen {
		entries = append(entries, e)
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name() < entries[j].Name() })
	return entries, err
}

type object struct {
	o    objects
	name string
	size int64
}

func (f *object) Close() error { return nil }
func (f *object) Stat() (fs.FileInfo, error) {
	return objectInfo{path.Base(f.name), f.size, false}, nil
}
func (f *object) Read([]byte) (int, error) { return 0, errors.New("read at an offset instead") }

func (f *object) ReadAt(p []byte, off int64) (int, error) {
	req, err := http.NewRequest(http.MethodGet, f.o.base+"/"+f.name, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", off, off+int64(len(p))-1))
	resp, err := f.o.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusPartialContent {
		return 0, errors.New(resp.Status)
	}
	return io.ReadFull(resp.Body, p)
}

type objectFolder struct {
	name    string
	entries []fs.DirEntry
}

func (d *objectFolder) Close() error             { return nil }
func (d *objectFolder) Read([]byte) (int, error) { return 0, errors.New("is a folder") }
func (d *objectFolder) Stat() (fs.FileInfo, error) {
	return objectInfo{path.Base(d.name), 0, true}, nil
}
func (d *objectFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n > 0 {
		panic("not needed")
	}
	return d.entries, nil
}

type objectInfo struct {
	name string
	size int64
	dir  bool
}

func (i objectInfo) Name() string       { return i.name }
func (i objectInfo) Size() int64        { return i.size }
func (i objectInfo) ModTime() time.Time { return time.Time{} }
func (i objectInfo) IsDir() bool        { return i.dir }
func (i objectInfo) Sys() any           { return nil }
func (i objectInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// An object store's FS works as a folder does: found by listing, read by ranges, a range of bytes and no more.
func TestObjectStore(t *testing.T) {
	store := map[string]string{"b/_SUCCESS": "", "b/dt=2026-01-01/part-0": "first object",
		"b/dt=2026-01-02/part-0": "second"}
	var bytesSent atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if prefix := r.URL.Query().Get("prefix"); r.URL.Path == "/" {
			var keys []string
			for k := range store {
				if strings.HasPrefix(k, prefix) {
					keys = append(keys, k)
				}
			}
			slices.Sort(keys)
			io.WriteString(w, strings.Join(keys, "\n"))
			return
		}
		data, ok := store[strings.TrimPrefix(r.URL.Path, "/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		http.ServeContent(&counting{w, &bytesSent}, r, "", time.Time{}, strings.NewReader(data))
	}))
	defer server.Close()
	fsys := objects{server.Client(), server.URL}

	tab, err := Open(fsys, "b", func(fsys fs.FS, file string) (Table, error) {
		h, err := OpenAt(fsys, file)
		if err != nil {
			return nil, err
		}
		p := make([]byte, 5)
		if _, err := h.ReadAt(p, 1); err != nil {
			return nil, err
		}
		return FromRows(file, rowsOf([]Field{{"x", textType, false}}, string(p)+strconv.Itoa(int(h.Size())))), nil
	})
	require.NoError(t, err)
	all, err := ReadAll(t.Context(), tab)
	require.NoError(t, err)
	assert.Equal(t, []any{"irst 12", Moment(20454, Day)}, all.At(0))
	assert.Equal(t, []any{"econd6", Moment(20455, Day)}, all.At(1))
	assert.EqualValues(t, 10, bytesSent.Load())
	_, err = OpenAt(fsys, "b/none")
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

type counting struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (c *counting) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return c.ResponseWriter.Write(p)
}

// A Pending file has its name once it is closed, and not before or after Abort.
func TestPending(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(name, []byte("old"), 0o644))
	content := func() string { data, err := os.ReadFile(name); require.NoError(t, err); return string(data) }
	p, err := Create(name)
	require.NoError(t, err)
	_, err = p.Write([]byte("given up"))
	require.NoError(t, err)
	p.Abort()
	assert.Equal(t, "old", content())
	assert.Error(t, p.Close(), "a file given up is not complete")

	p, err = Create(name)
	require.NoError(t, err)
	fmt.Fprint(p, "new", "er")
	assert.Equal(t, "old", content())
	require.NoError(t, p.Close())
	assert.Equal(t, "newer", content())
	entries, err := os.ReadDir(filepath.Dir(name))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "something was left behind")
	_, err = Create(filepath.Join(t.TempDir(), "none", "f"))
	assert.ErrorIs(t, err, fs.ErrNotExist)
}
