// Package npy reads and writes tensors in NumPy's file formats, .npy (one array) and .npz (a zip archive of them).
//
// Files of either byte order and of C or Fortran order are read; what is written is in the machine's byte order and C order,
// format version 1.0, as NumPy writes it. Source: NumPy Enhancement Proposal 1, and numpy.lib.format.
package npy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/tutti-ml/tutti/internal/atomicfile"
	"github.com/tutti-ml/tutti/tensor"
)

var (
	// ErrFormat is in the chain of every error about bytes that are not a whole .npy or .npz file.
	ErrFormat = errors.New("npy: malformed")
	// ErrDType is in the chain of every error about a type of elements that the file format or package tensor lacks.
	ErrDType = errors.New("npy: unsupported type of elements")
	// ErrTooLarge is in the chain of the error for an archive that inflates to more than Zip.MaxBytes.
	ErrTooLarge = errors.New("npy: too many bytes of elements")
)

// Read reads one array, and no byte after it. float16, float32, float64, int8, int32, int64, uint8 and bool keep their type;
// int16 and uint16 become Int32, and uint32 becomes Int64. The tensor is contiguous and has memory of its own; no more is
// allocated than about three times what r delivers.
func Read(r io.Reader) (*tensor.Tensor, error) { return read(r, 0, math.MaxInt) }

// read is Read where r is known to hold room bytes: an array that fits is read in place. One of more than limit bytes
// is refused.
func read(r io.Reader, room, limit int64) (*tensor.Tensor, error) {
	h, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	if int64(h.size()) > limit {
		return nil, fmt.Errorf("%w: %d, the limit is %d", ErrTooLarge, h.size(), limit)
	}
	shape := h.shape
	if h.fortran {
		shape = reversed(shape)
	}
	t, err := h.elements(r, shape, room)
	if err != nil {
		return nil, err
	}
	if h.fortran {
		t = t.Permute(reversed(axes(len(shape)))...).Contiguous()
	}
	return t, nil
}

// elements reads the elements into a tensor of the given shape.
func (h *fileHeader) elements(r io.Reader, shape []int, room int64) (*tensor.Tensor, error) {
	if h.elem.widen != nil || int64(h.size()) > room {
		raw, err := readBytes(r, h.size())
		if err != nil {
			return nil, err
		}
		if h.swap {
			swap(raw, h.elem.size)
		}
		return h.elem.tensor(raw, shape), nil
	}
	t := tensor.New(h.elem.dtype, shape...)
	raw := tensor.Bytes(t)
	if n, err := io.ReadFull(r, raw); err != nil {
		return nil, cutShort(n, len(raw), err)
	}
	if h.swap {
		swap(raw, h.elem.size)
	}
	if h.elem.dtype == tensor.Bool {
		onlyBools(raw)
	}
	return t, nil
}

// cutShort explains why only at of n bytes were read.
func cutShort(at, n int, err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%w: %d of %d bytes of elements", ErrFormat, at, n)
	}
	return fmt.Errorf("npy: %w", err)
}

// Write writes t, whatever its strides. Its error is ErrDType for a BFloat16 tensor, which NumPy has no type for, and w's
// otherwise.
func Write(w io.Writer, t *tensor.Tensor) error {
	h, err := header(t)
	if err != nil {
		return err
	}
	if _, err := w.Write(h); err != nil {
		return fmt.Errorf("npy: %w", err)
	}
	if _, err := w.Write(tensor.Bytes(t.Contiguous())); err != nil {
		return fmt.Errorf("npy: %w", err)
	}
	return nil
}

