package main

// Images: a folder of them as a table of their paths, and a column of paths or encoded images as an input.

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/images"
	"github.com/tutti-ml/tutti/dataset/table"
)

// imageForm is how images of a column become samples.
type imageForm struct {
	Size int       `json:"size"` // pixels each way
	Gray bool      `json:"gray,omitempty"`
	Mean []float64 `json:"mean"`
	Std  []float64 `json:"std"`
}

// newImageForm returns the form of images of some size, normalised as networks pretrained on ImageNet want them.
func newImageForm(size int, gray bool) *imageForm {
	if gray {
		return &imageForm{size, true, []float64{0.449}, []float64{0.226}} // the means of the three channels'
	}
	return &imageForm{size, false, images.ImageNet.Mean, images.ImageNet.Std}
}

func (f *imageForm) channels() int {
	if f.Gray {
		return 1
	}
	return 3
}

func (f *imageForm) check() error {
	if f.Size < 1 || f.Size > 1<<13 || len(f.Mean) != f.channels() || len(f.Std) != f.channels() {
		return fmt.Errorf("images of size %d, %d means, %d deviations", f.Size, len(f.Mean), len(f.Std))
	}
	return nil
}

// augments are the ways in which training images are varied.
var augments = []string{"none", "flip", "crop"}

// ops returns what is done to each image. Without variation the middle is cut out, from the shorter side on.
func (f *imageForm) ops(augment string) []images.Op {
	ops := []images.Op{images.ResizeShorter{Size: f.Size}, images.CenterCrop{H: f.Size, W: f.Size}}
	if augment == "crop" {
		ops = []images.Op{images.RandomResizedCrop{H: f.Size, W: f.Size}}
	}
	if augment == "crop" || augment == "flip" {
		ops = append(ops, images.HorizontalFlip{})
	}
	return append(ops, images.Normalize{Mean: f.Mean, Std: f.Std})
}

// decoded returns src with its images decoded; all else stays.
func (l *layout) decoded(src dataset.Source, augment string, seed uint64) (dataset.Source, error) {
	for _, c := range l.Inputs {
		if c.Image == nil {
			continue
		}
		config := images.Config{Gray: c.Image.Gray, Ops: c.Image.ops(augment), Seed: seed}
		var err error
		if src, err = images.Column(src, c.Name, table.OS(), config); err != nil {
			return nil, err
		}
	}
	return src, nil
}

// imageEndings are those of files that are images.
var imageEndings = []string{".jpg", ".jpeg", ".png"}

// openImages lists the images below a folder: their paths, and as their classes the names of the folders in it.
//
//	file   text, the path
//	class  text, the name of the folder in the given one; null of images that lie in none, and no column if all do
func openImages(_ context.Context, fsys fs.FS, name string, o readOptions) (table.Table, error) {
	rows := new(table.Rows)
	rows.Reset([]table.Field{
		{Name: "file", Type: table.Type{Kind: table.Text}},
		{Name: "class", Type: table.Type{Kind: table.Text}, Nullable: true},
	})
	some := false
	err := fs.WalkDir(fsys, name, func(file string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case file != name && hidden(e.Name()):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir():
			return nil
		case !slices.Contains(imageEndings, strings.ToLower(path.Ext(file))):
			if o.flags["skip-others"] {
				return nil
			}
			return table.Malformed(file, "is no image by its ending, want one of %s; --read skip-others=true leaves it out",
				strings.Join(imageEndings, ", "))
		}
		rows.Columns[0].AppendString(file)
		class, _, within := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(file, name), "/"), "/")
		if within {
			rows.Columns[1].AppendString(class)
			some = true
		} else {
			rows.Columns[1].AppendNull()
		}
		rows.N++
		return nil
	})
	if err != nil {
		return nil, err
	}
	if rows.N == 0 {
		return nil, table.Malformed(name, "has no images in it")
	}
	if !some {
		rows.Columns = rows.Columns[:1]
	}
	return table.FromRows(name, rows), nil
}

// hidden reports whether a file or folder is one that systems put beside images.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || slices.Contains([]string{"__MACOSX", "@eaDir", "Thumbs.db",
		"desktop.ini"}, name)
}
