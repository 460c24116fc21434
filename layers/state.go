package layers

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/safetensors"
)

// A state dictionary is all that a model has learnt, by name: parameters and buffers. The names are PyTorch's wherever the
// layers are, for both are paths of fields and indices: Features.0.Weight here is features.0.weight there. A field whose name
// in snake case is not the one wanted has it in a tag:
//
//	WeightIH *autograd.Param `state:"weight_ih_l0"`

// StateDict returns model's parameters and buffers under their keys, in the order of its fields. The tensors are the model's
// own memory, not copies.
func StateDict(model any) []safetensors.Named {
	list := walkOver(model).list
	dict := make([]safetensors.Named, len(list))
	for i, l := range list {
		dict[i] = safetensors.Named{Name: l.key, Tensor: l.Value()}
	}
	return dict
}

// LoadStateDict copies the tensors of dict into the parameters and buffers of model of the same key, or of the same Go path.
// Shapes must be equal; a tensor of a narrower floating-point dtype than the model's is widened, which is exact.
//
// If strict, either everything fits, or LoadStateDict changes nothing and returns an error that wraps ErrMismatch and says what
// does not. Otherwise it copies what fits and returns no error. The report lists both.
func LoadStateDict(model any, dict []safetensors.Named, strict bool) (*LoadReport, error) {
	state := walkOver(model).list
	index := make(map[string]int, 2*len(state))
	for i, l := range state {
		index[l.path] = i
	}
	for i, l := range state { // where one's key is another's path, the key counts
		index[l.key] = i
	}
	r := &LoadReport{}
	from := make([]*tensor.Tensor, len(state))
	seen := make([]bool, len(state))
	for _, n := range dict {
		i, ok := index[n.Name]
		switch {
		case !ok:
			r.Unexpected = append(r.Unexpected, fmt.Sprintf("%s %v", n.Name, n.Tensor.Shape()))
			continue
		case seen[i]:
			r.Mismatched = append(r.Mismatched, fmt.Sprintf("%s is given twice", n.Name))
			continue
		}
		seen[i] = true
		switch want := state[i].Value(); {
		case !n.Tensor.SameShape(want):
			r.Mismatched = append(r.Mismatched, fmt.Sprintf("%s is %v in the file, %v in the model", n.Name, n.Tensor.Shape(), want.Shape()))
		case !widens(n.Tensor.DType(), want.DType()):
			r.Mismatched = append(r.Mismatched, fmt.Sprintf("%s is %v in the file, %v in the model", n.Name, n.Tensor.DType(), want.DType()))
		default:
			from[i] = n.Tensor
		}
	}
	for i, l := range state {
		if !seen[i] {
			r.Missing = append(r.Missing, fmt.Sprintf("%s %v", l.key, l.Value().Shape()))
		}
	}
	if err := r.Err(); strict && err != nil {
		return r, fmt.Errorf("layers: LoadStateDict: %w", err)
	}
	for i, x := range from {
		if x != nil {
			if d := state[i].Value().DType(); x.DType() != d {
				x = x.Cast(d)
			}
			state[i].Value().CopyFrom(x)
			r.Loaded = append(r.Loaded, state[i].key)
		}
	}
	return r, nil
}

// widens reports whether every value of dtype from is one of dtype to.
func widens(from, to tensor.DType) bool {
	switch to {
	case tensor.Float64:
		return from == tensor.Float64 || from == tensor.Float32 || from == tensor.Float16 || from == tensor.BFloat16
	case tensor.Float32:
		return from == tensor.Float32 || from == tensor.Float16 || from == tensor.BFloat16
	}
	return from == to
}

// LoadReport says how a state dictionary fits a model. But for Loaded, each line also says shapes or dtypes.
type LoadReport struct {
	Loaded     []string // keys of what was copied
	Missing    []string // in the model, not in the dictionary
	Unexpected []string // in the dictionary, not in the model
	Mismatched []string // in both, of different shape or dtype
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
