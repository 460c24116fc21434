package transform

import (
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// Pad makes of lists vectors of one length: [Shape…] an element becomes [Length, Shape…]. What is longer is cut off at
// its end, or with Left at its beginning; what is shorter gets Value behind it, or with Left before it.
//
// With a suffix in Mask there is a column of that name more, such as "words_mask" for "_mask", Float32 [Length]: 1
// where an element is the list's, 0 where it is padding; with one in Lengths, Int64, the number of those.
type Pad struct {
	Columns []string `json:"columns"`
	Length  int      `json:"length"` // at least 1
	Value   float64  `json:"value,omitempty"`
	Left    bool     `json:"left,omitempty"`
	Mask    string   `json:"mask,omitempty"`
	Lengths string   `json:"lengths,omitempty"`

	// Longest cuts what is padding in all samples of a batch, so that the vectors of a batch have the length of its
	// longest list, up to Length; with Buckets, ascending, the first of these that is not below it. Ops that follow,
	// and Fit, see Length still, and if a Filter follows it stays. So it does where samples are taken out of blocks, as by
	// a dataset.Subset of the Source.
	Longest bool  `json:"longest,omitempty"`
	Buckets []int `json:"buckets,omitempty"`
}

func (o Pad) columns() []string { return o.Columns }

// Bind implements Op.
func (o Pad) Bind(in dataset.Spec) (*Step, error) {
	if o.Length < 1 || o.Length > maxWidth {
		return nil, fmt.Errorf("transform: Pad: Length is %d, want 1 to %d", o.Length, maxWidth)
	}
	for i, n := range o.Buckets {
		if n < 1 || n > o.Length || i > 0 && n <= o.Buckets[i-1] {
			return nil, fmt.Errorf("transform: Pad: Buckets %v, want them ascending from 1 to the Length %d",
				o.Buckets, o.Length)
		}
	}
	var more, padded []dataset.Column
	s, err := eachColumn("Pad", in, o.Columns, func(_ int, c dataset.Column) (changed, error) {
		if !c.Ragged || c.Text || !isNumeric(c.DType) {
			return changed{}, wrongKind("Pad", c, "lists of numbers")
		}
		size := product(c.Shape)
		if size > maxWidth/o.Length {
			return changed{}, fmt.Errorf("transform: Pad: column %q, %s, to a length of %d: more than %d elements",
				c.Name, kindOf(c), o.Length, maxWidth)
		}
		to := c
		to.Ragged, to.Shape = false, append([]int{o.Length}, c.Shape...)
		padded = append(padded, to)
		if o.Mask != "" {
			more = append(more, dataset.Column{Name: c.Name + o.Mask, DType: tensor.Float32, Shape: []int{o.Length}})
		}
		if o.Lengths != "" {
			more = append(more, dataset.Column{Name: c.Name + o.Lengths, DType: tensor.Int64})
		}
		return changed{to, func(call *Call, out, in *dataset.Batch) error {
			values, offsets := in.Ragged(c.Name)
			y := out.Col(c.Name)
			y.Fill(o.Value)
			o.measure(call, c.Name, offsets)
			from, dst, bytes := tensor.Bytes(values), tensor.Bytes(y), size*c.DType.Size()
			for i := range in.N {
				lo, hi, at := o.cut(offsets[i], offsets[i+1])
				copy(dst[(i*o.Length+at)*bytes:], from[int(lo)*bytes:int(hi)*bytes])
			}
			if o.Mask != "" {
				mask := tensor.Data[float32](out.Col(c.Name + o.Mask))
				clear(mask)
				for i := range in.N {
					lo, hi, at := o.cut(offsets[i], offsets[i+1])
					for j := range int(hi - lo) {
						mask[i*o.Length+at+j] = 1
					}
				}
			}
			if o.Lengths != "" {
				lengths := tensor.Data[int64](out.Col(c.Name + o.Lengths))
				for i := range in.N {
					lengths[i] = min(offsets[i+1]-offsets[i], int64(o.Length))
				}
			}
			return nil
		}}, nil
	})
	if err != nil {
		return nil, err
	}
	for _, c := range more {
		if s.Spec.Find(c.Name) >= 0 {
			return nil, fmt.Errorf("transform: Pad: there is a column %q already", c.Name)
		}
		s.Spec.Columns = append(slices.Clip(s.Spec.Columns), c)
		s.Writes = append(s.Writes, c.Name)
	}
	if o.Longest || o.Buckets != nil {
		s.end = func(call *Call, b *dataset.Batch) {
			for _, c := range padded {
				o.narrow(b, c, call.longest[c.Name])
				if o.Mask != "" {
					o.narrow(b, dataset.Column{Name: c.Name + o.Mask, Shape: c.Shape[:1]}, call.longest[c.Name])
				}
			}
		}
	}
	return s, nil
}

// measure notes the length that the vectors of a batch get.
func (o Pad) measure(call *Call, name string, offsets []int64) {
	n := int64(1)
	for i := range len(offsets) - 1 {
		n = max(n, offsets[i+1]-offsets[i])
	}
	length := int(min(n, int64(o.Length)))
	if len(o.Buckets) > 0 {
		i, _ := slices.BinarySearch(o.Buckets, length)
		if length = o.Length; i < len(o.Buckets) {
			length = o.Buckets[i]
		}
	}
	if call.longest == nil {
		call.longest = map[string]int{}
	}
	call.longest[name] = length
}

// narrow cuts column c of b, if it is still there as Pad has made it.
func (o Pad) narrow(b *dataset.Batch, c dataset.Column, n int) {
	spec := b.Spec()
	if i := spec.Find(c.Name); i >= 0 && !open(spec.Columns[i]) && slices.Equal(spec.Columns[i].Shape, c.Shape) {
		b.Narrow(c.Name, n, o.Left)
	}
}

// cut returns which elements of a list stay, and the place of the first.
func (o Pad) cut(lo, hi int64) (from, to int64, at int) {
	n := min(hi-lo, int64(o.Length))
	if o.Left {
		return hi - n, hi, o.Length - int(n)
	}
	return lo, lo + n, 0
}
