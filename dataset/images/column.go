package images

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"slices"
	"sync"

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
// Of a source of Blocks it is one: images are decoded where blocks are read, and the window that is shuffled (see
// Plan.Window) holds decoded samples, which Config.Bytes makes four times smaller. Random Ops draw by the sample's number
// in src. ClassNames, Unlabelled, Extensions and SkipOthers have no meaning here. An error names source, column and
// sample.
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
	s := &column{pipeline: newPipeline(c), src: src, name: name, text: f.Text, files: files}
	s.spare.New = func() any { return new(dataset.Batch) }
	err := s.measure(func() (string, []byte, error) {
		if src.Len() == 0 {
			return "", nil, dataset.Malformed(spec.Name,
				"has no image whose size could be taken; end the Ops with a Resize or a crop")
		}
		in := new(dataset.Batch)
		if err := in.Fill(src, []int{0}); err != nil {
			return "", nil, err
		}
		data, err := s.encoded(in, 0, new(worker))
		return fmt.Sprintf("%s: column %q, sample 0", spec.Name, name), data, err
	})
	if err != nil {
		return nil, err
	}
	s.spec = spec
	s.spec.Name = c.Name
	s.spec.Columns = slices.Clone(spec.Columns)
	s.spec.Columns[i] = s.pipeline.column(name)
	blocks, ok := src.(dataset.Blocks)
	if !ok {
		return s, nil
	}
	b := &columnBlocks{column: s, blocks: blocks, starts: []int{0}}
	for _, n := range blocks.Blocks() {
		b.starts = append(b.starts, b.starts[len(b.starts)-1]+n)
	}
	return b, nil
}

// column is a source with one column decoded.
type column struct {
	*pipeline
	src   dataset.Source
	spec  dataset.Spec
	name  string
	text  bool
	files fs.FS
	spare sync.Pool // of *dataset.Batch, as src fills it
}

func (s *column) Len() int           { return s.src.Len() }
func (s *column) Spec() dataset.Spec { return s.spec }

func (s *column) Fill(b *dataset.Batch, index []int) error {
	in := s.spare.Get().(*dataset.Batch)
	defer s.spare.Put(in)
	in.Epoch = b.Epoch
	if err := in.Fill(s.src, index); err != nil {
		return err
	}
	return s.decode(context.Background(), b, in, func(at int) int { return index[at] })
}

// decode makes b of in, whose sample at has the number that number gives.
func (s *column) decode(ctx context.Context, b, in *dataset.Batch, number func(at int) int) error {
	b.Resize(in.N, s.spec)
	for _, c := range s.spec.Columns {
		if c.Name != s.name {
			carry(b, in, c)
		}
	}
	out := b.Col(s.name)
	return s.each(in.N, func(w *worker, at int) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		data, err := s.encoded(in, at, w)
		if err == nil {
			err = s.into(out, at, w, data, b.Epoch, number(at))
		}
		if err != nil {
			return dataset.Malformed(s.Name, "column %q, sample %d: %w", s.name, number(at), err)
		}
		return nil
	})
}

// encoded returns the bytes of an image, which may lie in in or in w.
func (s *column) encoded(in *dataset.Batch, at int, w *worker) (data []byte, err error) {
	if !s.text {
		values, offsets := in.Ragged(s.name)
		if offsets[at] < offsets[at+1] {
			data = tensor.Data[uint8](values)[offsets[at]:offsets[at+1]]
		}
		return data, s.fits(len(data))
	}
	text := in.Text(s.name, at)
	if s.files != nil {
		w.data, err = readFile(w.data, s.files, string(text), s.MaxBytes)
		return w.data, err
	}
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

func (s *column) fits(n int) error {
	if int64(n) > s.MaxBytes {
		return fmt.Errorf("has %d bytes, the limit is %d", n, s.MaxBytes)
	}
	return nil
}

// carry copies a column.
func carry(b, in *dataset.Batch, c dataset.Column) {
	if !c.Ragged && !c.Text {
		copy(tensor.Bytes(b.Col(c.Name)), tensor.Bytes(in.Col(c.Name)))
		return
	}
	values, offsets := in.Ragged(c.Name)
	if c.Ragged && c.Text {
		lists, _ := b.GrowLists(c.Name, len(offsets)-1)
		copy(lists, in.Lists(c.Name))
	}
	to, ends := b.Grow(c.Name, values.Dim(0))
	copy(ends, offsets)
	if values.Len() > 0 {
		copy(tensor.Bytes(to), tensor.Bytes(values))
	}
}

// columnBlocks is a column of a source of blocks.
type columnBlocks struct {
	*column
	blocks dataset.Blocks
	starts []int // of the blocks, and their end
}

func (s *columnBlocks) Blocks() []int { return s.blocks.Blocks() }

func (s *columnBlocks) Fill(b *dataset.Batch, index []int) error { return b.Gather(s, index) }

func (s *columnBlocks) ReadBlock(ctx context.Context, b *dataset.Batch, block, lo, hi int) error {
	in := s.spare.Get().(*dataset.Batch)
	defer s.spare.Put(in)
	in.Epoch = b.Epoch
	if err := s.blocks.ReadBlock(ctx, in, block, lo, hi); err != nil {
		return err
	}
	if in.N != hi-lo {
		return fmt.Errorf("images: %s: block %d was asked for %d samples and gave %d", s.Name, block, hi-lo, in.N)
	}
	return s.decode(ctx, b, in, func(at int) int { return s.starts[block] + lo + at })
}
