package dataset

import (
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/tensor"
)

// This file holds the ragged and text columns of a batch: values one after the other, and offsets, as Arrow's lists.

// Ragged returns a ragged or text column: sample i has values[offsets[i]:offsets[i+1]]. Of text the values are bytes,
// Uint8; of lists of strings the offsets are those of all strings, and Lists says which sample has which. Both belong
// to b. The tensor is a new view where the number of values changed; that is all it allocates. It panics on an
// unknown name, and if the column is plain, which Col gives.
//
//	values [Σ, Shape...]   offsets [N+1], from 0 to Σ
func (b *Batch) Ragged(name string) (values *tensor.Tensor, offsets []int64) {
	s := b.mustOpen("Ragged", name)
	return s.values(&b.spec.Columns[b.spec.Find(name)]), s.offsets
}

// Lists returns, of a column of lists of strings, where each sample begins among the strings: sample i has those
// numbered offsets[i] … offsets[i+1]-1. It panics if the column is another.
func (b *Batch) Lists(name string) (offsets []int64) {
	s := b.mustOpen("Lists", name)
	if s.lists == nil {
		panic(fmt.Sprintf("dataset: Batch.Lists: column %q of %s holds no lists of strings", name, b.spec.Name))
	}
	return s.lists
}

// Text returns string number i of a text column as bytes that belong to b: that of sample i, or, of lists of strings,
// the i-th of all. It panics if the column is not text, or there is no such string.
func (b *Batch) Text(name string, i int) []byte {
	s := b.mustText("Text", name)
	if i < 0 || i >= len(s.offsets)-1 {
		panic(fmt.Sprintf("dataset: Batch.Text: string %d of column %q, which has %d", i, name, len(s.offsets)-1))
	}
	if s.full == 0 {
		return nil
	}
	return tensor.Data[uint8](s.room)[s.offsets[i]:s.offsets[i+1]]
}

// Strings returns copies of all strings of a text column, in order. It panics if the column is not text.
func (b *Batch) Strings(name string) []string {
	out := make([]string, len(b.mustText("Strings", name).offsets)-1)
	for i := range out {
		out[i] = string(b.Text(name, i))
	}
	return out
}

// Grow makes room for n elements in all in a ragged or text column, and returns them to be written, beside the
// offsets, which the caller sets too: offsets[0] is 0, offsets[N] is n. Elements that were there before stay. Memory
// grows by a quarter more than is needed, so that a column that is filled bit by bit is copied a few times only. See
// SetRagged for a sample at a time.
func (b *Batch) Grow(name string, n int) (values *tensor.Tensor, offsets []int64) {
	s, c := b.mustOpen("Grow", name), &b.spec.Columns[b.spec.Find(name)]
	s.grow(c, n)
	return s.values(c), s.offsets
}

// GrowLists makes room for n strings in all in a column of lists of strings, and returns the offsets of the samples
// among the strings [N+1] and of the strings among the bytes [n+1], both to be set by the caller; Grow then gives
// room for the bytes.
func (b *Batch) GrowLists(name string, n int) (lists, offsets []int64) {
	lists = b.Lists(name)
	s := b.mustOpen("GrowLists", name)
	s.offsets = lengthen(s.offsets, n+1)
	return lists, s.offsets
}

// SetRagged sets the elements of sample i of a ragged column, whose Shape has product(Shape) of them an element.
// Samples are set in order, from 0 on. It panics if they are not, and if T is not the column's dtype.
func SetRagged[T tensor.Elem](b *Batch, name string, i int, values []T) {
	s, c := b.mustOpen("SetRagged", name), &b.spec.Columns[b.spec.Find(name)]
	size := product(c.Shape)
	if c.Text || len(values)%size != 0 {
		panic(fmt.Sprintf("dataset: SetRagged: %d values for column %q of elements of shape %v, text %v",
			len(values), name, c.Shape, c.Text))
	}
	from := s.begin("SetRagged", c, i, b.N, len(values)/size)
	copy(tensor.Data[T](s.room)[from*size:], values)
}

// SetText sets the string of sample i of a text column, or its strings if they are lists. Samples are set in order,
// from 0 on. It panics if they are not, and if text is not one string where the column has one a sample.
func (b *Batch) SetText(name string, i int, text ...string) {
	s, c := b.mustText("SetText", name), &b.spec.Columns[b.spec.Find(name)]
	if !c.Ragged {
		if len(text) != 1 {
			panic(fmt.Sprintf("dataset: Batch.SetText: %d strings for sample %d of column %q, which has one",
				len(text), i, name))
		}
		from := s.begin("SetText", c, i, b.N, len(text[0]))
		copy(tensor.Data[uint8](s.room)[from:], text[0])
		return
	}
	if i < 0 || i >= b.N || s.lists[i] != int64(len(s.offsets)-1) {
		panic(fmt.Sprintf("dataset: Batch.SetText: sample %d of column %q out of order", i, name))
	}
	for _, word := range text {
		from := s.full
		s.grow(c, from+len(word))
		copy(tensor.Data[uint8](s.room)[from:], word)
		s.offsets = append(s.offsets, int64(s.full))
	}
	s.lists[i+1] = int64(len(s.offsets) - 1)
}

// begin makes room for n elements of sample i and returns where they begin.
func (s *store) begin(op string, c *Column, i, samples, n int) int {
	if i < 0 || i >= samples || s.offsets[i] != int64(s.full) {
		panic(fmt.Sprintf("dataset: %s: sample %d of column %q out of order", op, i, c.Name))
	}
	from := s.full
	s.grow(c, from+n)
	s.offsets[i+1] = int64(s.full)
	return from
}

// rows returns the offsets that there is one of for each sample.
func (s *store) rows(c *Column) []int64 {
	if c.Ragged && c.Text {
		return s.lists
	}
	return s.offsets
}

// grow makes an open column hold n elements, the first of which stay.
func (s *store) grow(c *Column, n int) {
	if s.room == nil || n > s.room.Dim(0) {
		room := tensor.New(c.dtype(), append([]int{n + n/4}, c.Shape...)...)
		if s.full > 0 {
			copy(tensor.Bytes(room), tensor.Bytes(s.room))
		}
		s.room, s.view = room, nil
	}
	s.full = n
}

func (s *store) values(c *Column) *tensor.Tensor {
	s.grow(c, s.full)
	if s.view == nil || s.view.Dim(0) != s.full {
		s.view = s.room.Slice(0, 0, s.full)
	}
	return s.view
}

// lengthen returns s with n elements, the first of which stay.
func lengthen(s []int64, n int) []int64 {
	if n <= cap(s) {
		return s[:n]
	}
	return slices.Grow(s, n-len(s))[:n]
}

func (b *Batch) mustOpen(op, name string) *store {
	i := b.find(op, name)
	if !b.spec.Columns[i].open() {
		panic(fmt.Sprintf("dataset: Batch.%s: column %q of %s is not ragged: it is Col's", op, name, b.spec.Name))
	}
	return &b.cols[i]
}

func (b *Batch) mustText(op, name string) *store {
	i := b.find(op, name)
	if !b.spec.Columns[i].Text {
		panic(fmt.Sprintf("dataset: Batch.%s: column %q of %s is not text", op, name, b.spec.Name))
	}
	return &b.cols[i]
}
