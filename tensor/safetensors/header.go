package safetensors

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/tutti-ml/tutti/tensor"
)

// metadataKey is the header's one key that is not a tensor's name.
const metadataKey = "__metadata__"

// Info describes a tensor of a file without its elements.
type Info struct {
	Name  string
	Type  string       // of its elements, as the file has it: F32, BF16, F8_E4M3 …
	DType tensor.DType // that Tensor returns; 0 where package tensor has none, and Tensor an error that wraps ErrDType
	Shape []int

	lo, hi int64  // bytes of the data section
	crc    uint32 // CRC-32C of those, where the file has checksums
}

// Bytes returns the bytes that the elements take in the file.
func (i Info) Bytes() int64 { return i.hi - i.lo }

// shortest is how long a tensor's description is at least: "":{"dtype":"U8","shape":[],"data_offsets":[0,1]}
const shortest = 46

// parseHeader parses the JSON. index gives each name's place in infos.
func parseHeader(header []byte) (infos []Info, index map[string]int, meta map[string]string, err error) {
	if len(header) == 0 || header[0] != '{' {
		return nil, nil, nil, errors.New("does not start with '{'")
	}
	if !utf8.Valid(header) {
		return nil, nil, nil, errors.New("is not UTF-8")
	}
	n := min(bytes.Count(header, []byte("data_offsets")), len(header)/shortest)
	infos, index = make([]Info, 0, n), make(map[string]int, n)
	hasMeta := false
	s := &scanner{text: header}
	err = s.object(func(key string) error {
		if key == metadataKey {
			if hasMeta {
				return errors.New("occurs twice")
			}
			hasMeta = true
			meta, err = parseMeta(s)
			return err
		}
		if _, ok := index[key]; ok {
			return errors.New("occurs twice")
		}
		info, err := parseInfo(s)
		info.Name = key
		index[key] = len(infos)
		infos = append(infos, info)
		return err
	})
	if err != nil {
		return nil, nil, nil, err
	}
	if s.space(); s.at < len(header) {
		return nil, nil, nil, fmt.Errorf("goes on after its object: %v", s.found())
	}
	return infos, index, meta, nil
}

// parseMeta parses the metadata, which may be null.
func parseMeta(s *scanner) (map[string]string, error) {
	if s.null() {
		return nil, nil
	}
	meta := make(map[string]string)
	err := s.object(func(key string) (err error) {
		if _, ok := meta[key]; ok {
			return errors.New("occurs twice")
		}
		meta[key], err = s.string()
		return err
	})
	return meta, err
}

// parseInfo parses a tensor's description and checks it against itself. Keys that the format has not are passed over,
// as the reference implementation does.
func parseInfo(s *scanner) (Info, error) {
	var info Info
	var typ *fileType
	var shape, offsets []int64
	err := s.object(func(key string) (err error) {
		switch {
		case key == "dtype" && typ == nil:
			var name string
			if name, err = s.string(); err == nil {
				if typ = typeNamed(name); typ == nil {
					err = fmt.Errorf("%q is none of the format's types", name)
				}
			}
		case key == "shape" && shape == nil:
			shape, err = s.integers()
		case key == "data_offsets" && offsets == nil:
			offsets, err = s.integers()
		case key == "dtype", key == "shape", key == "data_offsets":
			err = errors.New("occurs twice")
		default:
			err = s.skip()
		}
		return err
	})
	if err != nil {
		return info, err
	}
	if typ == nil || shape == nil || offsets == nil {
		return info, errors.New("want the three keys dtype, shape and data_offsets")
	}
	if len(offsets) != 2 || offsets[0] > offsets[1] {
		return info, fmt.Errorf("data_offsets %v, want a begin and an end not before it", offsets)
	}
	info.Type, info.DType, info.lo, info.hi = typ.name, typ.dtype, offsets[0], offsets[1]
	info.Shape = make([]int, len(shape))
	for i, n := range shape {
		if n > math.MaxInt {
			return info, fmt.Errorf("shape %v of %s overflows", shape, typ.name)
		}
		info.Shape[i] = int(n)
	}
	n, ok := tensor.Elements(info.Shape)
	if !ok || int64(n) > math.MaxInt64/typ.bits {
		return info, fmt.Errorf("shape %v of %s overflows", shape, typ.name)
	}
	bits := int64(n) * typ.bits
	if bits%8 != 0 {
		return info, fmt.Errorf("shape %v of %s takes %d bits, which is no number of bytes", shape, typ.name, bits)
	}
	if bits/8 != info.Bytes() {
		return info, fmt.Errorf("shape %v of %s takes %d bytes, data_offsets %v hold %d", shape, typ.name, bits/8,
			offsets, info.Bytes())
	}
	return info, nil
}

// checkLayout sorts infos by their data and checks that they cover the data section of size bytes exactly.
func checkLayout(infos []Info, size int64) error {
	slices.SortStableFunc(infos, func(a, b Info) int {
		return cmp.Or(cmp.Compare(a.lo, b.lo), cmp.Compare(a.hi, b.hi))
	})
	end := int64(0)
	for _, info := range infos {
		if info.lo != end {
			return fmt.Errorf("tensor %q begins at byte %d of the data, the one before ends at %d", info.Name, info.lo, end)
		}
		end = info.hi
	}
	if end != size {
		return fmt.Errorf("the tensors take %d bytes, the file holds %d", end, size)
	}
	return nil
}
