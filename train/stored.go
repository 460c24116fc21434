package train

import (
	"fmt"

	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/safetensors"
)

// stored is a vector in a file. It is read once, from its start to its end.
type stored struct {
	dtype tensor.DType
	parts *safetensors.Parts
	at    int   // bytes read
	err   error // the first: all that comes after is zero
}

func newStored(f *safetensors.File, info safetensors.Info) (*stored, error) {
	parts, err := f.Parts(info.Name)
	return &stored{dtype: info.DType, parts: parts}, err
}

// next reads elements from number from on, which those that were read before end at.
func (s *stored) next(from int, dst []byte) error {
	if s.err != nil {
		clear(dst)
		return s.err
	}
	if at := from * s.dtype.Size(); at != s.at {
		panic(fmt.Sprintf("train: a stored vector is read at byte %d, and %d have been read", at, s.at))
	}
	s.err = s.parts.Next(dst)
	s.at += len(dst)
	return s.err
}

// close ends the reading of a snapshot from its file, if it has one, and gives the first error of it.
func (s *snapshot) close() (err error) {
	if s == nil || s.file == nil {
		return nil
	}
	for _, p := range s.pieces {
		if p.stored != nil && p.stored.err != nil && err == nil {
			err = fmt.Errorf("train: reading %s: %w", p.name, p.stored.err)
		}
	}
	s.file.Close()
	return err
}
