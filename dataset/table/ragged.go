package table

import (
	"slices"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// This file fills the columns of a batch whose samples differ in length.

// ragged sets a ragged column.
func (p *part) ragged(b *dataset.Batch, c *Column) (row int, err error) {
	n := c.Len()
	if n == 0 {
		return 0, nil
	}
	if c.Valid != nil && p.pick.Null == NullError {
		if i := slices.Index(c.Valid, false); i >= 0 {
			return i, ErrNull
		}
	}
	first := c.Offsets[0]
	total := int(c.Offsets[n] - first)
	values, offsets := b.Grow(p.column.Name, total)
	for i := range offsets {
		offsets[i] = c.Offsets[i] - first
	}
	rowOf := func(element int) int {
		i, _ := slices.BinarySearch(offsets, int64(element)+1)
		return i - 1
	}
	if o := &p.from[0]; c.Type.Kind == Binary || len(o.dims) == 0 {
		leaf := c.Elem
		if c.Type.Kind == Binary {
			leaf = c
		}
		if bad, err := p.put(values, 0, 1, leaf, int(first), total, 1); err != nil {
			return rowOf(bad), err
		}
	} else {
		for i := range total {
			leaf, from, null, err := locate(c.Elem, int(first)+i, o.dims)
			if err == nil && null {
				err = ErrNull
			}
			if err == nil {
				_, err = p.put(values, i*p.size, p.size, leaf, from, 1, o.width)
			}
			if err != nil {
				return rowOf(i), err
			}
		}
	}
	if p.column.Classes > 0 {
		bad, err := inClasses(tensor.Data[int64](values), p.column.Classes, p.size)
		if err != nil {
			return rowOf(bad), err
		}
	}
	return 0, nil
}

// text sets a column of text, or of lists of text.
func (p *part) text(b *dataset.Batch, c *Column) (row int, err error) {
	name := p.column.Name
	words := c
	if p.column.Ragged {
		words = c.Elem
	}
	if c.Valid != nil || words.Valid != nil {
		return p.textWithNulls(b, c)
	}
	n := c.Len()
	if n == 0 {
		return 0, nil
	}
	lo, hi := 0, n
	if p.column.Ragged {
		lo, hi = int(c.Offsets[0]), int(c.Offsets[n])
		lists, _ := b.GrowLists(name, hi-lo)
		for i := range lists {
			lists[i] = c.Offsets[i] - c.Offsets[0]
		}
	}
	begin, end := words.Offsets[lo], words.Offsets[hi]
	values, offsets := b.Grow(name, int(end-begin))
	if end > begin {
		copy(tensor.Data[uint8](values), words.Data[begin:end])
	}
	for i := range offsets {
		offsets[i] = words.Offsets[lo+i] - begin
	}
	return 0, nil
}

func (p *part) textWithNulls(b *dataset.Batch, c *Column) (row int, err error) {
	word := func(c *Column, i int) (string, error) {
		if !c.Null(i) {
			return string(c.Bytes(i)), nil
		}
		if p.pick.Null == NullError {
			return "", ErrNull
		}
		return p.pick.FillText, nil
	}
	var list []string
	for row := range c.Len() {
		list = list[:0]
		if !p.column.Ragged {
			w, err := word(c, row)
			if err != nil {
				return row, err
			}
			list = append(list, w)
		} else if c.Null(row) && p.pick.Null == NullError {
			return row, ErrNull
		} else {
			for i := c.Offsets[row]; i < c.Offsets[row+1]; i++ {
				w, err := word(c.Elem, int(i))
				if err != nil {
					return row, err
				}
				list = append(list, w)
			}
		}
		b.SetText(p.column.Name, row, list...)
	}
	return 0, nil
}
