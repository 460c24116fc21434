package dataset

import (
	"fmt"

	"github.com/tutti-ml/tutti/tensor"
)

// Batch is a number of samples side by side, in named columns.
//
//	X is the first column that is not the target, Y the target; nil if there is none, or it is ragged or text
//
// A batch from Reader.Next belongs to the consumer until it asks for the next. With N = 0 every column has no
// elements. In the usual case of a source of inputs and labels X is [N, Shape...] Float32 and Y [N] Int64.
type Batch struct {
	X, Y *tensor.Tensor
	N    int

	// Epoch is the epoch that the batch is read for, 0 outside of one: a random transform is a function of (seed,
	// Epoch, sample number).
	Epoch int

	spec Spec    // layout of the storage
	cols []store // one a column
	seen *seeker // decoded runs of a source of blocks, for Gather

	raw   *Batch // of a source made by Stage: what this batch is made of
	index []int  // the samples' numbers, where openBlocks has filled it
	whole bool   // it is a run of a block: Narrow does nothing
}

// store is the memory of one column of a batch.
type store struct {
	room *tensor.Tensor // plain: [≥ N, Shape...]; open: [≥ elements, Shape...]
	view *tensor.Tensor // of room, for N samples, or of an open column's values
	full int            // elements an open column holds

	narrow bool // view is Narrow's

	offsets []int64 // open: [N+1], where each sample begins in values; of lists of strings [strings+1], each string
	lists   []int64 // lists of strings: [N+1], where each sample begins among the strings
}

// Spec returns the layout of the batch, as its source gave it.
func (b *Batch) Spec() Spec { return b.spec }

// Fill fills b from src, and returns an error if src gave another number of samples than asked for. It is how this
// module reads every source.
func (b *Batch) Fill(src Source, index []int) error {
	if err := src.Fill(b, index); err != nil {
		return err
	}
	return b.check("Fill", src, len(index))
}

// check reports a batch of another number of samples than the n that were asked for.
func (b *Batch) check(op string, src Source, n int) error {
	name := src.Spec().Name
	switch {
	case b.N != n:
		return fmt.Errorf("dataset: %s: %s was asked for %d samples and gave N = %d", name, op, n, b.N)
	case b.X == nil && b.takesTensor(b.spec.input()), b.X != nil && (b.X.Rank() < 1 || b.X.Dim(0) != n):
		return fmt.Errorf("dataset: %s: %s was asked for %d samples and gave X %s", name, op, n, shapeOf(b.X))
	case b.Y != nil && (b.Y.Rank() < 1 || b.Y.Dim(0) != n):
		return fmt.Errorf("dataset: %s: %s was asked for %d samples and gave Y %s", name, op, n, shapeOf(b.Y))
	}
	for i := range b.cols {
		c, s := &b.spec.Columns[i], &b.cols[i]
		if !c.open() {
			continue
		}
		if rows := s.rows(c); len(rows) != n+1 || rows[0] != 0 || s.offsets[len(s.offsets)-1] != int64(s.full) {
			return fmt.Errorf("dataset: %s: %s was asked for %d samples and gave %d offsets in column %q that end at %d of %d",
				name, op, n, len(rows), c.Name, s.offsets[len(s.offsets)-1], s.full)
		}
	}
	return nil
}

// takesTensor reports whether column i is there and has the same number of elements in each sample.
func (b *Batch) takesTensor(i int) bool {
	return i < 0 && len(b.cols) == 0 || i >= 0 && !b.spec.Columns[i].open()
}

func shapeOf(t *tensor.Tensor) string {
	if t == nil {
		return "nil"
	}
	return fmt.Sprint(t.Shape())
}

// Resize makes b a batch of n samples laid out as spec says. The elements are unspecified until the caller sets all
// of them; ragged and text columns hold nothing, until Grow, SetRagged or SetText fills them. Storage is reused: it
// allocates only where n or the layout differs from the call before. It panics if spec is none.
func (b *Batch) Resize(n int, spec Spec) {
	if b.cols == nil || !b.spec.sameLayout(spec) {
		if err := spec.Validate(); err != nil {
			panic(err.Error())
		}
		b.cols = make([]store, len(spec.Columns))
	}
	b.spec, b.N = spec, n
	for i := range b.cols {
		c, s := &spec.Columns[i], &b.cols[i]
		if c.open() {
			s.full = 0
			if c.Ragged && c.Text {
				s.lists, s.offsets = zeros(s.lists, n+1), zeros(s.offsets, 1)
			} else {
				s.offsets = zeros(s.offsets, n+1)
			}
			continue
		}
		switch {
		case s.room == nil || n > s.room.Dim(0):
			s.room = tensor.New(c.dtype(), append([]int{n}, c.Shape...)...)
			s.view = s.room
		case n != s.view.Dim(0) || s.narrow:
			s.view = s.room.Slice(0, 0, n)
		}
		s.narrow = false
	}
	b.X, b.Y = b.tensorAt(spec.input()), b.tensorAt(spec.output())
}

func (b *Batch) tensorAt(i int) *tensor.Tensor {
	if i < 0 || b.spec.Columns[i].open() {
		return nil
	}
	return b.cols[i].view
}

// zeros returns s with n zeros, in its own memory where that is large enough.
func zeros(s []int64, n int) []int64 {
	if cap(s) < n {
		return make([]int64, n, n+n/4)
	}
	s = s[:n]
	clear(s)
	return s
}

// find returns the place of a column; it panics if there is none of that name.
func (b *Batch) find(op, name string) int {
	i := b.spec.Find(name)
	if i < 0 {
		panic(fmt.Sprintf("dataset: Batch.%s: %s has no column %q, it has %s", op, b.spec.Name, name, b.spec.names()))
	}
	return i
}

// Has reports whether the batch has a column of that name.
func (b *Batch) Has(name string) bool { return b.spec.Find(name) >= 0 }

// Col returns a column [N, Shape...] in its own dtype. It belongs to b, as X and Y do. It panics on an unknown name,
// and if the column is ragged or text, whose elements Ragged gives.
func (b *Batch) Col(name string) *tensor.Tensor {
	i := b.find("Col", name)
	if b.spec.Columns[i].open() {
		panic(fmt.Sprintf("dataset: Batch.Col: column %q of %s is ragged: its elements are Ragged's", name, b.spec.Name))
	}
	return b.cols[i].view
}
