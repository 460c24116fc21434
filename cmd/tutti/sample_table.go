package main

// A data set of samples shown as a table, so that what is none, as NumPy's arrays and the sets known by name, can be
// looked at and converted like one.

import (
	"context"
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/table"
	"github.com/tutti-ml/tutti/tensor"
)

// samples is a table of the samples of src, a row each. Plain columns of one number are numbers, all others lists,
// flat whatever their shape; classes that have names are text.
type samples struct {
	src    dataset.Source
	schema table.Schema
	blocks []int
}

// sampleRows is the most rows of a block.
const sampleRows = 1 << 14

// sampleTable returns src as a table. Lists of text, which no table needed so far, are refused.
func sampleTable(src dataset.Source) (table.Table, error) {
	s := &samples{src: src}
	for _, c := range src.Spec().Columns {
		f := table.Field{Name: c.Name}
		switch elem, ok := tableType(c.DType); {
		case c.Ragged && c.Text, !ok:
			return nil, fmt.Errorf("%s: column %q, %v, has no place in a table", src.Spec().Name, c.Name, c.DType)
		case c.Text, len(c.ClassNames) > 0 && len(c.Shape) == 0 && !c.Ragged:
			f.Type = table.Type{Kind: table.Text}
		case c.Ragged:
			f.Type = table.Type{Kind: table.List, Elem: &elem}
		case len(c.Shape) > 0:
			n, _ := tensor.Elements(c.Shape)
			f.Type = table.Type{Kind: table.List, Elem: &elem, Size: n}
		default:
			f.Type = elem
		}
		s.schema = append(s.schema, f)
	}
	for left := src.Len(); left > 0; left -= sampleRows {
		s.blocks = append(s.blocks, min(left, sampleRows))
	}
	return s, nil
}

// tableType returns the type of a table for elements of a dtype.
func tableType(d tensor.DType) (table.Type, bool) {
	switch d {
	case tensor.Float32, 0:
		return table.Type{Kind: table.Float32}, true
	case tensor.Float64:
		return table.Type{Kind: table.Float64}, true
	case tensor.Bool:
		return table.Type{Kind: table.Bool}, true
	case tensor.Uint8:
		return table.Type{Kind: table.Int, Bits: 8, Unsigned: true}, true
	case tensor.Int32:
		return table.Type{Kind: table.Int, Bits: 32}, true
	case tensor.Int64:
		return table.Type{Kind: table.Int, Bits: 64}, true
	}
	return table.Type{}, false
}

func (s *samples) Name() string         { return s.src.Spec().Name }
func (s *samples) Schema() table.Schema { return s.schema }
func (s *samples) Blocks() []int        { return s.blocks }
func (s *samples) Close() error         { return nil }

func (s *samples) Read(ctx context.Context, block, lo, hi int, columns []int, dst *table.Rows) error {
	table.CheckRead(s, block, lo, hi, columns)
	index := make([]int, 0, hi-lo)
	for i := lo; i < hi; i++ {
		index = append(index, block*sampleRows+i)
	}
	var b dataset.Batch
	if err := b.Fill(s.src, index); err != nil {
		return err
	}
	dst.Reset(s.schema.Pick(columns))
	for i, c := range columns {
		s.column(&dst.Columns[i], &b, c)
	}
	dst.N = hi - lo
	return ctx.Err()
}

// column appends all samples of a column of b to dst.
func (s *samples) column(dst *table.Column, b *dataset.Batch, at int) {
	c := &s.src.Spec().Columns[at]
	switch {
	case c.Text:
		values, offsets := b.Ragged(c.Name)
		bytes := tensor.Data[uint8](values)
		for i := range b.N {
			dst.AppendBytes(bytes[offsets[i]:offsets[i+1]])
		}
	case dst.Type.Kind == table.Text: // names of classes
		for _, v := range tensor.Data[int64](b.Col(c.Name).Contiguous()) {
			if v < 0 || v >= int64(len(c.ClassNames)) {
				dst.AppendNull()
				continue
			}
			dst.AppendString(c.ClassNames[v])
		}
	case c.Ragged:
		values, offsets := b.Ragged(c.Name)
		size, _ := tensor.Elements(c.Shape)
		appendAll(dst.Elem, values)
		for i := range b.N {
			dst.Offsets = append(dst.Offsets, offsets[i+1]*int64(size))
		}
	case dst.Type.Kind == table.List:
		appendAll(dst.Elem, b.Col(c.Name))
		for i := range b.N {
			dst.Offsets = append(dst.Offsets, int64((i+1)*dst.Type.Size))
		}
	default:
		appendAll(dst, b.Col(c.Name))
	}
}

// appendAll appends the elements of a tensor to a column of their type.
func appendAll(dst *table.Column, t *tensor.Tensor) {
	t = t.Contiguous()
	switch t.DType() {
	case tensor.Float32:
		dst.Floats32 = append(dst.Floats32, tensor.Data[float32](t)...)
	case tensor.Float64:
		dst.Floats = append(dst.Floats, tensor.Data[float64](t)...)
	case tensor.Bool:
		for _, v := range tensor.Data[bool](t) {
			n := int64(0)
			if v {
				n = 1
			}
			dst.Ints = append(dst.Ints, n)
		}
	case tensor.Uint8:
		appendInts(dst, tensor.Data[uint8](t))
	case tensor.Int32:
		appendInts(dst, tensor.Data[int32](t))
	default:
		dst.Ints = append(dst.Ints, tensor.Data[int64](t)...)
	}
}

func appendInts[T uint8 | int32](dst *table.Column, values []T) {
	dst.Ints = slices.Grow(dst.Ints, len(values))
	for _, v := range values {
		dst.Ints = append(dst.Ints, int64(v))
	}
}
