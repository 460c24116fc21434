package transform

import (
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// This file holds ops on whole columns.

// Rename gives a column another name. A target stays one.
type Rename struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Bind implements Op.
func (o Rename) Bind(in dataset.Spec) (*Step, error) {
	i, _, err := column("Rename", in, o.From)
	if err != nil {
		return nil, err
	}
	if o.To == "" || in.Find(o.To) >= 0 {
		return nil, fmt.Errorf("transform: Rename: %q to %q, which is empty or there already", o.From, o.To)
	}
	s := &Step{Spec: in, Writes: []string{o.To}}
	s.Spec.Columns = slices.Clone(in.Columns)
	s.Spec.Columns[i].Name = o.To
	if in.Target == o.From {
		s.Spec.Target = o.To
	}
	s.Apply = func(_ *Call, out, in *dataset.Batch) error {
		out.Swap(o.To, in, o.From)
		return nil
	}
	return s, nil
}

// Drop leaves columns out. Without its target a batch has no Y.
type Drop struct {
	Columns []string `json:"columns"`
}

func (o Drop) columns() []string { return o.Columns }

// Bind implements Op.
func (o Drop) Bind(in dataset.Spec) (*Step, error) {
	for _, name := range o.Columns {
		if _, _, err := column("Drop", in, name); err != nil {
			return nil, err
		}
	}
	s := &Step{Spec: in}
	s.Spec.Columns = slices.DeleteFunc(slices.Clone(in.Columns), func(c dataset.Column) bool {
		return slices.Contains(o.Columns, c.Name)
	})
	if slices.Contains(o.Columns, in.Target) {
		s.Spec.Target = ""
	}
	return s, nil
}

// Concat puts the elements of columns side by side into one vector [D], each flattened, in the order of Columns. Floats
// stay so, Float64 if one is; integers and truth values become Float32, or stay what they are if all are alike. The
// vector stands where the first of the columns did, and they are dropped, but for those of Keep.
type Concat struct {
	Columns []string `json:"columns"`
	As      string   `json:"as"`
	Keep    []string `json:"keep,omitempty"`
}

func (o Concat) columns() []string { return o.Columns }

// Bind implements Op.
func (o Concat) Bind(in dataset.Spec) (*Step, error) {
	if len(o.Columns) == 0 || o.As == "" {
		return nil, fmt.Errorf("transform: Concat: Columns %q as %q, want some and a name", o.Columns, o.As)
	}
	type part struct {
		c      dataset.Column
		at, to int
	}
	var parts []part
	var width int
	first, to := len(in.Columns), tensor.DType(0)
	for k, name := range o.Columns {
		i, c, err := column("Concat", in, name)
		switch {
		case err != nil:
			return nil, err
		case open(c) || !isNumeric(c.DType):
			return nil, wrongKind("Concat", c, "numbers, not in lists")
		case slices.Contains(o.Columns[:k], name):
			return nil, fmt.Errorf("transform: Concat: Columns has %q twice", name)
		}
		first = min(first, i)
		switch {
		case to == 0 || to == c.DType:
			to = c.DType
		case to == tensor.Float64 || c.DType == tensor.Float64:
			to = tensor.Float64
		default:
			to = tensor.Float32
		}
		size := product(c.Shape)
		parts = append(parts, part{c, width, width + size})
		width += size
	}
	s := &Step{Spec: in, Writes: []string{o.As}}
	s.Spec.Columns = nil
	for i, c := range in.Columns {
		if i == first {
			s.Spec.Columns = append(s.Spec.Columns, dataset.Column{Name: o.As, DType: to, Shape: []int{width}})
		}
		switch {
		case slices.Contains(o.Columns, c.Name) && !slices.Contains(o.Keep, c.Name):
			if c.Name == s.Spec.Target {
				s.Spec.Target = ""
			}
		case c.Name == o.As:
			return nil, fmt.Errorf("transform: Concat: there is a column %q already", o.As)
		default:
			s.Spec.Columns = append(s.Spec.Columns, c)
		}
	}
	s.Apply = func(call *Call, out, in *dataset.Batch) error {
		y := out.Col(o.As)
		for _, p := range parts {
			x, size := in.Col(p.c.Name), p.to-p.at
			if p.c.DType == to {
				from, dst, bytes := tensor.Bytes(x), tensor.Bytes(y), to.Size()
				for i := range in.N {
					copy(dst[(i*width+p.at)*bytes:(i*width+p.to)*bytes], from[i*size*bytes:])
				}
				continue
			}
			for i := range in.N {
				for lo := 0; lo < size; {
					buf := call.floats[:min(len(call.floats), size-lo)]
					load(buf, x, i*size+lo)
					store(y, i*width+p.at+lo, buf)
					lo += len(buf)
				}
			}
		}
		return nil
	}
	return s, nil
}
