package dataset

import (
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/tensor"
)

// Memory is a Source whose samples are in memory: each column in its own dtype, or as bytes that a batch gets as
// float32 times a scale (images: a quarter of the room). Fill copies them into the batch. It holds no file open and
// needs no Close; it is immutable.
type Memory struct {
	spec Spec
	n    int
	data []held // one a column
}

// held is a column in memory.
type held struct {
	values  *tensor.Tensor // [N, Shape...], or of an open column [Σ, Shape...]; contiguous
	offsets []int64        // of an open column, or nil
	lists   []int64        // of lists of strings, or nil

	scaled bool          // a batch gets float32 of values, which are float32 or bytes, times
	scale  float32       // this
	table  *[256]float32 // value of each byte, scale applied
}

// FromTensors returns the samples x with the labels or targets y, as columns "x" and "y".
//
//	x [N, Shape...] Uint8 (kept as bytes, given as Float32) or any other type (as Float32)
//	y [N] integers: labels from 0; or [N, Target...] Float32 or Float64: targets
//
// The number of classes is the largest label plus one; WithClasses declares more. Negative labels belong to no class
// and pass as they are: for a loss that leaves them out, such as layers.CrossEntropy{Ignore: []int64{-100}}, PyTorch's
// ignore_index; any other loss panics at one. Contiguous Float32, Uint8 and Int64 tensors are shared, not copied: do
// not write to them afterwards. It panics if the shapes disagree. FromColumns takes any columns, each in its own dtype.
func FromTensors(x, y *tensor.Tensor) *Memory {
	if x.Rank() < 1 || y.Rank() < 1 || x.Dim(0) != y.Dim(0) {
		panic(fmt.Sprintf("dataset: FromTensors: shapes x %v and y %v: want one sample a row in both", x.Shape(), y.Shape()))
	}
	n := x.Dim(0)
	m := &Memory{n: n, data: make([]held, 2)}
	shape := slices.Clone(x.Shape()[1:])
	if x.DType() == tensor.Uint8 {
		m.data[0].values = as(x, tensor.Uint8)
	} else {
		m.data[0].values = as(x, tensor.Float32)
	}
	m.data[0].setScale(1)

	switch d := y.DType(); d {
	case tensor.Float32, tensor.Float64:
		m.data[1].values = as(y, tensor.Float32)
		m.spec = XY("tensors", shape, 0, slices.Clone(y.Shape()[1:]))
	case tensor.Int64, tensor.Int32, tensor.Uint8, tensor.Int8, tensor.Bool:
		if y.Rank() != 1 {
			panic(fmt.Sprintf("dataset: FromTensors: labels have shape %v, want [%d]", y.Shape(), n))
		}
		m.data[1].values = as(y, tensor.Int64)
		m.spec = XY("tensors", shape, classesOf(m.data[1].values), nil)
	default:
		panic(fmt.Sprintf("dataset: FromTensors: y is %v, want integer labels or Float32 targets", d))
	}
	return m
}

// as returns t's elements as dtype d, contiguous; shared where they already are.
func as(t *tensor.Tensor, d tensor.DType) *tensor.Tensor {
	if t.DType() != d {
		t = t.Cast(d)
	}
	return t.Contiguous()
}

// classesOf returns the largest label plus one, at least 1.
func classesOf(labels *tensor.Tensor) int {
	classes := 1
	for _, label := range tensor.Data[int64](labels) {
		classes = max(classes, int(label)+1)
	}
	return classes
}

// WithClasses returns m declared to have n classes: for a set in which the last classes do not occur. It panics if a
// label is n or above, n is below 1, or m has targets and not labels.
func (m *Memory) WithClasses(n int) *Memory {
	i := m.spec.output()
	if i < 0 || m.spec.Columns[i].Classes == 0 {
		panic(fmt.Sprintf("dataset: WithClasses: %s has targets, not labels", m.spec.Name))
	}
	if n < 1 {
		panic(fmt.Sprintf("dataset: WithClasses: %d classes, want at least 1", n))
	}
	if at, label := above(m.data[i].values, n); at >= 0 {
		panic(fmt.Sprintf("dataset: WithClasses: label %d of sample %d, want 0 … %d", label, at, n-1))
	}
	c := m.clone()
	c.spec.Columns[i].Classes = n
	return c
}

