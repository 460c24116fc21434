package layers

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/safetensors"
)

// A state dictionary is all that a model has learnt, by name: parameters and buffers. The names are PyTorch's wherever the
// layers are, for both are paths of fields and indices: Features.0.Weight here is features.0.weight there. A field whose name
// in snake case is not the one wanted has it in a tag:
//
//	WeightIH *autograd.Param `state:"weight_ih_l0"`

// StateDict returns model's parameters and buffers under their keys, in the order of its fields. The tensors are the
// model's own memory, not copies. One that stands at several places of the model is there once, under the first, as the
// safetensors format wants it.
func StateDict(model any) []safetensors.Named {
	list := walkOver(model).list
	dict := make([]safetensors.Named, len(list))
	for i, l := range list {
		dict[i] = safetensors.Named{Name: l.key, Tensor: l.Value()}
	}
	return dict
}

// LoadStateDict copies the tensors of dict into the parameters and buffers of model of the same key, or of the same Go path.
//
//	shapes   must be equal
//	floats   any floating-point dtype is taken for any other, rounded to nearest where the model's is narrower: the
//	         report lists these under Narrowed. A number too large for the model's dtype does not fit
//	others   must have the model's dtype, or be integers that all are values of it
//	tied     a parameter that stands at several places of the model may be given under each of its names, as in
//	         PyTorch's dictionaries, if the tensors are the same
//
// If strict, either everything fits, or LoadStateDict changes nothing and returns an error that wraps ErrMismatch and says what
// does not. Otherwise it copies what fits and returns no error. The report lists both.
func LoadStateDict(model any, dict []safetensors.Named, strict bool) (*LoadReport, error) {
	w := walkOver(model)
	state, index := w.list, w.index()
	r := &LoadReport{}
	from := make([]*tensor.Tensor, len(state))
	given := make([]*safetensors.Named, len(state)) // what there is for each, fitting or not
	for at := range dict {
		n := &dict[at]
		i, ok := index[n.Name]
		if !ok {
			r.Unexpected = append(r.Unexpected, fmt.Sprintf("%s %v", n.Name, n.Tensor.Shape()))
			continue
		}
		if first := given[i]; first != nil {
			if first.Name == n.Name {
				r.Mismatched = append(r.Mismatched, fmt.Sprintf("%s is given twice", n.Name))
			} else if !sameBits(first.Tensor, n.Tensor) {
				r.Mismatched = append(r.Mismatched,
					fmt.Sprintf("%s and %s are one in the model and differ in the file", first.Name, n.Name))
			}
			continue
		}
		given[i] = n
		want := state[i].Value()
		if !n.Tensor.SameShape(want) {
			r.Mismatched = append(r.Mismatched, fmt.Sprintf("%s is %v in the file, %v in the model", n.Name, n.Tensor.Shape(), want.Shape()))
			continue
		}
		x, narrowed, why := convert(n.Tensor, want.DType())
		switch {
		case x == nil:
			r.Mismatched = append(r.Mismatched, fmt.Sprintf("%s is %v in the file, %v in the model%s", n.Name,
				n.Tensor.DType(), want.DType(), why))
			continue
		case narrowed:
			r.Narrowed = append(r.Narrowed, fmt.Sprintf("%s from %v to %v", n.Name, n.Tensor.DType(), want.DType()))
		}
		from[i] = x
	}
	for i, l := range state {
		if given[i] == nil {
			r.Missing = append(r.Missing, fmt.Sprintf("%s %v", l.key, l.Value().Shape()))
		}
	}
	if err := r.Err(); strict && err != nil {
		return r, fmt.Errorf("layers: LoadStateDict: %w", err)
	}
	for i, x := range from {
		if x != nil {
			state[i].Value().CopyFrom(x)
			r.Loaded = append(r.Loaded, state[i].key)
		}
	}
	return r, nil
}

// index gives the places in list of all names: keys, Go paths, and those under which a leaf is found again. Where one's
// key is another's path, the key counts.
func (w *walker) index() map[string]int {
	index := make(map[string]int, 2*len(w.list))
	byPointer := make(map[uintptr]int, len(w.list))
	add := func(name string, i int) {
		if _, ok := index[name]; !ok {
			index[name] = i
		}
	}
	for i, l := range w.list {
		byPointer[l.pointer] = i
		index[l.key] = i
	}
	for _, a := range w.again {
		add(a.key, byPointer[a.pointer])
	}
	for i, l := range w.list {
		add(l.path, i)
	}
	for _, a := range w.again {
		add(a.path, byPointer[a.pointer])
	}
	return index
}

// convert returns x in dtype d, and whether that is narrower; or why it cannot, for the end of a message.
func convert(x *tensor.Tensor, d tensor.DType) (y *tensor.Tensor, narrowed bool, why string) {
	switch from := x.DType(); {
	case from == d:
		return x, false, ""
	case widens(from, d):
		return x.Cast(d), false, ""
	case !from.IsFloat() || !d.IsFloat():
		return nil, false, ""
	}
	y = x.Cast(d)
	before, after := tensor.Data[float64](x.Cast(tensor.Float64)), tensor.Data[float64](y.Cast(tensor.Float64))
	for i, v := range before {
		if math.IsInf(after[i], 0) && !math.IsInf(v, 0) {
			return nil, false, fmt.Sprintf(", where %v is too large", v)
		}
	}
	return y, true, ""
}

// widens reports whether every value of dtype from is one of dtype to.
func widens(from, to tensor.DType) bool {
	switch to {
	case tensor.Float64:
		return from == tensor.Float32 || from == tensor.Float16 || from == tensor.BFloat16
	case tensor.Float32:
		return from == tensor.Float16 || from == tensor.BFloat16
	case tensor.Int64:
		return from == tensor.Int32 || from == tensor.Int8 || from == tensor.Uint8
	case tensor.Int32:
		return from == tensor.Int8 || from == tensor.Uint8
	}
	return false
}

// sameBits reports whether two tensors are the same, NaN included.
func sameBits(a, b *tensor.Tensor) bool {
	return a.DType() == b.DType() && a.SameShape(b) &&
		bytes.Equal(tensor.Bytes(a.Contiguous()), tensor.Bytes(b.Contiguous()))
}

// LoadReport says how a state dictionary fits a model. But for Loaded, each line also says shapes or dtypes.
type LoadReport struct {
	Loaded     []string // keys of what was copied
	Narrowed   []string // those of them that were rounded from a floating-point dtype with more digits or a wider range
	Missing    []string // in the model, not in the dictionary
	Unexpected []string // in the dictionary, not in the model
	Mismatched []string // in both, of a shape or dtype that does not fit
}

// ErrMismatch is wrapped by the errors that say a file is of another model.
var ErrMismatch = errors.New("the file does not fit the model")

// Err returns nil if everything fitted, else an error that wraps ErrMismatch and names all that did not.
func (r *LoadReport) Err() error {
	var parts []string
	parts = append(parts, r.Mismatched...)
	if len(r.Missing) > 0 {
		parts = append(parts, "missing in the file: "+strings.Join(r.Missing, ", "))
	}
	if len(r.Unexpected) > 0 {
		parts = append(parts, "not in the model: "+strings.Join(r.Unexpected, ", "))
	}
	if parts == nil {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrMismatch, strings.Join(parts, "; "))
}
