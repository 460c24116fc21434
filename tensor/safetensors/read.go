package safetensors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"github.com/tutti-ml/tutti/tensor"
)

// Info describes a tensor of a file without its elements.
type Info struct {
	Name  string
	DType tensor.DType
	Shape []int

	lo, hi int64 // bytes of the data section
}

// File is a safetensors file whose header has been read and checked; tensors are read when asked for. It is safe for use by
// many goroutines.
type File struct {
	name  string // for messages
	r     io.ReaderAt
	start int64 // of the data section
	infos []Info
	meta  map[string]string
	close func() error
}

// NewReader reads and checks the header of the file of size bytes in r. Everything the reference implementation demands is
// demanded: a header no longer than MaxHeader or the file, JSON of exactly the format's form without duplicate names, shapes
// that take the bytes their offsets say, data without holes, overlap or anything after it. Nothing the header claims is
// allocated before it is checked against size. The errors wrap ErrFormat.
func NewReader(r io.ReaderAt, size int64) (*File, error) { return newFile("input", r, size) }

func newFile(name string, r io.ReaderAt, size int64) (*File, error) {
	var length [8]byte
	if size < 8 {
		return nil, malformed(name, "%d bytes, want at least the 8 of the header's length", size)
	}
	if _, err := r.ReadAt(length[:], 0); err != nil {
		return nil, malformed(name, "header length: %w", err)
	}
	n := binary.LittleEndian.Uint64(length[:])
	switch {
	case n > MaxHeader:
		return nil, malformed(name, "header length %d, the format allows %d", n, MaxHeader)
	case int64(n) > size-8:
		return nil, malformed(name, "header length %d, the file has %d bytes after the length", n, size-8)
	}
	header := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(r, 8, int64(n)), header); err != nil {
		return nil, malformed(name, "header: %w", err)
	}
	infos, meta, err := parseHeader(header)
	if err != nil {
		return nil, malformed(name, "header: %w", err)
	}
	f := &File{name: name, r: r, start: 8 + int64(n), infos: infos, meta: meta}
	if err := checkLayout(infos, size-f.start); err != nil {
		return nil, malformed(name, "%w", err)
	}
	return f, nil
}

// Open opens the file path and reads and checks its header, as NewReader does. The caller must Close it. A file that is not
// there is fs.ErrNotExist.
func Open(path string) (*File, error) {
	osFile, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	stat, err := osFile.Stat()
	if err == nil && !stat.Mode().IsRegular() {
		err = malformed(path, "is not a regular file")
	} else if err != nil {
		err = fmt.Errorf("safetensors: %w", err)
	}
	var f *File
	if err == nil {
		f, err = newFile(path, osFile, stat.Size())
	}
	if err != nil {
		osFile.Close()
		return nil, err
	}
	f.close = osFile.Close
	return f, nil
}

// Close closes the file Open opened. Tensors already read stay valid.
func (f *File) Close() error {
	if f.close == nil {
		return nil
	}
	return f.close()
}

// Infos returns the tensors in the order of their data. The slice belongs to f: read it only.
func (f *File) Infos() []Info { return f.infos }

// Meta returns the metadata, nil if there is none. The map belongs to f: read it only.
func (f *File) Meta() map[string]string { return f.meta }

// Tensor reads the tensor of the given name into new memory. It returns an error if there is none, and if reading fails.
func (f *File) Tensor(name string) (*tensor.Tensor, error) {
	for i := range f.infos {
		if f.infos[i].Name == name {
			return f.read(&f.infos[i])
		}
	}
	return nil, fmt.Errorf("safetensors: %s: no tensor %q among its %d", f.name, name, len(f.infos))
}

func (f *File) read(info *Info) (*tensor.Tensor, error) {
	t := tensor.New(info.DType, info.Shape...)
	data := tensor.Bytes(t)
	if _, err := io.ReadFull(io.NewSectionReader(f.r, f.start+info.lo, info.hi-info.lo), data); err != nil {
		return nil, fmt.Errorf("safetensors: %s: tensor %q: %w", f.name, info.Name, err)
	}
	if bigEndian {
		swapBytes(data, info.DType.Size())
	}
	if info.DType == tensor.Bool {
		for i, v := range data {
			if v > 1 { // a Go bool must be 0 or 1 in memory
				data[i] = 0
				return nil, malformed(f.name, "tensor %q: element %d is the byte %d, want 0 or 1 of a BOOL", info.Name, i, v)
			}
		}
	}
	return t, nil
}

// all reads every tensor.
func (f *File) all() ([]Named, map[string]string, error) {
	tensors := make([]Named, len(f.infos))
	for i := range f.infos {
		t, err := f.read(&f.infos[i])
		if err != nil {
			return nil, nil, err
		}
		tensors[i] = Named{f.infos[i].Name, t}
	}
	return tensors, f.meta, nil
}

// ReadFile reads the file path: every tensor, in the order of their data, and the metadata, nil if there is none.
// The errors are those of Open.
func ReadFile(path string) (tensors []Named, meta map[string]string, err error) {
	f, err := Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	return f.all()
}

// Read reads r to its end and returns every tensor and the metadata, as ReadFile does. It holds all bytes of r beside the
// tensors until it returns: prefer ReadFile, or NewReader, where the bytes can be read at an offset.
func Read(r io.Reader) (tensors []Named, meta map[string]string, err error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, nil, fmt.Errorf("safetensors: %w", err)
	}
	f, err := NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, nil, err
	}
	return f.all()
}

// formatError is one line naming the file and what is wrong with it.
type formatError struct {
	file string
	err  error
}

func (e *formatError) Error() string   { return "safetensors: " + e.file + ": " + e.err.Error() }
func (e *formatError) Unwrap() []error { return []error{ErrFormat, e.err} }

func malformed(file, format string, args ...any) error {
	return &formatError{file, fmt.Errorf(format, args...)}
}
