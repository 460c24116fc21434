package dataset

import (
	"fmt"

	"github.com/tutti-ml/tutti/tensor"
)

// Memory is a Source whose samples are in memory, as bytes (images: a quarter of the room) or as float32. Fill copies them
// into the batch as float32, times a scale. It holds no file open and needs no Close; it is immutable.
type Memory struct {
	spec Spec
	n    int

	bytes  []byte       // n·Size elements; or
	floats []float32    // n·Size elements
	scale  float32      // of floats
	table  [256]float32 // value of each byte, scale applied

	labels  []int64   // n, where spec.Classes > 0; or
	targets []float32 // n·product(spec.Target)
}

// FromTensors returns the samples x with the labels or targets y.
//
//	x [N, Shape...] Uint8 (kept as bytes) or any other type (as Float32)
//	y [N] integers: labels from 0; or [N, Target...] Float32 or Float64: targets
//
// The number of classes is the largest label plus one; WithClasses declares more. Negative labels belong to no class
// and pass as they are: for a loss that leaves them out, such as layers.CrossEntropy{Ignore: []int64{-100}}, PyTorch's
// ignore_index; any other loss panics at one. Contiguous Float32, Uint8 and Int64 tensors are shared, not copied: do
// not write to them afterwards. It panics if the shapes disagree.
func FromTensors(x, y *tensor.Tensor) *Memory {
	if x.Rank() < 1 || y.Rank() < 1 || x.Dim(0) != y.Dim(0) {
		panic(fmt.Sprintf("dataset: FromTensors: shapes x %v and y %v: want one sample a row in both", x.Shape(), y.Shape()))
	}
	m := &Memory{n: x.Dim(0), spec: Spec{Shape: append([]int{}, x.Shape()[1:]...), Name: "tensors"}}
	if x.DType() == tensor.Uint8 {
		m.bytes = elements[uint8](x, tensor.Uint8)
	} else {
		m.floats = elements[float32](x, tensor.Float32)
	}
	m.setScale(1)

	switch d := y.DType(); d {
	case tensor.Float32, tensor.Float64:
		m.targets = elements[float32](y, tensor.Float32)
		m.spec.Target = append([]int{}, y.Shape()[1:]...)
	case tensor.Int64, tensor.Int32, tensor.Uint8, tensor.Int8, tensor.Bool:
		if y.Rank() != 1 {
			panic(fmt.Sprintf("dataset: FromTensors: labels have shape %v, want [%d]", y.Shape(), m.n))
		}
		m.labels = elements[int64](y, tensor.Int64)
		classes := 1
		for _, label := range m.labels {
			classes = max(classes, int(label)+1)
		}
		m.spec.Classes = classes
	default:
		panic(fmt.Sprintf("dataset: FromTensors: y is %v, want integer labels or Float32 targets", d))
	}
	return m
}

// elements returns t's elements as T, which is dtype d; shared where t already is contiguous and of that type.
func elements[T tensor.Elem](t *tensor.Tensor, d tensor.DType) []T {
	if t.DType() != d {
		t = t.Cast(d)
	}
	return tensor.Data[T](t.Contiguous())
}

// WithClasses returns m declared to have n classes: for a set in which the last classes do not occur. It panics if a label
// is n or above, n is below 1, or m has targets and not labels.
func (m *Memory) WithClasses(n int) *Memory {
	if m.spec.Classes == 0 {
		panic(fmt.Sprintf("dataset: WithClasses: %s has targets, not labels", m.spec.Name))
	}
	if n < 1 {
		panic(fmt.Sprintf("dataset: WithClasses: %d classes, want at least 1", n))
	}
	for i, label := range m.labels {
		if label >= int64(n) {
			panic(fmt.Sprintf("dataset: WithClasses: label %d of sample %d, want 0 … %d", label, i, n-1))
		}
	}
	c := *m
	c.spec.Classes = n
	return &c
}

// WithName returns m under another name, which messages will show.
func (m *Memory) WithName(name string) *Memory {
	c := *m
	c.spec.Name = name
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

func (m *Memory) setScale(scale float64) {
	m.scale = float32(scale)
	for v := range m.table {
		m.table[v] = float32(float64(v) * scale)
	}
}

// Len returns the number of samples.
func (m *Memory) Len() int { return m.n }

// Spec describes a sample.
func (m *Memory) Spec() Spec { return m.spec }

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

	x, size := tensor.Data[float32](b.X), m.spec.Size()
	for i, s := range index {
		dst := x[i*size : (i+1)*size]
		if m.bytes != nil {
			for j, v := range m.bytes[s*size : (s+1)*size] {
				dst[j] = m.table[v]
			}
			continue
		}
		copy(dst, m.floats[s*size:(s+1)*size])
		if m.scale != 1 {
			for j := range dst {
				dst[j] *= m.scale
			}
		}
	}

	if m.spec.Classes > 0 {
		y := tensor.Data[int64](b.Y)
		for i, s := range index {
			y[i] = m.labels[s]
		}
		return nil
	}
	y, size := tensor.Data[float32](b.Y), product(m.spec.Target)
	for i, s := range index {
		copy(y[i*size:(i+1)*size], m.targets[s*size:(s+1)*size])
	}
	return nil
}
