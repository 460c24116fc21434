package safetensors

import (
	"fmt"
	"io"

	"github.com/tutti-ml/tutti/internal/atomicfile"
)

// WriteFile writes the tensors and the metadata to the file path, replacing what is there, as one step: at every moment
// path holds all of the old file or all of the new one, also if the program or the machine stops. On an error the old
// file stays and nothing is left behind. Links are followed, a file that is replaced keeps its mode, and a device or a
// fifo is written to, not replaced.
func WriteFile(path string, tensors []Named, meta map[string]string) error {
	var inner error // says its package already
	err := atomicfile.Write(path, func(w io.Writer) error {
		inner = Write(w, tensors, meta)
		return inner
	})
	if err != nil && inner == nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	return err
}