// WithClassNames returns m with names for its classes, by label. It panics if they are more than the classes.
func (m *Memory) WithClassNames(names []string) *Memory {
	if len(names) > m.spec.Classes() {
		panic(fmt.Sprintf("dataset: WithClassNames: %d names for %d classes", len(names), m.spec.Classes()))
	}
	c := m.clone()
	c.spec.Columns[m.spec.output()].ClassNames = names
	return c
}

// WithScale returns m with inputs that a batch gets as Float32 multiplied by scale, in place of 1. It panics if the
// input is neither bytes nor Float32.
func (m *Memory) WithScale(scale float64) *Memory {
	i := m.spec.input()
	if i < 0 || m.spec.Columns[i].open() || m.data[i].offsets != nil ||
		m.data[i].values.DType() != tensor.Uint8 && m.data[i].values.DType() != tensor.Float32 {
		panic(fmt.Sprintf("dataset: WithScale: the input of %s is neither bytes nor Float32", m.spec.Name))
	}
	c := m.clone()
	c.spec.Columns[i].DType = tensor.Float32
	c.data[i].setScale(scale)
	return c
}

// WithName returns m under another name, which messages will show.
func (m *Memory) WithName(name string) *Memory {
	c := *m
	c.spec.Name = name
	return &c
}

// clone returns a copy whose columns can be described anew.
func (m *Memory) clone() *Memory {
	c := *m
	c.spec.Columns, c.data = slices.Clone(m.spec.Columns), slices.Clone(m.data)
	return &c
}

// outOfRange returns the position of the first label outside 0 … classes-1, or -1.
func outOfRange(labels []int64, classes int) int {
	for i, label := range labels {
		if label < 0 || label >= int64(classes) {
			return i
		}
	}
	return -1
}

func (h *held) setScale(scale float64) {
	h.scaled, h.scale = true, float32(scale)
	if h.values.DType() != tensor.Uint8 {
		return
	}
	h.table = new([256]float32)
	for v := range h.table {
		h.table[v] = float32(float64(v) * scale)
	}
}

// Len returns the number of samples.
func (m *Memory) Len() int { return m.n }

// Spec describes a sample.
func (m *Memory) Spec() Spec { return m.spec }

// Bytes returns the memory that the samples take.
func (m *Memory) Bytes() int {
	n := 0
	for _, h := range m.data {
		n += len(tensor.Bytes(h.values)) + 8*(len(h.offsets)+len(h.lists))
	}
	return n
}

// Fill copies samples into b. It returns no error. It panics if a number is out of range.
func (m *Memory) Fill(b *Batch, index []int) error {
	for _, s := range index {
		if s < 0 || s >= m.n {
			panic(fmt.Sprintf("dataset: Fill: sample %d of %s, which has %d", s, m.spec.Name, m.n))
		}
	}
	b.Resize(len(index), m.spec)
	if len(index) == 0 {
		return nil
	}
	for i := range m.data {
		h, c := &m.data[i], &m.spec.Columns[i]
		switch {
		case h.offsets != nil:
			h.fillOpen(&b.cols[i], c, index)
		case h.scaled:
			h.fillScaled(tensor.Data[float32](b.cols[i].view), product(c.Shape), index)
		default:
			copyRows(tensor.Bytes(b.cols[i].view), tensor.Bytes(h.values), index)
		}
	}
	return nil
}

// copyRows copies rows of src, all of one length, to dst.
func copyRows(dst, src []byte, index []int) {
	size := len(dst) / len(index)
	if size == 8 { // labels, ids
		for i, s := range index {
			copy(dst[i*8:i*8+8], src[s*8:s*8+8])
		}
		return
	}
	for i, s := range index {
		copy(dst[i*size:(i+1)*size], src[s*size:(s+1)*size])
	}
}

func (h *held) fillScaled(x []float32, size int, index []int) {
	if h.table != nil {
		bytes, table := tensor.Data[uint8](h.values), h.table
		for i, s := range index {
			dst := x[i*size : (i+1)*size]
			for j, v := range bytes[s*size : (s+1)*size] {
				dst[j] = table[v]
			}
		}
		return
	}
	floats := tensor.Data[float32](h.values)
	for i, s := range index {
		dst := x[i*size : (i+1)*size]
		copy(dst, floats[s*size:(s+1)*size])
		if h.scale != 1 {
			for j := range dst {
				dst[j] *= h.scale
			}
		}
	}
}

func (h *held) fillOpen(to *store, c *Column, index []int) {
	for i, s := range index {
		to.append(c, i, h.values, h.offsets, h.lists, s)
	}
}
