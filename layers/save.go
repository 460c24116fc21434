package layers

import (
	"fmt"
	"strings"

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

// OptimizerPrefix begins the names of tensors that a checkpoint keeps beside the model's: the optimizer's state.
const OptimizerPrefix = "optimizer/"

// Load copies the tensors of a safetensors file into the parameters and buffers of model and returns the file's
// metadata. The file must be of this very model, as for a strict LoadStateDict; otherwise Load returns an error that
// wraps ErrMismatch, and the model stays as it was. A checkpoint of train.Run will do: what it keeps for the optimizer,
// under OptimizerPrefix, is passed over. Numbers of a wider floating-point dtype are rounded, as LoadStateDict says.
func Load(path string, model any) (meta map[string]string, err error) {
	tensors, meta, err := readModel(path)
	if err != nil {
		return nil, fmt.Errorf("layers: Load: %w", err)
	}
	if r, err := LoadStateDict(model, tensors, true); err != nil {
		return nil, fmt.Errorf("layers: Load: %s: %w", path, r.Err())
	}
	return meta, nil
}

// readModel reads a file without the optimizer's state.
func readModel(path string) (tensors []safetensors.Named, meta map[string]string, err error) {
	f, err := safetensors.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	for _, info := range f.Infos() {
		if strings.HasPrefix(info.Name, OptimizerPrefix) {
			continue
		}
		t, err := f.Tensor(info.Name)
		if err != nil {
			return nil, nil, err
		}
		tensors = append(tensors, safetensors.Named{Name: info.Name, Tensor: t})
	}
	return tensors, f.Meta(), nil
}
