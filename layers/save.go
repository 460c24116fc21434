package layers

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/tensor/safetensors"
)

// Save writes the parameters of model, under the names that Params gives them, and meta, which may be nil, to a safetensors
// file. The file appears under path only when it is complete and on the disk; on an error what was there before stays.
func Save(path string, model any, meta map[string]string) error {
	params := Params(model)
	tensors := make([]safetensors.Named, len(params))
	for i, p := range params {
		tensors[i] = safetensors.Named{Name: p.Name, Tensor: p.Value()}
	}
	if err := safetensors.WriteFile(path, tensors, meta); err != nil {
		return fmt.Errorf("layers: Save: %w", err)
	}
	return nil
}

// Load copies the tensors of a safetensors file into the parameters of model, by name, and returns the file's metadata. The
// file and the model must have the same names, shapes and dtypes; otherwise Load returns an error that wraps ErrMismatch and
// names the parameter, the file and both values, and the model stays as it was.
func Load(path string, model any) (meta map[string]string, err error) {
	tensors, meta, err := safetensors.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("layers: Load: %w", err)
	}
	params := Params(model)
	found := make([]int, len(params)) // where in tensors
	for i, p := range params {
		j := slices.IndexFunc(tensors, func(n safetensors.Named) bool { return n.Name == p.Name })
		if j < 0 {
			return nil, mismatch(path, "the model's %s %v is not in the file", p.Name, p.Value().Shape())
		}
		if x := tensors[j].Tensor; !x.SameShape(p.Value()) {
			return nil, mismatch(path, "%s is %v in the file, %v in the model", p.Name, x.Shape(), p.Value().Shape())
		} else if x.DType() != p.Value().DType() {
			return nil, mismatch(path, "%s is %v in the file, %v in the model", p.Name, x.DType(), p.Value().DType())
		}
		found[i] = j
	}
	for j, n := range tensors {
		if !slices.Contains(found, j) {
			return nil, mismatch(path, "the file's %s %v is not in the model", n.Name, n.Tensor.Shape())
		}
	}
	for i, p := range params {
		p.Value().CopyFrom(tensors[found[i]].Tensor)
	}
	return meta, nil
}

// ErrMismatch is wrapped by the errors that say a file is of another model.
var ErrMismatch = errors.New("the file does not fit the model")

func mismatch(path, format string, args ...any) error {
	return fmt.Errorf("layers: Load: %s: %w: "+format, append([]any{path, ErrMismatch}, args...)...)
}
