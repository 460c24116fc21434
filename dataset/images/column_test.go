package images_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/csv"
	"github.com/tutti-ml/tutti/dataset/images"
	"github.com/tutti-ml/tutti/dataset/parquet"
	"github.com/tutti-ml/tutti/dataset/table"
	"github.com/tutti-ml/tutti/tensor"
)

// square returns a PNG of n by n pixels of a level, which is the number of the sample.
func square(n, level int) []byte {
	m := image.NewRGBA(image.Rect(0, 0, n, n))
	for i := range n * n {
		m.Set(i%n, i/n, color.RGBA{uint8(level), uint8(i), 0, 255})
	}
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// requireSquares checks that a batch holds these samples, with the columns that do not change.
func requireSquares(t *testing.T, b *dataset.Batch, numbers ...int) {
	t.Helper()
	require.Equal(t, []int{len(numbers), 3, 2, 2}, b.X.Shape())
	for at, n := range numbers {
		x := tensor.Data[uint8](b.X)[12*at:][:12]
		assert.Equal(t, []uint8{uint8(n), uint8(n), uint8(n), uint8(n), 0, 1, 2, 3}, x[:8])
		assert.Equal(t, int64(n%3), tensor.Data[int64](b.Y)[at])
		assert.Equal(t, fmt.Sprint("no. ", n), string(b.Text("note", at)))
	}
}

// A Binary column of a Parquet file: read by number, and as an epoch.
func TestColumnOfParquet(t *testing.T) {
	const n = 40
	path := filepath.Join(t.TempDir(), "squares.parquet")
	s := table.Schema{{Name: "image", Type: table.Type{Kind: table.Binary}}, {Name: "note", Type: table.Type{Kind: table.Text}},
		{Name: "y", Type: table.Type{Kind: table.Int}}}
	w, err := parquet.Create(path, s, &parquet.WriteConfig{GroupRows: 16})
	require.NoError(t, err)
	r := table.Rows{N: n, Columns: make([]table.Column, 3)}
	for c := range s {
		r.Columns[c].Field = s[c]
	}
	r.Columns[0].Offsets, r.Columns[1].Offsets = []int64{0}, []int64{0}
	for i := range n {
		for c, v := range [][]byte{square(2, i), fmt.Append(nil, "no. ", i)} {
			r.Columns[c].Data = append(r.Columns[c].Data, v...)
			r.Columns[c].Offsets = append(r.Columns[c].Offsets, int64(len(r.Columns[c].Data)))
		}
		r.Columns[2].Ints = append(r.Columns[2].Ints, int64(i%3))
	}
	require.NoError(t, w.Write(t.Context(), &r))
	require.NoError(t, w.Close())

	rows, err := parquet.Open(table.OS(), path, nil)
	require.NoError(t, err)
	defer rows.Close()
	encoded, err := table.Choose(t.Context(), rows, table.Config{Target: "y",
		Columns: []table.Pick{{Name: "image"}, {Name: "note"}, {Name: "y", Class: true}}})
	require.NoError(t, err)
	src, err := images.Column(encoded, "image", nil, images.Config{Bytes: true})
	require.NoError(t, err)
	assert.Equal(t, 3, src.Spec().Classes())
	var b dataset.Batch
	require.NoError(t, b.Fill(src, []int{39, 3, 17, 0}))
	requireSquares(t, &b, 39, 3, 17, 0)

	seen := map[int]int{}
	plan := dataset.Plan{N: n, BatchSize: 7, Partitions: 2, Shuffle: true, Seed: 1}
	for part := range 2 {
		reader := plan.Epoch(0).Open(src, part, 0)
		defer reader.Close()
		for {
			b, err := reader.Next(t.Context())
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			for at := range b.N {
				level := int(tensor.Data[uint8](b.X)[12*at])
				assert.Equal(t, int64(level%3), tensor.Data[int64](b.Y)[at])
				seen[level]++
			}
		}
	}
	assert.Len(t, seen, n)
	for level, times := range seen {
		assert.Equal(t, 1, times, "sample %d", level)
	}
}

// Random Ops draw by number and epoch, however the sample is reached.
func TestColumnRandom(t *testing.T) {
	var data []byte
	offsets := []int64{0}
	for i := range 5 {
		data = append(data, square(9, i)...)
		offsets = append(offsets, int64(len(data)))
	}
	encoded := dataset.FromColumns("", dataset.Values{Name: "x", Tensor: tensor.FromSlice(data, len(data)), Offsets: offsets})
	src, err := images.Column(encoded, "x", nil, images.Config{Ops: []images.Op{images.RandomCrop{H: 3, W: 3}}})
	require.NoError(t, err)
	read := func(epoch int, index ...int) []float32 {
		b := dataset.Batch{Epoch: epoch}
		require.NoError(t, b.Fill(src, index))
		return tensor.Data[float32](b.X.Clone())
	}
	all := read(2, 0, 1, 2, 3, 4)
	assert.Equal(t, all[4*27:], read(2, 4))
	assert.NotEqual(t, all, read(3, 0, 1, 2, 3, 4))
}

// A CSV's text: Base64, and names of files.
func TestColumnOfText(t *testing.T) {
	fsys := fstest.MapFS{}
	code := "image,note,y\n"
	names := code
	for i := range 5 {
		text := base64.StdEncoding.EncodeToString(square(2, i))
		if i == 3 {
			text = `"data:image/png;base64,` + text + `"`
		}
		code += fmt.Sprintf("%s,no. %d,%d\n", text, i, i%3)
		names += fmt.Sprintf("all/%d.png,no. %d,%d\n", i, i, i%3)
		fsys[fmt.Sprintf("all/%d.png", i)] = &fstest.MapFile{Data: square(2, i)}
	}
	code += "AAA!,no. 5,2\n"
	names += "all/none.png,no. 5,2\n"
	fsys["code.csv"], fsys["names.csv"] = &fstest.MapFile{Data: []byte(code)}, &fstest.MapFile{Data: []byte(names)}
	for name, wrong := range map[string]string{
		"code.csv":  `dataset: code.csv: column "image", sample 5: is no Base64: illegal base64 data at input byte 3`,
		"names.csv": `dataset: names.csv: column "image", sample 5: images: open all/none.png: file does not exist`,
	} {
		rows, err := csv.Open(t.Context(), fsys, name, csv.Config{})
		require.NoError(t, err)
		encoded, err := table.Choose(t.Context(), rows, table.Config{Target: "y",
			Columns: []table.Pick{{Name: "image"}, {Name: "note"}, {Name: "y", Class: true}}})
		require.NoError(t, err)
		files := fsys
		if name == "code.csv" {
			files = nil
		}
		c := images.Config{Bytes: true}
		var src dataset.Source
		if files == nil {
			src, err = images.Column(encoded, "image", nil, c)
		} else {
			src, err = images.Column(encoded, "image", files, c)
		}
		require.NoError(t, err)
		var b dataset.Batch
		require.NoError(t, src.(dataset.Blocks).ReadBlock(t.Context(), &b, 0, 0, 5))
		requireSquares(t, &b, 0, 1, 2, 3, 4)
		require.EqualError(t, src.(dataset.Blocks).ReadBlock(t.Context(), &b, 0, 3, 6), wrong)
		if files != nil {
			require.ErrorIs(t, src.(dataset.Blocks).ReadBlock(t.Context(), &b, 0, 3, 6), os.ErrNotExist)
		}
	}
}

// TestColumnNamesFile wants the name of a file that is no image: a sample's number, once the samples are split, finds it
// nowhere.
func TestColumnNamesFile(t *testing.T) {
	files := fstest.MapFS{"a.png": {Data: square(2, 0)}, "b.png": {Data: square(2, 1)[:40]}}
	names := dataset.FromColumns("", dataset.Values{Name: "x", Text: []string{"a.png", "b.png"}}).WithName("set")
	src, err := images.Column(dataset.Subset(names, []int{1, 0}), "x", files,
		images.Config{Ops: []images.Op{images.Resize{H: 2, W: 2}}})
	require.NoError(t, err)
	var b dataset.Batch
	err = b.Fill(src, []int{0})
	require.ErrorContains(t, err, `dataset: set: column "x", sample 0: b.png: is cut short`)
	require.ErrorIs(t, err, dataset.ErrFormat)
}

func TestColumnErrors(t *testing.T) {
	numbers := dataset.FromColumns("", dataset.Values{Name: "x", Tensor: tensor.New(tensor.Float32, 2, 3)}).WithName("set")
	_, err := images.Column(numbers, "z", nil, images.Config{})
	assert.EqualError(t, err, `images: Column: set has no column "z", it has ["x"]`)
	_, err = images.Column(numbers, "x", nil, images.Config{})
	assert.EqualError(t, err,
		`images: Column: column "x" of set is float32 of shape [3], ragged false, text false: want bytes or text`)
	bytes := dataset.FromColumns("", dataset.Values{Name: "x", Tensor: tensor.FromSlice([]uint8{1, 2}, 2),
		Offsets: []int64{0, 2}}).WithName("set")
	_, err = images.Column(bytes, "x", nil, images.Config{})
	assert.EqualError(t, err, `dataset: set: column "x", sample 0: is no image of a known format: it begins with 01 02`)
}
