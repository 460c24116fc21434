package main

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// shapes writes a folder of images of 12 by 8 pixels: horizontal and vertical stripes.
func shapes(t *testing.T, dir string, n int) {
	t.Helper()
	for i := range n {
		im := image.NewGray(image.Rect(0, 0, 12, 8))
		kind := []string{"across", "down"}[i%2]
		for y := range 8 {
			for x := range 12 {
				at := y
				if kind == "down" {
					at = x
				}
				if (at+i/2)%4 < 2 {
					im.Set(x, y, color.White)
				}
			}
		}
		require.NoError(t, os.MkdirAll(filepath.Join(dir, kind), 0o755))
		f, err := os.Create(filepath.Join(dir, kind, fmt.Sprintf("%02d.png", i)))
		require.NoError(t, err)
		require.NoError(t, png.Encode(f, im))
		require.NoError(t, f.Close())
	}
}

// TestTrainOnImages trains on a folder of images, and on a table of their paths, and names the classes of others.
func TestTrainOnImages(t *testing.T) {
	dir := t.TempDir()
	shapes(t, filepath.Join(dir, "photos"), 40)
	write(t, dir, "photos/.DS_Store", "")
	write(t, dir, "photos/across/Thumbs.db", "")
	out, errs, code := here(t, dir, "data", "show", "images:photos")
	require.Zero(t, code, errs)
	require.Regexp(t, `photos: 40 rows .*(?s:.*)class: across 20 \(50.0 %\), down 20 \(50.0 %\)`, out)

	args := []string{"train", "--image-size", "8", "--gray", "--model", "mlp", "--model-set", "hidden=32", "--epochs",
		"15", "--lr", "0.01", "--batch", "8"}
	out, errs, code = here(t, dir, append(args, "--data", "images:photos", "--out", "a")...)
	require.Zero(t, code, errs)
	require.Contains(t, out, "data     photos: 32 training and 8 test samples of [1 8 8]\n")
	require.Contains(t, out, "test accuracy 100.00 % (8 of 8)")
	_, errs, code = here(t, dir, "data", "convert", "images:photos", "list.csv")
	require.Zero(t, code, errs)
	_, errs, code = here(t, dir, append(args, "--data", "list.csv", "--images", "file", "--target", "class", "--out",
		"b")...)
	require.Zero(t, code, errs)
	require.Equal(t, weightsOf(t, "a"), weightsOf(t, "b"))
	_, errs, code = here(t, dir, append(args, "--data", "images:photos", "--out", "c", "--augment", "crop")...)
	require.Zero(t, code, errs)
	require.NotEqual(t, weightsOf(t, "a"), weightsOf(t, "c"))

	require.NoError(t, os.MkdirAll("new", 0o755))
	require.NoError(t, os.Rename("photos/down/01.png", "new/one.png"))
	_, errs, code = here(t, dir, "predict", "a", "images:new", "named.csv")
	require.Zero(t, code, errs)
	require.Regexp(t, `^file,prediction,probability\nnew/one.png,down,0.9\d+\n$`, read(t, "named.csv"))
	out, errs, code = here(t, dir, "evaluate", "a", "images:photos")
	require.Zero(t, code, errs)
	require.Regexp(t, `samples +39\n(?s:.*)accuracy +1\n`, out)
}

func TestImageErrors(t *testing.T) {
	dir := t.TempDir()
	shapes(t, filepath.Join(dir, "photos"), 4)
	write(t, dir, "mixed/a/notes.txt", "")
	write(t, dir, "bad/a/1.png", "no image")
	write(t, dir, "bad/b/2.png", "no image")
	write(t, dir, "numbers.csv", "a,label\n1,0\n")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "empty"), 0o755))
	for _, c := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"--data", "images:mixed"}, "mixed/a/notes.txt: is no image by its ending, want one of .jpg", 1},
		{[]string{"--data", "images:mixed", "--read", "skip-others=true"}, "mixed: has no images in it", 1},
		{[]string{"--data", "images:empty"}, "empty: has no images in it", 1},
		{[]string{"--data", "images:nowhere"}, "nowhere", 1},
		{[]string{"--data", "images:bad", "--holdout", "0", "--image-size", "8", "--model", "mlp"},
			`column "file", sample `, 1},
		{[]string{"--data", "images:photos", "--augment", "turn"}, `--augment "turn", want one of none, flip, crop`, 2},
		{[]string{"--data", "images:photos", "--image-size", "0"}, "--image-size 0, want a number from 1 to 8192", 2},
		{[]string{"--data", "numbers.csv", "--images", "a"}, `--images: column "a" is int64, want text or binary`, 2},
		{[]string{"--data", "numbers.csv", "--images", "b"}, `--images: "b" is no input, these are: a`, 2},
		{[]string{"--data", "numbers.csv", "--gray"}, "--gray has no effect: there are no --images", 2},
	} {
		_, errs, code := here(t, dir, append([]string{"train", "--epochs", "1"}, c.args...)...)
		require.Contains(t, errs, c.want, "%q", c.args)
		require.Equal(t, c.code, code, "%q: %s", c.args, errs)
	}
}
