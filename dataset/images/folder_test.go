package images

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// plain returns a PNG of h by w pixels of one level.
func plain(h, w int, level uint8) []byte {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = level
	}
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// noise returns a JPEG of h by w pixels that no other seed gives.
func noise(h, w int, seed uint64) []byte {
	m, r := image.NewRGBA(image.Rect(0, 0, w, h)), rand.New(rand.NewPCG(seed, seed))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, color.RGBA{uint8(x*7 + r.IntN(64)), uint8(y*5 + r.IntN(64)), uint8(r.IntN(256)), 255})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, nil); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// levels returns the first pixel of each sample, 0 … 255, and the labels.
func levels(t *testing.T, src dataset.Source) (pixels []int, labels []int64) {
	var b dataset.Batch
	index := make([]int, src.Len())
	for i := range index {
		index[i] = i
	}
	require.NoError(t, b.Fill(src, index))
	for i := range b.N {
		pixels = append(pixels, int(tensor.Data[uint8](b.X.Slice(0, i, i+1).Contiguous())[0]))
	}
	if b.Y != nil {
		labels = tensor.Data[int64](b.Y)
	}
	return pixels, labels
}

func tree(files map[string][]byte) fstest.MapFS {
	m := fstest.MapFS{}
	for name, data := range files {
		m[name] = &fstest.MapFile{Data: data}
	}
	return m
}

// The order is torchvision's, for the same files with their level as content:
//
//	ds = torchvision.datasets.ImageFolder("d"); [(open(p).read(), y) for p, y in ds.samples]; ds.classes
//	[('1', 0), ('2', 0), ('3', 0), ('4', 0), ('5', 0), ('6', 1), ('7', 2)]   ['Zebra', 'cat', 'dog']
func TestFolderOrder(t *testing.T) {
	fsys := tree(map[string][]byte{
		"d/Zebra/10.png": plain(2, 2, 1), "d/Zebra/2.PNG": plain(2, 2, 2), "d/Zebra/a-b/x.png": plain(2, 2, 4),
		"d/Zebra/a/c/x.png": plain(2, 2, 5), "d/Zebra/a/y.png": plain(2, 2, 3), "d/cat/x.jpeg": plain(2, 2, 6), // a PNG
		"d/dog/x.jpg": plain(2, 2, 7),
		// What systems leave behind.
		"d/.DS_Store": nil, "d/cat/.DS_Store": nil, "d/cat/._x.jpg": nil, "d/__MACOSX/cat/._x.jpg": nil,
		"d/dog/Thumbs.db": nil, "d/.git/x.jpg": nil, "d/dog/@eaDir/x.jpg": nil,
	})
	src, err := Folder(fsys, "d", Config{Bytes: true})
	require.NoError(t, err)
	pixels, labels := levels(t, src)
	assert.Equal(t, []int{1, 2, 3, 4, 5, 6, 7}, pixels)
	assert.Equal(t, []int64{0, 0, 0, 0, 0, 1, 2}, labels)
	y, _ := src.Spec().Output()
	assert.Equal(t, []string{"Zebra", "cat", "dog"}, y.ClassNames)
	assert.Equal(t, []int{3, 2, 2}, src.Spec().Input().Shape)
	assert.Equal(t, "d", src.Spec().Name)
	var b dataset.Batch
	assert.PanicsWithValue(t, "images: Fill: sample 7 of d, which has 7", func() { src.Fill(&b, []int{7}) })

	src, err = Folder(fsys, "d", Config{Bytes: true, Unlabelled: true})
	require.NoError(t, err)
	pixels, labels = levels(t, src)
	assert.Equal(t, []int{1, 2, 3, 4, 5, 6, 7}, pixels)
	assert.Nil(t, labels)

	src, err = Folder(fsys, "d", Config{Bytes: true, ClassNames: []string{"dog", "bird", "cat", "Zebra"}})
	require.NoError(t, err)
	pixels, labels = levels(t, src)
	assert.Equal(t, []int{7, 6, 1, 2, 3, 4, 5}, pixels)
	assert.Equal(t, []int64{0, 2, 3, 3, 3, 3, 3}, labels)
	assert.Equal(t, 4, src.Spec().Classes())
}

