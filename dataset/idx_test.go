package dataset

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
)

// idx returns an IDX file of unsigned bytes.
func idx(dims []uint32, data ...byte) []byte {
	b := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, d)
	}
	return append(b, data...)
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

// write makes a file and returns its path.
func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, data, 0o666))
	return path
}

func TestOpenIDX(t *testing.T) {
	images := []byte{0, 51, 102, 153, 204, 255}
	for _, c := range []struct {
		name  string
		dims  []uint32
		shape []int
	}{
		{"N H W is one channel", []uint32{2, 1, 3}, []int{1, 1, 3}},
		{"N C H W", []uint32{2, 3, 1, 1}, []int{3, 1, 1}},
		{"N D", []uint32{2, 3}, []int{3}},
	} {
		for _, pack := range []struct {
			name string
			fn   func([]byte) []byte
		}{{"plain", bytes.Clone}, {"gzip", gzipped}} {
			t.Run(c.name+", "+pack.name, func(t *testing.T) {
				m, err := OpenIDX(write(t, "images", pack.fn(idx(c.dims, images...))), write(t, "labels", pack.fn(idx([]uint32{2}, 9, 0))), IDXConfig{Name: "two"})
				require.NoError(t, err)
				assert.Equal(t, XY("two", c.shape, 10, nil), m.Spec())
				require.Equal(t, 2, m.Len())
				var b Batch
				require.NoError(t, m.Fill(&b, []int{1, 0}))
				assert.InDeltaSlice(t, []float32{0.6, 0.8, 1, 0, 0.2, 0.4}, tensor.Data[float32](b.X), 1e-7)
				assert.Equal(t, []int64{0, 9}, tensor.Data[int64](b.Y))
			})
		}
	}
}

func TestOpenIDXScaleAndClasses(t *testing.T) {
	m, err := OpenIDX(write(t, "i", idx([]uint32{1, 2}, 0, 255)), write(t, "l", idx([]uint32{1}, 25)), IDXConfig{Classes: 26, Scale: 2})
	require.NoError(t, err)
	var b Batch
	require.NoError(t, m.Fill(&b, []int{0}))
	assert.Equal(t, []float32{0, 510}, tensor.Data[float32](b.X))
	assert.Equal(t, 26, m.Spec().Classes())
}

func TestOpenIDXNoSamples(t *testing.T) {
	m, err := OpenIDX(write(t, "i", idx([]uint32{0, 28, 28})), write(t, "l", idx([]uint32{0})), IDXConfig{})
	require.NoError(t, err)
	assert.Zero(t, m.Len())
}

