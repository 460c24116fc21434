package images

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// Column returns src with a column of encoded images decoded: [C, H, W] in its place, under its name. All other columns
// stay.
//
//	bytes (ragged Uint8)   the encoded image, as a Binary column of Parquet gives it
//	text, files nil        the encoded image in Base64, behind "data:image/…;base64," or not, as in CSV and JSON Lines
//	text, files not nil    the path of an image in files
//
// It is a dataset.Stage: what lies in a window and is read ahead are encoded images, and a batch is decoded when it is
// together. Random Ops draw by the sample's number in src. ClassNames, Unlabelled, Extensions and SkipOthers have no
// meaning here. An error names source, column and sample, and the
// file of a path.
func Column(src dataset.Source, name string, files fs.FS, c Config) (dataset.Source, error) {
	spec := src.Spec()
	c = c.withDefaults(spec.Name)
	i := spec.Find(name)
	if i < 0 {
		var names []string
		for _, have := range spec.Columns {
			names = append(names, have.Name)
		}
		return nil, fmt.Errorf("images: Column: %s has no column %q, it has %q", spec.Name, name, names)
	}
	f := spec.Columns[i]
	isBytes := f.Ragged && !f.Text && f.DType == tensor.Uint8 && len(f.Shape) == 0
	if !isBytes && (!f.Text || f.Ragged) {
		return nil, fmt.Errorf("images: Column: column %q of %s is %v of shape %v, ragged %v, text %v: want bytes or text", name,
			spec.Name, f.DType, f.Shape, f.Ragged, f.Text)
	}
	s := &column{pipeline: newPipeline(c), name: name, text: f.Text, files: files}
	err := s.measure(func() (string, []byte, error) {
		if src.Len() == 0 {
			return "", nil, dataset.Malformed(spec.Name,
				"has no image whose size could be taken; end the Ops with a Resize or a crop")
		}
		in := new(dataset.Batch)
		if err := in.Fill(src, []int{0}); err != nil {
			return "", nil, err
		}
		data, err := s.encoded(in)(new(worker), 0)
		return fmt.Sprintf("%s: column %q, sample 0", spec.Name, name), data, err
	})
	if err != nil {
		return nil, err
	}
	s.spec = spec
	s.spec.Name = c.Name
	s.spec.Columns = slices.Clone(spec.Columns)
	s.spec.Columns[i] = s.pipeline.column(name)
	return dataset.Stage(src, s.spec, s.finish), nil
}

// column decodes one column of a source.
type column struct {
	*pipeline
	spec  dataset.Spec
	name  string
	text  bool
	files fs.FS
}

// finish makes b of raw, which has the image encoded.
func (s *column) finish(b, raw *dataset.Batch, index []int) error {
	b.Resize(raw.N, s.spec)
	for _, c := range s.spec.Columns {
		if c.Name != s.name {
			b.Swap(c.Name, raw, c.Name)
		}
	}
	out, encoded := b.Col(s.name), s.encoded(raw)
	return s.each(raw.N, func(w *worker, at int) error {
		data, err := encoded(w, at)
		if err == nil {
			err = s.into(out, at, w, data, b.Epoch, index[at])
		}
		if err == nil {
			return nil
		}
		if s.text && s.files != nil {
			if path := string(raw.Text(s.name, at)); !strings.Contains(err.Error(), path) {
				err = fmt.Errorf("%s: %w", path, err)
			}
		}
		return dataset.Malformed(s.Name, "column %q, sample %d: %w", s.name, index[at], err)
	})
}

// encoded returns what gives the bytes of image at of b, which may lie in b or in w. It may be called by many goroutines
// at once, which b.Ragged may not.
func (s *column) encoded(b *dataset.Batch) func(w *worker, at int) ([]byte, error) {
	switch {
	case !s.text:
		values, offsets := b.Ragged(s.name)
		return func(_ *worker, at int) (data []byte, err error) {
			if offsets[at] < offsets[at+1] {
				data = tensor.Data[uint8](values)[offsets[at]:offsets[at+1]]
			}
			return data, s.fits(len(data))
		}
	case s.files != nil:
		return func(w *worker, at int) (data []byte, err error) {
			w.data, err = readFile(w.data, s.files, string(b.Text(s.name, at)), s.MaxBytes)
			return w.data, err
		}
	}
	return func(w *worker, at int) (data []byte, err error) {
		text := b.Text(s.name, at)
		if bytes.HasPrefix(text, []byte("data:")) {
			_, text, _ = bytes.Cut(text, []byte(","))
		}
		if err := s.fits(base64.StdEncoding.DecodedLen(len(text))); err != nil {
			return nil, err
		}
		w.data, err = base64.StdEncoding.AppendDecode(w.data[:0], text)
		if err != nil {
			return nil, fmt.Errorf("is no Base64: %w", err)
		}
		return w.data, nil
	}
}

func (s *column) fits(n int) error {
	if int64(n) > s.MaxBytes {
		return fmt.Errorf("has %d bytes, the limit is %d", n, s.MaxBytes)
	}
	return nil
}
