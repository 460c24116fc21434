package layers

import (
	"fmt"

	"github.com/tutti-ml/tutti/tensor/safetensors"
)

// Save writes the state dictionary of model and meta, which may be nil, to a safetensors file, which PyTorch reads as it is.
// The file appears under path only when it is complete and on the disk; on an error what was there before stays.
func Save(path string, model any, meta map[string]string) error {
	if err := safetensors.WriteFile(path, StateDict(model), meta); err != nil {
		return fmt.Errorf("layers: Save: %w", err)
	}
	return nil
}

// Load copies the tensors of a safetensors file into the parameters and buffers of model and returns the file's metadata. The
// file must be of this very model, as for a strict LoadStateDict; otherwise Load returns an error that wraps ErrMismatch, and
// the model stays as it was.
func Load(path string, model any) (meta map[string]string, err error) {
	tensors, meta, err := safetensors.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("layers: Load: %w", err)
	}
	if r, err := LoadStateDict(model, tensors, true); err != nil {
		return nil, fmt.Errorf("layers: Load: %s: %w", path, r.Err())
	}
	return meta, nil
}