func TestOpenIDXRefuses(t *testing.T) {
	images, labels := idx([]uint32{2, 1, 2}, 1, 2, 3, 4), idx([]uint32{2}, 3, 4)
	long := bytes.Repeat([]byte{7}, 1000)
	badSum := gzipped(images)
	badSum[len(badSum)-6] ^= 1
	for _, c := range []struct {
		name, file, want string // file: which of the two is named
		images, labels   []byte
	}{
		{"empty", "images", "cut short in the header: EOF", nil, labels},
		{"half a magic", "images", "cut short in the header: unexpected EOF", images[:3], labels},
		{"half a dimension", "images", "cut short in the header, at dimension 1 of 3: unexpected EOF", images[:10], labels},
		{"no magic", "images", "is a PNG image: it starts with 89 50, want the IDX magic 00 00",
			[]byte("\x89PNG\r\n\x1a\n"), labels},
		{"floats", "images", "element type 0x0d, want 0x08", append([]byte{0, 0, 0xd, 1}, long...), labels},
		{"rank 0", "images", "has rank 0", []byte{0, 0, 8, 0, 1}, labels},
		{"images of rank 1", "images", "images have rank 1, want at least 2", labels, labels},
		{"labels of rank 3", "labels", "labels have rank 3, want 1", images, images},
		{"one byte missing", "images", "header claims [2 1 2] = 4 bytes, more than its 19 bytes can hold", images[:len(images)-1], labels},
		{"one byte missing, gzip", "images", "cut short: 3 of the 4 bytes its header claims", gzipped(images[:len(images)-1]), labels},
		{"one byte too many", "labels", "goes on after the 2 bytes its header claims", images, append(bytes.Clone(labels), 5)},
		{"one byte too many, gzip", "labels", "goes on after the 2 bytes its header claims", images, gzipped(append(bytes.Clone(labels), 5))},
		{"2^32 images", "images", "bytes, the limit is 8589934592", idx([]uint32{1<<32 - 1, 28, 28}), labels},
		{"dimensions whose product wraps to 0", "images", "bytes, the limit is 8589934592", idx([]uint32{1 << 31, 1 << 31, 4}), labels},
		{"no images, of a size that wraps", "images", "bytes, the limit is 8589934592", idx([]uint32{0, 1<<32 - 1,
			1<<32 - 1, 1<<32 - 1}), idx([]uint32{0})},
		{"under the limit, not under the size", "images", "header claims [1000000 28 28] = 784000000 bytes, more than its 16 bytes can hold", idx([]uint32{1_000_000, 28, 28}), labels},
		{"more than deflate can make of it", "images", "= 784000000 bytes, more than its", gzipped(idx([]uint32{1_000_000, 28, 28})), labels},
		{"255 dimensions", "images", "cut short in the header, at dimension 3 of 255", append([]byte{0, 0, 8, 255}, images[4:16]...), labels},
		{"fewer labels", "labels", "1 labels for the 2 images of ", images, idx([]uint32{1}, 3)},
		{"label too large", "labels", "label 10 of sample 1, want 0 … 9", images, idx([]uint32{2}, 9, 10)},
		{"gzip cut short", "images", "cut short: ", gzipped(idx([]uint32{10, 100}, long...))[:30], labels},
		{"gzip header only", "images", "EOF", []byte{0x1f, 0x8b}, labels},
		{"gzip checksum", "images", "after its data: gzip: invalid checksum", badSum, labels},
		{"gzip, then rubbish", "images", "after its data: gzip: invalid header", append(gzipped(images), "rubbish, and more of it"...), labels},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{"images": write(t, "images", c.images), "labels": write(t, "labels", c.labels)}
			_, err := OpenIDX(files["images"], files["labels"], IDXConfig{})
			require.ErrorIs(t, err, ErrFormat)
			assert.True(t, strings.HasPrefix(err.Error(), "dataset: "+files[c.file]+": "), "%q does not begin with package and file", err)
			assert.Contains(t, err.Error(), c.want)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestOpenIDXMissing(t *testing.T) {
	images := write(t, "i", idx([]uint32{1, 1}, 0))
	_, err := OpenIDX(filepath.Join(t.TempDir(), "none"), images, IDXConfig{})
	assert.ErrorIs(t, err, fs.ErrNotExist)
	_, err = OpenIDX(images, filepath.Join(t.TempDir(), "none"), IDXConfig{})
	assert.ErrorIs(t, err, fs.ErrNotExist)
	_, err = OpenIDX(t.TempDir(), images, IDXConfig{})
	assert.ErrorContains(t, err, "is not a regular file")
}

func TestFashionMNISTFiles(t *testing.T) {
	dir := t.TempDir()
	_, _, err := FashionMNIST(dir)
	require.ErrorIs(t, err, fs.ErrNotExist)
	for _, want := range []string{"train-images-idx3-ubyte", "t10k-labels-idx1-ubyte", "apt-get install dataset-fashion-mnist"} {
		assert.ErrorContains(t, err, want)
	}

	put := func(name string, data []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o666))
	}
	put("train-images-idx3-ubyte", idx([]uint32{2, 1, 1}, 0, 255))
	put("train-labels-idx1-ubyte.gz", gzipped(idx([]uint32{2}, 1, 2)))
	put("t10k-images-idx3-ubyte.gz", gzipped(idx([]uint32{1, 1, 1}, 255)))
	put("t10k-labels-idx1-ubyte", idx([]uint32{1}, 9))
	train, test, err := FashionMNIST(dir)
	require.NoError(t, err)
	assert.Equal(t, XY("fashion-mnist train", []int{1, 1, 1}, 10, nil), train.Spec())
	assert.Equal(t, XY("fashion-mnist test", []int{1, 1, 1}, 10, nil), test.Spec())
	assert.Equal(t, []int{2, 1}, []int{train.Len(), test.Len()})
}

// The real files. Their numbers are those of the set's authors' README; the mean and deviation those commonly published.
func TestFashionMNIST(t *testing.T) {
	if testing.Short() {
		t.Skip("not run: -short; it decodes 70,000 images, on one goroutine")
	}
	train, test, err := FashionMNIST("")
	if errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") == "" {
		t.Skip(err) // continuous integration installs them, and may not skip
	}
	require.NoError(t, err)
	for _, c := range []struct {
		src         Source
		n, perClass int
	}{{train, 60_000, 6000}, {test, 10_000, 1000}} {
		require.Equal(t, c.n, c.src.Len())
		assert.Equal(t, []int{1, 28, 28}, c.src.Spec().Input().Shape)
		var have [10]int
		require.NoError(t, scan(c.src, func(b *Batch) {
			for _, label := range tensor.Data[int64](b.Y) {
				have[label]++
			}
		}))
		for class, n := range have {
			assert.Equal(t, c.perClass, n, "class %d", class)
		}
	}
	mean, std, err := MeanStd(train)
	require.NoError(t, err)
	assert.InDelta(t, 0.2860, mean[0], 5e-5)
	assert.InDelta(t, 0.3530, std[0], 5e-5)
}

// FuzzIDX: nothing panics, allocates what is not there, or is accepted with lengths that do not add up.
func FuzzIDX(f *testing.F) {
	plain := idx([]uint32{2, 1, 2}, 1, 2, 3, 4)
	for _, seed := range [][]byte{plain, gzipped(plain), idx([]uint32{1<<32 - 1, 28, 28}), idx([]uint32{0, 1 << 31, 1 << 31}), plain[:9]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		dims, elements, err := readIDX(bytes.NewReader(data), int64(len(data)), "fuzz", 1<<20)
		if err != nil {
			require.ErrorIs(t, err, ErrFormat)
			return
		}
		require.LessOrEqual(t, len(elements), 1<<20)
		require.Equal(t, product(dims), len(elements))
		if data[0] == 0 {
			require.Equal(t, data[4+4*len(dims):], elements)
		}
	})
}
