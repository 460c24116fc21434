package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/tutti-ml/tutti/tensor"
)

// Write writes the tensors and the metadata, which may be nil, to w, with checksums. Views are written as the elements
// they show. It returns an error, before writing a byte, if a name occurs twice, is "__metadata__" or is not UTF-8; and
// w's errors.
func Write(w io.Writer, tensors []Named, meta map[string]string) error {
	tensors = slices.Clone(tensors)
	slices.SortStableFunc(tensors, func(a, b Named) int {
		return cmp.Compare(b.Tensor.DType().Size(), a.Tensor.DType().Size())
	})
	infos, end := make([]Info, len(tensors)), int64(0)
	for i, t := range tensors {
		d := t.Tensor.DType()
		infos[i] = Info{Name: t.Name, Type: nameOf(d), DType: d, Shape: t.Tensor.Shape(), lo: end}
		end += int64(t.Tensor.Len() * d.Size())
		infos[i].hi, infos[i].crc = end, crc32.Checksum(elements(t.Tensor), castagnoli)
	}
	header, err := makeHeader(infos, withSums(infos, meta))
	if err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return fmt.Errorf("safetensors: header: %w", err)
	}
	for _, t := range tensors {
		if _, err := w.Write(elements(t.Tensor)); err != nil {
			return fmt.Errorf("safetensors: tensor %q: %w", t.Name, err)
		}
	}
	return nil
}

// makeHeader returns the length and the JSON, together a multiple of 8 bytes.
func makeHeader(infos []Info, meta map[string]string) ([]byte, error) {
	b := bytes.NewBuffer(make([]byte, 8, 128*(len(infos)+1)))
	b.WriteByte('{')
	writeString(b, metadataKey)
	b.WriteString(":{")
	for i, key := range slices.Sorted(maps.Keys(meta)) {
		if !utf8.ValidString(key) || !utf8.ValidString(meta[key]) {
			return nil, fmt.Errorf("safetensors: metadata %q = %q is not UTF-8", key, meta[key])
		}
		if i > 0 {
			b.WriteByte(',')
		}
		writeString(b, key)
		b.WriteByte(':')
		writeString(b, meta[key])
	}
	b.WriteByte('}')
	seen := make(map[string]bool, len(infos))
	for _, t := range infos {
		switch {
		case !utf8.ValidString(t.Name):
			return nil, fmt.Errorf("safetensors: tensor name %q is not UTF-8", t.Name)
		case t.Name == metadataKey:
			return nil, fmt.Errorf("safetensors: a tensor cannot be named %q", t.Name)
		case seen[t.Name]:
			return nil, fmt.Errorf("safetensors: two tensors are named %q", t.Name)
		}
		seen[t.Name] = true
		b.WriteByte(',')
		writeString(b, t.Name)
		fmt.Fprintf(b, `:{"dtype":"%s","shape":[`, t.Type)
		for i, d := range t.Shape {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprint(b, d)
		}
		fmt.Fprintf(b, `],"data_offsets":[%d,%d]}`, t.lo, t.hi)
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	header := b.Bytes()
	if len(header)-8 > MaxHeader {
		return nil, fmt.Errorf("safetensors: the header takes %d bytes, the format allows %d", len(header)-8, MaxHeader)
	}
	binary.LittleEndian.PutUint64(header, uint64(len(header)-8))
	return header, nil
}

// writeString writes s as a JSON string, with no more escapes than JSON demands.
func writeString(b *bytes.Buffer, s string) {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic(err) // a string always marshals
	}
	b.Truncate(b.Len() - 1) // the newline
}

// elements returns t's elements, little-endian and row-major: t's own memory where that is so.
func elements(t *tensor.Tensor) []byte {
	data := tensor.Bytes(t.Contiguous())
	if bigEndian {
		data = slices.Clone(data)
		swapBytes(data, t.DType().Size())
	}
	return data
}
