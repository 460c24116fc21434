package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/tutti-ml/tutti/tensor"
)

// metadataKey is the header's one key that is not a tensor's name.
const metadataKey = "__metadata__"

// bigEndian is whether this machine's bytes need turning.
var bigEndian = binary.NativeEndian.Uint16([]byte{0, 1}) == 1

// Write writes the tensors and the metadata, which may be nil, to w. Views are written as the elements they show. It returns an
// error, before writing a byte, if a name occurs twice, is "__metadata__" or is not UTF-8; and w's errors.
func Write(w io.Writer, tensors []Named, meta map[string]string) error {
	tensors = slices.Clone(tensors)
	slices.SortStableFunc(tensors, func(a, b Named) int {
		return cmp.Compare(b.Tensor.DType().Size(), a.Tensor.DType().Size())
	})
	header, err := makeHeader(tensors, meta)
	if err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return fmt.Errorf("safetensors: header: %w", err)
	}
	for _, t := range tensors {
		if err := writeElements(w, t.Tensor.Contiguous()); err != nil {
			return fmt.Errorf("safetensors: tensor %q: %w", t.Name, err)
		}
	}
	return nil
}

// makeHeader returns the length and the JSON, together a multiple of 8 bytes.
func makeHeader(tensors []Named, meta map[string]string) ([]byte, error) {
	b := bytes.NewBuffer(make([]byte, 8, 128*(len(tensors)+1)))
	b.WriteByte('{')
	if len(meta) > 0 {
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
	}
	seen, offset := make(map[string]bool, len(tensors)), 0
	for _, t := range tensors {
		switch {
		case !utf8.ValidString(t.Name):
			return nil, fmt.Errorf("safetensors: tensor name %q is not UTF-8", t.Name)
		case t.Name == metadataKey:
			return nil, fmt.Errorf("safetensors: a tensor cannot be named %q", t.Name)
		case seen[t.Name]:
			return nil, fmt.Errorf("safetensors: two tensors are named %q", t.Name)
		}
		seen[t.Name] = true
		if b.Len() > 9 {
			b.WriteByte(',')
		}
		end := offset + t.Tensor.Len()*t.Tensor.DType().Size()
		writeString(b, t.Name)
		fmt.Fprintf(b, `:{"dtype":"%s","shape":[`, nameOf(t.Tensor.DType()))
		for i, d := range t.Tensor.Shape() {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprint(b, d)
		}
		fmt.Fprintf(b, `],"data_offsets":[%d,%d]}`, offset, end)
		offset = end
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

// writeString writes s as a JSON string.
func writeString(b *bytes.Buffer, s string) {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always marshals
	}
	b.Write(quoted)
}

// writeElements writes t little-endian.
func writeElements(w io.Writer, t *tensor.Tensor) error {
	data, size := tensor.Bytes(t), t.DType().Size()
	if bigEndian {
		data = slices.Clone(data)
		swapBytes(data, size)
	}
	_, err := w.Write(data)
	return err
}