func TestFolderErrors(t *testing.T) {
	ok := plain(2, 2, 1)
	size := Config{Ops: []Op{Resize{H: 2, W: 2}}}
	for name, c := range map[string]struct {
		files map[string][]byte
		c     Config
		want  string
	}{
		"no folder": {map[string][]byte{"e/x": nil}, size, "images: open d: file does not exist"},
		"no classes": {map[string][]byte{"d/.x": nil}, size,
			"dataset: d: has no folders, want one for each class; Unlabelled takes images without"},
		"empty class": {map[string][]byte{"d/a/1.png": ok, "d/b/.x": nil}, size,
			"dataset: d/b: the class's folder has no image; ClassNames allow that"},
		"others": {map[string][]byte{"d/a/1.png": ok, "d/a/1.txt": nil, "d/2.png": nil}, size,
			"dataset: d: d/2.png lies in no class's folder, d/a/1.txt is no image; images end in .jpg .jpeg .png; " +
				"SkipOthers leaves out all others"},
		"unknown class": {map[string][]byte{"d/a/1.png": ok}, Config{ClassNames: []string{"b"}},
			"dataset: d/a: the folder is none of the 1 ClassNames"},
		"class twice": {map[string][]byte{"d/a/1.png": ok}, Config{ClassNames: []string{"a", "a"}},
			`images: d: ClassNames has "a" twice`},
		"first image": {map[string][]byte{"d/a/1.png": ok[:40]}, Config{},
			"dataset: d/a/1.png: is cut short: unexpected EOF"},
		"none to measure": {map[string][]byte{"d/a/.x": nil}, Config{ClassNames: []string{"a"}},
			"dataset: d: has no image whose size could be taken; end the Ops with a Resize or a crop"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Folder(tree(c.files), "d", c.c)
			require.EqualError(t, err, c.want)
			if name == "no folder" {
				assert.ErrorIs(t, err, fs.ErrNotExist)
			}
		})
	}
	many := map[string][]byte{"d/a/1.png": ok}
	for i := range 9 {
		many[fmt.Sprintf("d/a/%d.gif", i)] = nil
	}
	_, err := Folder(tree(many), "d", size)
	assert.ErrorContains(t, err, "d/a/4.gif is no image, and 4 more; images end in")
	assert.ErrorIs(t, err, dataset.ErrFormat)
	src, err := Folder(tree(many), "d", Config{SkipOthers: true})
	require.NoError(t, err)
	assert.Equal(t, 1, src.Len())
}

// What is wrong with one image is an error with its name, the first in the order of the batch, whoever decodes first.
func TestFillErrors(t *testing.T) {
	ok := plain(3, 3, 1)
	fsys := tree(map[string][]byte{"d/a/0.png": ok, "d/a/1.png": ok, "d/a/2.png": ok[:50], "d/a/3.png": plain(3, 4, 1),
		"d/a/4.png": []byte("GIF89a"), "d/a/5.png": []byte("<html>"), "d/a/6.png": ok, "d/a/7.png": {}})
	for i, want := range map[int]string{
		2: "dataset: d/a/2.png: png: invalid format: not enough pixel data",
		3: "dataset: d/a/3.png: gives a sample of shape [3 3 4], others have [3 3 3]; end the Ops with a Resize or a crop",
		4: "dataset: d/a/4.png: is no image of a known format: it begins with 47 49 46 38 39 61",
		5: "dataset: d/a/5.png: is text, such as HTML, not an image of a known format",
		7: "dataset: d/a/7.png: is empty, not an image of a known format",
	} {
		if i == 4 { // another package of the tests may have registered GIF
			want = "dataset: d/a/4.png: "
		}
		for _, workers := range []int{1, 3} {
			src, err := Folder(fsys, "d", Config{Workers: workers})
			require.NoError(t, err)
			var b dataset.Batch
			err = b.Fill(src, []int{0, 1, i, 6, 2, 0})
			require.ErrorContains(t, err, want)
			assert.ErrorIs(t, err, dataset.ErrFormat)
			require.NoError(t, b.Fill(src, []int{6, 0}), "an error must not last")
		}
	}

	src, err := Folder(fsys, "d", Config{})
	require.NoError(t, err)
	delete(fsys, "d/a/6.png")
	var b dataset.Batch
	err = b.Fill(src, []int{0, 6})
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, "d/a/6.png")

	src, err = Folder(fsys, "d", Config{MaxBytes: 60})
	require.ErrorContains(t, err, "dataset: d/a/0.png: has 7")
	require.ErrorContains(t, err, "bytes, the limit is 60")
	assert.Nil(t, src)
}

// Samples are a function of (seed, epoch, number): of no other sample, and of no number of workers.
func TestRandomOpsRepeat(t *testing.T) {
	files := map[string][]byte{}
	for i := range 6 {
		files[fmt.Sprintf("d/%d/a.jpg", i%2)+fmt.Sprint(i)+".jpg"] = noise(40, 50, uint64(i))
	}
	c := Config{Seed: 3, Ops: []Op{RandomResizedCrop{H: 16, W: 16}, HorizontalFlip{}, VerticalFlip{},
		ColorJitter{0.4, 0.4, 0.4, 0.1}, Affine{Degrees: [2]float64{-20, 20}, Translate: [2]float64{0.1, 0.1}},
		Sometimes{Op: ToGray{Channels: 3}}, RandomCrop{H: 16, W: 16, Pad: 2}, CutOut{Size: 3}, ImageNet, RandomErasing{}}}
	read := func(c Config, epoch int, index ...int) []float32 {
		src, err := Folder(tree(files), "d", c)
		require.NoError(t, err)
		var b dataset.Batch
		b.Epoch = epoch
		require.NoError(t, b.Fill(src, index))
		return tensor.Data[float32](b.X.Clone())
	}
	n := 3 * 16 * 16
	all := read(c, 5, 0, 1, 2, 3, 4, 5)
	c.Workers = 1
	assert.Equal(t, all, read(c, 5, 0, 1, 2, 3, 4, 5))
	assert.Equal(t, all[4*n:5*n], read(c, 5, 4))
	c.Workers = 5
	assert.Equal(t, all[4*n:5*n], read(c, 5, 1, 3, 4)[2*n:])
	assert.NotEqual(t, all, read(c, 6, 0, 1, 2, 3, 4, 5))
	c.Seed = 4
	assert.NotEqual(t, all, read(c, 5, 0, 1, 2, 3, 4, 5))
}

