package safetensors

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
)

func infosOf(tensors []Named) []Info {
	var infos []Info
	for _, n := range tensors {
		infos = append(infos, Info{Name: n.Name, DType: n.Tensor.DType(), Shape: n.Tensor.Shape()})
	}
	return infos
}

// TestWriter writes tensors in parts of random lengths, across their ends, and reads them so: the file has the bytes
// that WriteFile gives it.
func TestWriter(t *testing.T) {
	tensors := append(everyDType(), Named{"long", tensor.Full(tensor.Float32, 1, piece/4+3)},
		Named{"none", tensor.New(tensor.Float32, 0, 3)}, Named{"last", tensor.New(tensor.Bool, 0)})
	meta := map[string]string{"a": "b"}
	dir := t.TempDir()
	want, got := filepath.Join(dir, "want"), filepath.Join(dir, "got")
	require.NoError(t, WriteFile(want, tensors, meta))
	byName := map[string]*tensor.Tensor{}
	for _, n := range tensors {
		byName[n.Name] = n.Tensor
	}

	w, err := Create(got, infosOf(tensors), meta)
	require.NoError(t, err)
	var all []byte
	for _, info := range w.Infos() {
		all = append(all, tensor.Bytes(byName[info.Name].Contiguous())...)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	whole := all
	for len(all) > 0 {
		n := min(8*(1+rng.IntN(piece/20)), len(all)) // tensors of 8 bytes an element come first; the small ones are whole
		if len(all) < 4*piece && len(all) > 0 {
			n = len(all)
		}
		_, err := w.Write(all[:n])
		require.NoError(t, err)
		all = all[n:]
	}
	_, err = os.Stat(got)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, w.Close())
	w.Abort()
	a, err := os.ReadFile(want)
	require.NoError(t, err)
	b, err := os.ReadFile(got)
	require.NoError(t, err)
	require.True(t, bytes.Equal(a, b))

	f, err := Open(got)
	require.NoError(t, err)
	defer f.Close()
	var read []byte
	for _, info := range f.Infos() {
		p, err := f.Parts(info.Name)
		require.NoError(t, err)
		for p.Left() > 0 {
			part := make([]byte, min(p.Left(), int64(8*(1+rng.IntN(2*piece/8)))))
			require.NoError(t, p.Next(part))
			read = append(read, part...)
		}
	}
	require.True(t, bytes.Equal(whole, read))
}

// TestPartsOfDamaged flips the first bit of a tensor longer than a piece: the part with its last element says so.
func TestPartsOfDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, WriteFile(path, []Named{{"long", tensor.Full(tensor.Float32, 1, piece)}}, nil))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[len(data)-4*piece] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o600))
	f, err := Open(path)
	require.NoError(t, err)
	defer f.Close()
	p, err := f.Parts("long")
	require.NoError(t, err)
	part := make([]byte, 2*piece)
	require.NoError(t, p.Next(part))
	require.ErrorIs(t, p.Next(part), ErrChecksum)
	_, err = f.Parts("short")
	require.ErrorContains(t, err, `no tensor "short" among its 1`)
	require.PanicsWithValue(t, `safetensors: Parts.Next: 4 bytes of "long", of 0 that are left, in elements of 4`, func() {
		_ = p.Next(part[:4])
	})
}

// TestWriterDoesNotEnd leaves files unfinished, or where there is no room: what was there stays, and nothing is left.
func TestWriterDoesNotEnd(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	infos := []Info{{Name: "a", DType: tensor.Float32, Shape: []int{2}}, {Name: "b", DType: tensor.Uint8, Shape: []int{3}}}
	w, err := Create(path, infos, nil)
	require.NoError(t, err)
	_, err = w.Write(make([]byte, 4))
	require.NoError(t, err)
	require.ErrorContains(t, w.Close(), `4 of the 8 bytes of tensor "a" were written, and 1 more tensors are missing`)

	w, err = Create(path, infos, nil)
	require.NoError(t, err)
	require.PanicsWithValue(t, `safetensors: Writer.Write: 5 bytes of "a", whose elements have 4`, func() {
		_, _ = w.Write(make([]byte, 5))
	})
	_, err = w.Write(make([]byte, 11))
	require.NoError(t, err)
	require.Panics(t, func() { _, _ = w.Write(make([]byte, 1)) })
	w.err = syscall.ENOSPC // as a write that found the disk full leaves it
	require.ErrorIs(t, w.Close(), syscall.ENOSPC)

	_, err = Create(path, append(infos, infos[0]), nil)
	require.ErrorContains(t, err, `two tensors are named "a"`)
	_, err = Create(filepath.Join(dir, "no", "f"), infos, nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
	old, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "old", string(old))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}