// ReadFile reads the array in the file path.
func ReadFile(path string) (*tensor.Tensor, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("npy: %w", err)
	}
	defer f.Close()
	room := int64(0)
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		room = info.Size()
	}
	t, err := read(f, room, math.MaxInt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// WriteFile writes t to the file path, replacing what is there as one step, as safetensors.WriteFile does.
func WriteFile(path string, t *tensor.Tensor) error {
	return writeFile(path, func(w io.Writer) error { return Write(w, t) })
}

// writeFile replaces the file path by what write writes; its errors name the package and the file.
func writeFile(path string, write func(io.Writer) error) error {
	var inner error
	err := atomicfile.Write(path, func(w io.Writer) error {
		inner = write(w)
		return inner
	})
	switch {
	case inner != nil:
		return fmt.Errorf("%s: %w", path, inner)
	case err != nil:
		return fmt.Errorf("npy: %w", err)
	}
	return nil
}

// direct is how many bytes are allocated at once on the word of a header.
const direct = 1 << 20

// readBytes reads n bytes, allocating as they arrive.
func readBytes(r io.Reader, n int) ([]byte, error) {
	buf := make([]byte, min(n, direct))
	at := 0
	for {
		k, err := io.ReadFull(r, buf[at:])
		at += k
		switch {
		case err != nil:
			return nil, cutShort(at, n, err)
		case at == n:
			return buf, nil
		}
		longer := make([]byte, min(n, 2*len(buf)))
		copy(longer, buf)
		buf = longer
	}
}

// swap reverses the bytes of every element.
func swap(raw []byte, size int) {
	for ; len(raw) >= size; raw = raw[size:] {
		for i, j := 0, size-1; i < j; i, j = i+1, j-1 {
			raw[i], raw[j] = raw[j], raw[i]
		}
	}
}

// An elem is a type of elements in files.
type elem struct {
	descr string // without the byte order
	size  int
	dtype tensor.DType
	widen func(dst *tensor.Tensor, raw []byte) // where package tensor has no such dtype
}

var elems = []elem{
	{"f4", 4, tensor.Float32, nil}, {"f8", 8, tensor.Float64, nil}, {"f2", 2, tensor.Float16, nil}, {"i1", 1, tensor.Int8, nil},
	{"i4", 4, tensor.Int32, nil}, {"i8", 8, tensor.Int64, nil}, {"u1", 1, tensor.Uint8, nil}, {"b1", 1, tensor.Bool, nil},
	{"i2", 2, tensor.Int32, func(dst *tensor.Tensor, raw []byte) {
		for i := range tensor.Data[int32](dst) {
			tensor.Data[int32](dst)[i] = int32(int16(binary.NativeEndian.Uint16(raw[2*i:])))
		}
	}},
	{"u2", 2, tensor.Int32, func(dst *tensor.Tensor, raw []byte) {
		for i := range tensor.Data[int32](dst) {
			tensor.Data[int32](dst)[i] = int32(binary.NativeEndian.Uint16(raw[2*i:]))
		}
	}},
	{"u4", 4, tensor.Int64, func(dst *tensor.Tensor, raw []byte) {
		for i := range tensor.Data[int64](dst) {
			tensor.Data[int64](dst)[i] = int64(binary.NativeEndian.Uint32(raw[4*i:]))
		}
	}},
}

// tensor makes a tensor of elements in the machine's byte order.
func (e *elem) tensor(raw []byte, shape []int) *tensor.Tensor {
	t := tensor.New(e.dtype, shape...)
	switch {
	case e.widen != nil:
		e.widen(t, raw)
	default:
		if e.dtype == tensor.Bool {
			onlyBools(raw)
		}
		copy(tensor.Bytes(t), raw)
	}
	return t
}

// onlyBools makes raw bytes Go's, whose bools are 0 or 1.
func onlyBools(raw []byte) {
	for i, v := range raw {
		if v > 1 {
			raw[i] = 1
		}
	}
}

func reversed(x []int) []int {
	y := make([]int, len(x))
	for i, v := range x {
		y[len(x)-1-i] = v
	}
	return y
}

func axes(n int) []int {
	a := make([]int, n)
	for i := range a {
		a[i] = i
	}
	return a
}
