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
// With a suffix in Mask there is a column of that name more, such as "words_mask" for "_mask", Float32 [Length]: 1 where
// an element is the list's, 0 where it is padding; with one in Lengths, Int64, the number of those.
type Pad struct {
	Columns []string `json:"columns"`
	Length  int      `json:"length"` // at least 1
	Value   float64  `json:"value,omitempty"`
	Left    bool     `json:"left,omitempty"`
	Mask    string   `json:"mask,omitempty"`
	Lengths string   `json:"lengths,omitempty"`
}

func (o Pad) columns() []string { return o.Columns }

// Bind implements Op.
func (o Pad) Bind(in dataset.Spec) (*Step, error) {
	if o.Length < 1 || o.Length > maxWidth {
		return nil, fmt.Errorf("transform: Pad: Length is %d, want 1 to %d", o.Length, maxWidth)
	}
	var more []dataset.Column
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
		if o.Mask != "" {
			more = append(more, dataset.Column{Name: c.Name + o.Mask, DType: tensor.Float32, Shape: []int{o.Length}})
		}
		if o.Lengths != "" {
			more = append(more, dataset.Column{Name: c.Name + o.Lengths, DType: tensor.Int64})
		}
		return changed{to, func(_ *Call, out, in *dataset.Batch) error {
			values, offsets := in.Ragged(c.Name)
			y := out.Col(c.Name)
			y.Fill(o.Value)
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
	return s, nil
}

// cut returns which elements of a list stay, and the place of the first.
func (o Pad) cut(lo, hi int64) (from, to int64, at int) {
	n := min(hi-lo, int64(o.Length))
	if o.Left {
		return hi - n, hi, o.Length - int(n)
	}
	return lo, lo + n, 0
}
