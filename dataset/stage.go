package dataset

import (
	"context"
	"fmt"
	"sync"

	"github.com/tutti-ml/tutti/tensor"
)

// This file holds the stage behind the window: samples that get their last form once a batch of them is together.

// Stage returns the samples of src in another form: finish makes b, laid out as spec, of raw, which holds samples of
// src; index has their numbers. It starts with b.Resize(raw.N, spec), or takes columns over with b.Swap, and may change
// raw, which nobody reads afterwards.
//
// finish is called from many goroutines at once, each with batches of its own, and must depend on nothing but raw,
// index and b.Epoch for a run to be repeatable. Each sample's result must not depend on the others of its batch, but
// for the length to which lists are padded.
//
// Of a source of Blocks it is one. What lies in a window and is read ahead are samples of src: encoded images, short
// lists, text. finish works on the batches that leave [Reader.Next], in ReadOptions.Workers goroutines for each
// partition. A source made of this one by Map, Filter, Subset or Split has finished samples in its window: a stage
// comes last.
func Stage(src Source, spec Spec, finish func(b, raw *Batch, index []int) error) Source {
	if err := spec.Validate(); err != nil {
		panic(err.Error())
	}
	s := &staged{src, spec, finish}
	if blocks, ok := src.(Blocks); ok {
		return &stagedBlocks{staged: s, src: blocks, starts: startsOf(blocks)}
	}
	return s
}

type staged struct {
	Source
	spec   Spec
	finish func(b, raw *Batch, index []int) error
}

func (s *staged) Spec() Spec { return s.spec }

func (s *staged) Fill(b *Batch, index []int) error {
	if err := b.under(1).Fill(s.Source, index); err != nil {
		return err
	}
	return s.make(b, index, false)
}

// make makes b of the batch under it, not believing that b has the layout of spec and as many samples. whole says that
// b is a run of a block, from which samples will be taken.
func (s *staged) make(b *Batch, index []int, whole bool) error {
	b.whole = whole
	if err := s.finish(b, b.raw, index); err != nil {
		return err
	}
	if !b.spec.sameLayout(s.spec) {
		return fmt.Errorf("dataset: %s: Stage gave columns %s, want %s", s.spec.Name, b.spec.names(), s.spec.names())
	}
	return b.check("Stage", s, len(index))
}

type stagedBlocks struct {
	*staged
	src    Blocks
	starts []int
	room   sync.Pool // of *[]int, for the numbers of a run
}

func (s *stagedBlocks) Blocks() []int { return s.src.Blocks() }

func (s *stagedBlocks) ReadBlock(ctx context.Context, b *Batch, block, lo, hi int) error {
	if err := b.under(1).readBlock(ctx, s.src, block, lo, hi); err != nil {
		return err
	}
	return withNumbers(&s.room, s.starts[block]+lo, hi-lo, func(index []int) error { return s.make(b, index, true) })
}

// withNumbers calls fn with first, first+1, …, n numbers in all.
func withNumbers(room *sync.Pool, first, n int, fn func(index []int) error) error {
	index, _ := room.Get().(*[]int)
	if index == nil {
		index = new([]int)
	}
	defer room.Put(index)
	*index = (*index)[:0]
	for i := range n {
		*index = append(*index, first+i)
	}
	return fn(*index)
}

// unstaged returns what src is made of once its stages are taken off, and those, the first to work first.
func unstaged(src Source) (Source, []*staged) {
	var s *staged
	switch v := src.(type) {
	case *staged:
		s = v
	case *stagedBlocks:
		s = v.staged
	default:
		return src, nil
	}
	from, stages := unstaged(s.Source)
	return from, append(stages, s)
}

// under returns the batch that b is made of after a number of stages; b itself after none.
func (b *Batch) under(stages int) *Batch {
	for range stages {
		if b.raw == nil {
			b.raw = new(Batch)
		}
		b.raw.Epoch = b.Epoch
		b = b.raw
	}
	return b
}

// finishStages makes b of the batch under all stages.
func (b *Batch) finishStages(stages []*staged, index []int) error {
	for i, s := range stages {
		if err := s.make(b.under(len(stages)-1-i), index, false); err != nil {
			return err
		}
	}
	return nil
}

// Narrow cuts the first axis of a plain column's samples to n, in this batch alone: [N, L, …] becomes [N, n, …], of
// each sample the first n, or the last. It is what a stage does last, to leave out what is padding in all samples of a
// batch; the Spec keeps L. Where b is not a batch but part of a window, it does nothing. It panics on an unknown or
// ragged column, and if n is not between 1 and L.
func (b *Batch) Narrow(name string, n int, last bool) {
	i := b.find("Narrow", name)
	c, s := &b.spec.Columns[i], &b.cols[i]
	if c.open() || len(c.Shape) == 0 || n < 1 || n > c.Shape[0] {
		panic(fmt.Sprintf("dataset: Batch.Narrow: column %q of shape %v, ragged or text %v, to %d",
			name, c.Shape, c.open(), n))
	}
	if b.whole || s.narrow || n == c.Shape[0] {
		return
	}
	row, rest, from := product(c.Shape), product(c.Shape[1:]), 0
	if last {
		from = row - n*rest
	}
	size, data := c.dtype().Size(), tensor.Bytes(s.view)
	for k := range b.N {
		copy(data[k*n*rest*size:], data[(k*row+from)*size:(k*row+from+n*rest)*size])
	}
	flat := s.view.Reshape(b.N*row).Slice(0, 0, b.N*n*rest)
	s.view, s.narrow = flat.Reshape(append([]int{b.N, n}, c.Shape[1:]...)...), true
	b.X, b.Y = b.tensorAt(b.spec.input()), b.tensorAt(b.spec.output())
}

// Swap exchanges the memory of column name of b with that of column theirs of from, and so their contents: how a stage
// takes a column over without a copy. It panics on an unknown name, and if the two differ in layout or the batches in
// N.
func (b *Batch) Swap(name string, from *Batch, theirs string) {
	i, j := b.find("Swap", name), from.find("Swap", theirs)
	x, y := b.spec.Columns[i], from.spec.Columns[j]
	if y.Name = x.Name; b.N != from.N || !x.sameLayout(&y) {
		panic(fmt.Sprintf("dataset: Batch.Swap: %d samples of column %q, %v%v, with %d of column %q, %v%v: they differ",
			b.N, name, x.dtype(), x.Shape, from.N, theirs, y.dtype(), y.Shape))
	}
	b.cols[i], from.cols[j] = from.cols[j], b.cols[i]
	b.X, b.Y = b.tensorAt(b.spec.input()), b.tensorAt(b.spec.output())
	from.X, from.Y = from.tensorAt(from.spec.input()), from.tensorAt(from.spec.output())
}
