package transform

import (
	"math"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// This file is the arithmetic of numeric columns: elements of any dtype become float64, an op changes them, and they
// are rounded once to the column's new dtype.

type number interface {
	~float32 | ~float64 | ~int64 | ~int32 | ~int8 | ~uint8
}

func dtypeOf(c dataset.Column) tensor.DType {
	switch {
	case c.DType != 0:
		return c.DType
	case c.Text:
		return tensor.Uint8
	}
	return tensor.Float32
}

// isNumeric reports whether elements of d can be computed with.
func isNumeric(d tensor.DType) bool {
	switch d {
	case tensor.Float32, tensor.Float64, tensor.Int64, tensor.Int32, tensor.Int8, tensor.Uint8, tensor.Bool:
		return true
	}
	return false
}

// channelsOf returns the number of channels of a sample and the elements of each: [C, H, W] has C of H·W, [D] has D of
// one, a number is one channel.
func channelsOf(shape []int) (channels, size int) {
	size = 1
	for _, d := range shape {
		size *= d
	}
	if len(shape) == 0 || shape[0] == 0 {
		return 1, max(size, 1)
	}
	return shape[0], max(size/shape[0], 1)
}

// floating returns the dtype of what is computed from d: Float64 of that, else Float32.
func floating(d tensor.DType) tensor.DType {
	if d == tensor.Float64 {
		return d
	}
	return tensor.Float32
}

// numericOf returns the elements of a plain or ragged column.
func numericOf(b *dataset.Batch, c dataset.Column) *tensor.Tensor {
	if c.Ragged {
		values, _ := b.Ragged(c.Name)
		return values
	}
	return b.Col(c.Name)
}

// numeric returns what becomes of column c if fn changes its elements, given some hundred at a time of one channel.
// Lists keep their lengths. Where the dtypes are one and the column plain, it works in place.
func numeric(op string, c dataset.Column, to tensor.DType, fn func(channel int, x []float64)) (changed, error) {
	if c.Text || !isNumeric(c.DType) || !isNumeric(to) {
		return changed{}, wrongKind(op, c, "numbers")
	}
	channels, size := channelsOf(c.Shape)
	d := c
	d.DType = to
	if to.IsFloat() {
		d.Classes, d.ClassNames = 0, nil
	}
	return changed{d, func(call *Call, out, in *dataset.Batch) error {
		x := numericOf(in, c)
		y := sameLists(out, in, c)
		runs(x.Len(), channels, size, func(channel, lo, hi int) {
			for lo < hi {
				part := call.floats[:min(len(call.floats), hi-lo)]
				load(part, x, lo)
				fn(channel, part)
				store(y, lo, part)
				lo += len(part)
			}
		})
		return nil
	}}, nil
}

// sameLists returns the elements of column c of out, with in's offsets if they are lists.
func sameLists(out, in *dataset.Batch, c dataset.Column) *tensor.Tensor {
	if !c.Ragged {
		return out.Col(c.Name)
	}
	_, from := in.Ragged(c.Name)
	values, offsets := out.Grow(c.Name, int(from[len(from)-1]))
	copy(offsets, from)
	return values
}

// runs calls fn for stretches of n elements that are of one channel.
func runs(n, channels, size int, fn func(channel, lo, hi int)) {
	if channels == 1 {
		if n > 0 {
			fn(0, 0, n)
		}
		return
	}
	for lo, c := 0, 0; lo < n; lo += size {
		fn(c, lo, lo+size)
		if c++; c == channels {
			c = 0
		}
	}
}

// load sets x to elements lo … of t.
func load(x []float64, t *tensor.Tensor, lo int) {
	switch t.DType() {
	case tensor.Float32:
		convert(x, tensor.Data[float32](t)[lo:])
	case tensor.Float64:
		copy(x, tensor.Data[float64](t)[lo:])
	case tensor.Int64:
		convert(x, tensor.Data[int64](t)[lo:])
	case tensor.Int32:
		convert(x, tensor.Data[int32](t)[lo:])
	case tensor.Int8:
		convert(x, tensor.Data[int8](t)[lo:])
	case tensor.Uint8:
		convert(x, tensor.Data[uint8](t)[lo:])
	case tensor.Bool:
		for i, v := range tensor.Data[bool](t)[lo : lo+len(x)] {
			if x[i] = 0; v {
				x[i] = 1
			}
		}
	}
}

func convert[D, S number](dst []D, src []S) {
	for i, v := range src[:len(dst)] {
		dst[i] = D(v)
	}
}

// store sets elements lo … of t to x, rounded; integers are cut off towards zero and limited to their range, not a
// number is 0.
func store(t *tensor.Tensor, lo int, x []float64) {
	switch t.DType() {
	case tensor.Float32:
		convert(tensor.Data[float32](t)[lo:lo+len(x)], x)
	case tensor.Float64:
		copy(tensor.Data[float64](t)[lo:lo+len(x)], x)
	case tensor.Int64:
		for i, v := range x {
			tensor.Data[int64](t)[lo+i] = toInt(v)
		}
	case tensor.Int32:
		limited(tensor.Data[int32](t)[lo:lo+len(x)], x, math.MinInt32, math.MaxInt32)
	case tensor.Int8:
		limited(tensor.Data[int8](t)[lo:lo+len(x)], x, math.MinInt8, math.MaxInt8)
	case tensor.Uint8:
		limited(tensor.Data[uint8](t)[lo:lo+len(x)], x, 0, math.MaxUint8)
	case tensor.Bool:
		for i, v := range x {
			tensor.Data[bool](t)[lo+i] = v != 0
		}
	}
}

func limited[D number](dst []D, x []float64, lo, hi int64) {
	for i, v := range x {
		dst[i] = D(min(max(toInt(v), lo), hi))
	}
}

func toInt(v float64) int64 {
	switch {
	case v != v:
		return 0
	case v >= 1<<63:
		return math.MaxInt64
	case v < -1<<63:
		return math.MinInt64
	}
	return int64(v)
}