// An epoch has the same samples however many partitions read it, and other ones than the next epoch.
func TestEpochs(t *testing.T) {
	files := map[string][]byte{}
	for i := range 10 {
		files[fmt.Sprintf("d/%d/%d.jpg", i%2, i)] = noise(20, 20, uint64(i))
	}
	src, err := Folder(tree(files), "d", Config{Ops: Ops{RandomCrop{H: 8, W: 8}}})
	require.NoError(t, err)
	read := func(epoch, partitions int) (x []float32) {
		plan := dataset.Plan{N: src.Len(), BatchSize: 6, Partitions: partitions, Shuffle: true, Seed: 2}
		readers := make([]*dataset.Reader, partitions)
		for part := range readers {
			readers[part] = plan.Epoch(epoch).Open(src, part, 0)
			defer readers[part].Close()
		}
		for range plan.Steps() {
			for _, r := range readers {
				b, err := r.Next(t.Context())
				require.NoError(t, err)
				x = append(x, tensor.Data[float32](b.X)...)
			}
		}
		return x
	}
	assert.Equal(t, read(1, 1), read(1, 3))
	fixed := slices.Clone(read(1, 1))
	other := read(2, 1)
	slices.Sort(fixed) // the order differs by the shuffle; the crops, too
	slices.Sort(other)
	assert.NotEqual(t, fixed, other)
}

type boom struct{ Resize }

func (boom) Apply(*Image, *rand.Rand) { panic(errors.New("boom")) }

// A panic of an Op comes out on the goroutine of Fill's caller.
func TestOpPanics(t *testing.T) {
	fsys := tree(map[string][]byte{"d/a/0.png": plain(1, 1, 1), "d/a/1.png": plain(1, 1, 1)})
	src, err := Folder(fsys, "d", Config{Workers: 2, Ops: []Op{boom{Resize{H: 1, W: 1}}}})
	require.NoError(t, err)
	var b dataset.Batch
	assert.PanicsWithError(t, "boom", func() { b.Fill(src, []int{0, 1}) })
}

func TestConfigErrors(t *testing.T) {
	for _, c := range []struct {
		c    Config
		want string
	}{
		{Config{Unlabelled: true, ClassNames: []string{"a"}}, "Unlabelled, and 1 ClassNames"},
		{Config{MaxPixels: -1, Workers: 1}, "MaxPixels -1, MaxBytes 268435456, Workers 1: want none below 0"},
		{Config{Ops: []Op{nil}}, "Ops[0] is nil"},
		{Config{Bytes: true, Ops: []Op{ImageNet}}, "Bytes, but the Ops make floats"},
		{Config{Ops: []Op{ImageNet, Resize{H: 1, W: 1}}},
			"Ops[1], images.Resize: it works on pixels, and an Op before it has made floats"},
		{Config{Gray: true, Ops: []Op{ImageNet}}, "Ops[0], images.Normalize: 3 means and 3 stds for 1 channels"},
		{Config{Ops: []Op{CenterCrop{0, 3}}}, "Ops[0], images.CenterCrop: height 0 and width 3, want at least 1"},
		{Config{Ops: []Op{HorizontalFlip{P: 2}}}, "Ops[0], images.HorizontalFlip: field P 2, want 0 … 1"},
		{Config{Ops: []Op{RandomResizedCrop{H: 1, W: 1, Scale: [2]float64{1, 0.5}}}},
			"Ops[0], images.RandomResizedCrop: field Scale from 1 to 0.5, want numbers above 0 in order"},
		{Config{Ops: []Op{ColorJitter{Hue: 0.6}}}, "Ops[0], images.ColorJitter: field Hue 0.6, want 0 … 0.5"},
		{Config{Ops: []Op{Sometimes{Op: ToGray{}}}}, "Ops[0], images.Sometimes: images.ToGray makes " +
			"{C:1 H:0 W:0 Float:false} of {C:3 H:0 W:0 Float:false}, want no change"},
		{Config{Ops: []Op{CutOut{1, []float64{2}}}}, "Ops[0], images.CutOut: field Value [2] of pixels, want 0 … 1"},
		{Config{Ops: []Op{Affine{Scale: [2]float64{-1, 1}}}},
			"Ops[0], images.Affine: field Scale from -1 to 1, want numbers above 0 in order"},
	} {
		_, err := Decode(plain(1, 1, 1), c.c)
		assert.EqualError(t, err, "images: Config: "+c.want)
	}
}
