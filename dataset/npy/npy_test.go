package npy

import (
	"bytes"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/npy"
)

func files(t *testing.T) fstest.MapFS {
	var one, archive, scalar, uneven bytes.Buffer
	x := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 3, 2)
	require.NoError(t, npy.Write(&one, x))
	require.NoError(t, npy.WriteZip(&archive, map[string]*tensor.Tensor{"image": x, "label": tensor.FromSlice([]uint8{2,
		0, 1}, 3),
		"half": x.Cast(tensor.Float16), "id": tensor.FromSlice([]int64{1<<53 + 1, 2, 3}, 3)}))
	require.NoError(t, npy.WriteZip(&scalar, map[string]*tensor.Tensor{"a": tensor.New(tensor.Int64)}))
	require.NoError(t, npy.WriteZip(&uneven, map[string]*tensor.Tensor{"a": x, "b": tensor.FromSlice([]int64{1}, 1)}))
	m := fstest.MapFS{}
	for name, data := range map[string][]byte{"x.npy": one.Bytes(), "a.npz": archive.Bytes(),
		"scalar.npz": scalar.Bytes(), "uneven.npz": uneven.Bytes(),
		"long.npy": append(bytes.Clone(one.Bytes()), 0), "short.npy": one.Bytes()[:one.Len()-1], "none.npz": []byte("PK")} {
		m[name] = &fstest.MapFile{Data: data}
	}
	return m
}

func TestOpen(t *testing.T) {
	fsys := files(t)
	m, err := Open(fsys, "x.npy", Config{})
	require.NoError(t, err)
	assert.Equal(t, dataset.Spec{Name: "x.npy", Columns: []dataset.Column{{Name: "x", DType: tensor.Float32,
		Shape: []int{2}}}}, m.Spec())
	m, err = Open(fsys, "a.npz", Config{Columns: []string{"image", "id", "half", "label"}, Target: "label"})
	require.NoError(t, err)
	assert.Equal(t, 3, m.Spec().Classes())
	var b dataset.Batch
	require.NoError(t, b.Fill(m, []int{2, 0}))
	assert.Equal(t, []float32{5, 6, 1, 2}, tensor.Data[float32](b.X))
	assert.Equal(t, []float32{5, 6, 1, 2}, tensor.Data[float32](b.Col("half")))
	assert.Equal(t, []int64{3, 1<<53 + 1}, tensor.Data[int64](b.Col("id")))
	assert.Equal(t, []int64{1, 2}, tensor.Data[int64](b.Y))
	m, err = Open(fsys, "a.npz", Config{})
	require.NoError(t, err)
	assert.Len(t, m.Spec().Columns, 4)
}

func TestErrors(t *testing.T) {
	fsys := files(t)
	for _, c := range []struct {
		name   string
		config Config
		want   string
	}{
		{"a.npz", Config{Target: "y"}, `dataset: a.npz: has no array "y"`},
		{"a.npz", Config{Columns: []string{"z"}}, `dataset: a.npz: npy: no array "z" among the archive's 4`},
		{"a.npz", Config{MaxBytes: 10}, `too many bytes of elements`},
		{"x.npy", Config{MaxBytes: 10}, `too many bytes of elements`},
		{"scalar.npz", Config{}, `dataset: scalar.npz: column "a": is a scalar, want a sample a row`},
		{"uneven.npz", Config{}, `dataset: uneven.npz: column "b": has 1 rows, "a" has 3`},
		{"long.npy", Config{}, `dataset: long.npy: goes on for 1 bytes after its array`},
		{"short.npy", Config{}, `dataset: short.npy: npy: malformed`},
		{"none.npz", Config{}, `dataset: none.npz: npy: malformed`},
	} {
		_, err := Open(fsys, c.name, c.config)
		require.ErrorContains(t, err, c.want, "%s %+v", c.name, c.config)
		assert.ErrorIs(t, err, dataset.ErrFormat)
	}
	_, err := Open(fsys, "z.npy", Config{})
	assert.ErrorIs(t, err, fs.ErrNotExist)
}
