package safetensors

import (
	"fmt"
	"hash/crc32"
	"io"

	"github.com/tutti-ml/tutti/tensor"
)

// Parts reads one tensor of a file from its start to its end, a part at a time. One goroutine uses it at a time.
type Parts struct {
	f    *File
	info *Info
	in   *io.SectionReader
	left int64
	sum  uint32
}

// Parts begins to read the tensor of the given name. It returns an error if there is no such tensor, or if its elements
// do not lie in the file as DType has them in memory (ErrDType).
func (f *File) Parts(name string) (*Parts, error) {
	i, ok := f.index[name]
	if !ok {
		return nil, fmt.Errorf("safetensors: %s: no tensor %q among its %d", f.name, name, len(f.infos))
	}
	info := &f.infos[i]
	if info.DType == 0 || typeNamed(info.Type).widen != nil {
		return nil, fmt.Errorf("safetensors: %s: tensor %q: %w to read in parts: they are %s", f.name, name, ErrDType,
			info.Type)
	}
	return &Parts{f: f, info: info, in: io.NewSectionReader(f.r, f.start+info.lo, info.Bytes()), left: info.Bytes()}, nil
}

// Left returns how many bytes of elements are still to be read.
func (p *Parts) Left() int64 { return p.left }

// Next fills dst, the memory of a whole number of elements, with the next ones. The call that reads the last compares
// the checksum, where the file has them: an error wraps ErrChecksum if the bytes, of this call or an earlier one, are
// not those that were written. It panics if there are fewer elements left.
func (p *Parts) Next(dst []byte) error {
	size := p.info.DType.Size()
	if int64(len(dst)) > p.left || len(dst)%size != 0 {
		panic(fmt.Sprintf("safetensors: Parts.Next: %d bytes of %q, of %d that are left, in elements of %d", len(dst),
			p.info.Name, p.left, size))
	}
	for len(dst) > 0 {
		part := dst[:min(len(dst), piece)]
		if _, err := io.ReadFull(p.in, part); err != nil {
			return fmt.Errorf("safetensors: %s: tensor %q: %w", p.f.name, p.info.Name, err)
		}
		if p.f.checked {
			p.sum = crc32.Update(p.sum, castagnoli, part)
		}
		switch {
		case p.info.DType == tensor.Bool:
			for i, v := range part {
				if v > 1 { // a Go bool must be 0 or 1 in memory
					clear(part[i:])
					return malformed(p.f.name, "tensor %q: an element is the byte %d, want 0 or 1 of a BOOL", p.info.Name, v)
				}
			}
		case bigEndian:
			swapBytes(part, size)
		}
		dst, p.left = dst[len(part):], p.left-int64(len(part))
	}
	if p.left == 0 && p.f.checked && p.sum != p.info.crc {
		return p.f.wrongSum(p.info, p.sum)
	}
	return nil
}
