package images

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// Folder returns the images below a folder of fsys: a folder for each class, with its images in it or in folders
// within.
//
//	dir/cat/1.jpg, dir/cat/more/2.png, dir/dog/1.jpg   classes cat = 0, dog = 1
//
// The columns are "x" [C, H, W] and "y", the class, whose ClassNames are the folders' names. Samples go by class,
// folder and name, as torchvision's ImageFolder numbers them. Hidden files and folders are left out: names that begin
// with a dot (.DS_Store, ._1.jpg), __MACOSX, @eaDir, Thumbs.db, desktop.ini. Only names are read when it opens, and the
// first image where the Ops leave its size open. An error names the file.
func Folder(fsys fs.FS, dir string, c Config) (dataset.Source, error) {
	c = c.withDefaults(dir)
	f := &folder{pipeline: newPipeline(c), fsys: fsys}
	if err := f.list(dir, &c); err != nil {
		return nil, err
	}
	err := f.measure(func() (string, []byte, error) {
		if len(f.files) == 0 {
			return "", nil, dataset.Malformed(dir, "has no image whose size could be taken; end the Ops with a Resize or a crop")
		}
		data, err := f.read(nil, 0)
		return f.name(0), data, err
	})
	if err != nil {
		return nil, err
	}
	f.spec = dataset.Spec{Name: c.Name, Columns: []dataset.Column{f.column("x")}}
	if !c.Unlabelled {
		f.spec.Columns = append(f.spec.Columns, dataset.Column{Name: "y", DType: tensor.Int64, Classes: len(f.classes),
			ClassNames: f.classes})
		f.spec.Target = "y"
	}
	return f, nil
}

// folder is a source of files.
type folder struct {
	*pipeline
	fsys    fs.FS
	spec    dataset.Spec
	classes []string
	dirs    []directory
	files   []file
}

// directory is a folder that has images.
type directory struct {
	path  string
	class int64
}

type file struct {
	dir  int32
	name string
}

func (f *folder) Len() int           { return len(f.files) }
func (f *folder) Spec() dataset.Spec { return f.spec }

func (f *folder) name(i int) string { return path.Join(f.dirs[f.files[i].dir].path, f.files[i].name) }

func (f *folder) Fill(b *dataset.Batch, index []int) error {
	b.Resize(len(index), f.spec)
	if !f.Unlabelled {
		y := tensor.Data[int64](b.Y)
		for at, i := range index {
			f.check(i)
			y[at] = f.dirs[f.files[i].dir].class
		}
	}
	return f.each(len(index), func(w *worker, at int) error {
		f.check(index[at])
		var err error
		if w.data, err = f.read(w.data, index[at]); err != nil {
			return err
		}
		if err := f.into(b.X, at, w, w.data, b.Epoch, index[at]); err != nil {
			return dataset.Malformed(f.name(index[at]), "%w", err)
		}
		return nil
	})
}

func (f *folder) check(i int) {
	if i < 0 || i >= len(f.files) {
		panic(fmt.Sprintf("images: Fill: sample %d of %s, which has %d", i, f.Name, len(f.files)))
	}
}

// read reads a file into the memory of buffer.
func (f *folder) read(buffer []byte, i int) ([]byte, error) {
	return readFile(buffer, f.fsys, f.name(i), f.MaxBytes)
}

func readFile(buffer []byte, fsys fs.FS, name string, limit int64) ([]byte, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return buffer, fmt.Errorf("images: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return buffer, fmt.Errorf("images: %w", err)
	}
	if info.Size() > limit {
		return buffer, dataset.Malformed(name, "has %d bytes, the limit is %d", info.Size(), limit)
	}
	buffer = slices.Grow(buffer[:0], int(info.Size())+1)
	for {
		n, err := file.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		switch {
		case err == io.EOF:
			return buffer, nil
		case err != nil:
			return buffer, fmt.Errorf("images: %s: %w", name, err)
		case int64(len(buffer)) > limit:
			return buffer, dataset.Malformed(name, "has more than %d bytes, the limit", limit)
		case len(buffer) == cap(buffer):
			buffer = slices.Grow(buffer, len(buffer)+512)
		}
	}
}
