package dataset

import (
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/tensor"
)

// Values is one column of FromColumns: a tensor with a sample a row, a ragged one, or strings.
type Values struct {
	Name       string
	Tensor     *tensor.Tensor // [N, Shape...]; with Offsets [Σ, Shape...]
	Text       []string       // in place of Tensor: a string a sample; with Offsets all of them, one after the other
	Offsets    []int64        // [N+1]: sample i has elements, or strings, Offsets[i] … Offsets[i+1]-1; nil: each has one
	Classes    int            // values are 0 … Classes-1; of the target the default is its largest label plus one
	ClassNames []string       // of the classes, by number
}

// FromColumns returns samples of any columns, each in its own dtype. The column named target is Y of a batch
// ("": none), and the first of the others is X. Tensors are shared where they are contiguous: do not write to them
// afterwards.
//
// A target of integers [N] is labels, which a batch has as Int64; as with FromTensors, negative ones belong to no
// class and pass. It panics, naming the column and both values, if the numbers of samples differ, offsets do not fit,
// or a value of a column that declares Classes is out of range.
func FromColumns(target string, columns ...Values) *Memory {
	m := &Memory{spec: Spec{Name: "columns", Target: target}}
	for i, v := range columns {
		c, h, n := v.hold(v.Name == target)
		if i > 0 && n != m.n {
			panic(fmt.Sprintf("dataset: FromColumns: column %q has %d samples, %q has %d", v.Name, n, columns[0].Name, m.n))
		}
		m.n, m.spec.Columns, m.data = n, append(m.spec.Columns, c), append(m.data, h)
	}
	if err := m.spec.Validate(); err != nil {
		panic("dataset: FromColumns: " + err.Error())
	}
	return m
}

// hold returns v as a column in memory, and its number of samples.
func (v Values) hold(target bool) (c Column, h held, n int) {
	c = Column{Name: v.Name, Classes: v.Classes, ClassNames: v.ClassNames, Text: v.Tensor == nil, Ragged: v.Offsets != nil}
	switch {
	case v.Tensor != nil && v.Text != nil:
		panic(fmt.Sprintf("dataset: FromColumns: column %q has both a tensor and text", v.Name))
	case v.Tensor == nil:
		c.DType = tensor.Uint8
		h.values, h.offsets = joined(v.Text)
		n = len(v.Text)
	case v.Tensor.Rank() < 1:
		panic(fmt.Sprintf("dataset: FromColumns: column %q is a scalar, want a sample a row", v.Name))
	default:
		h.values, n = v.Tensor.Contiguous(), v.Tensor.Dim(0)
		c.DType, c.Shape = v.Tensor.DType(), slices.Clone(v.Tensor.Shape()[1:])
	}
	if v.Offsets != nil {
		checkOffsets(v.Name, v.Offsets, n)
		if n = len(v.Offsets) - 1; c.Text {
			h.lists = v.Offsets
		} else {
			h.offsets = v.Offsets
		}
	}
	if isLabel := target && !c.open() && len(c.Shape) == 0 && !c.DType.IsFloat(); isLabel {
		c.DType, h.values = tensor.Int64, as(h.values, tensor.Int64)
		if c.Classes == 0 {
			c.Classes = classesOf(h.values)
		}
	}
	if c.Classes > 0 {
		c.checkClasses(h.values, target)
	}
	return c, h, n
}

// checkClasses panics at the first value that is not a number of one of c's classes; of a target, negative ones pass.
func (c Column) checkClasses(values *tensor.Tensor, target bool) {
	if c.Text || c.DType.IsFloat() {
		panic(fmt.Sprintf("dataset: FromColumns: column %q is %v, want integers for its %d classes",
			c.Name, c.DType, c.Classes))
	}
	labels := as(values, tensor.Int64)
	at, label := above(labels, c.Classes)
	if !target && at < 0 {
		if at = slices.IndexFunc(tensor.Data[int64](labels), func(v int64) bool { return v < 0 }); at >= 0 {
			label = tensor.Data[int64](labels)[at]
		}
	}
	if at >= 0 {
		panic(fmt.Sprintf("dataset: FromColumns: column %q: element %d is %d, want 0 … %d", c.Name, at, label, c.Classes-1))
	}
}

// above returns the place of the first label of n or above, and the label; -1 if there is none.
func above(labels *tensor.Tensor, n int) (at int, label int64) {
	for i, v := range tensor.Data[int64](labels) {
		if v >= int64(n) {
			return i, v
		}
	}
	return -1, 0
}

// joined returns the bytes of all strings and where each begins.
func joined(text []string) (*tensor.Tensor, []int64) {
	offsets := make([]int64, len(text)+1)
	for i, s := range text {
		offsets[i+1] = offsets[i] + int64(len(s))
	}
	data := make([]byte, 0, offsets[len(text)])
	for _, s := range text {
		data = append(data, s...)
	}
	return tensor.FromSlice(data, len(data)), offsets
}

func checkOffsets(name string, offsets []int64, n int) {
	if len(offsets) == 0 || offsets[0] != 0 || offsets[len(offsets)-1] != int64(n) {
		panic(fmt.Sprintf("dataset: FromColumns: column %q: offsets of %d samples do not run from 0 to %d",
			name, len(offsets)-1, n))
	}
	for i := 1; i < len(offsets); i++ {
		if offsets[i] < offsets[i-1] {
			panic(fmt.Sprintf("dataset: FromColumns: column %q: offset %d is %d, after %d", name, i, offsets[i], offsets[i-1]))
		}
	}
}
