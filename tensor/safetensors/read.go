package safetensors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/tutti-ml/tutti/tensor"
)

// File is a safetensors file whose header has been read and checked; tensors are read when asked for. It is safe for use by
// many goroutines.
type File struct {
	name    string // for messages
	r       io.ReaderAt
	start   int64 // of the data section
	infos   []Info
	index   map[string]int // places in infos
	meta    map[string]string
	checked bool // the file has checksums, and they count
	close   func() error
}

// NewReader reads and checks the header of the file of size bytes in r. Everything the reference implementation demands
// is demanded: a header no longer than MaxHeader or the file, JSON of the format's form, shapes that take the bytes
// their offsets say, data without holes, overlap or anything after it; and beyond it that no name occurs twice. Nothing
// the header claims is allocated before it is checked against size; the header itself takes a few times its length. A
// file with checksums has that of its header checked here. The errors wrap ErrFormat, and for a wrong checksum
// ErrChecksum too.
//
// A tensor of a type that package tensor lacks is listed and can be left alone; Tensor returns ErrDType for it.
func NewReader(r io.ReaderAt, size int64) (*File, error) { return newFile("input", r, size, true) }

func newFile(name string, r io.ReaderAt, size int64, check bool) (*File, error) {
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
	f := &File{name: name, r: r, start: 8 + int64(n)}
	var err error
	if f.infos, f.index, f.meta, err = parseHeader(header); err != nil {
		return nil, malformed(name, "header: %w", err)
	}
	if err := checkLayout(f.infos, size-f.start); err != nil {
		return nil, malformed(name, "%w", err)
	}
	for i := range f.infos {
		f.index[f.infos[i].Name] = i
	}
	if !check {
		dropSums(f.meta)
	} else if f.checked, err = takeSums(f.infos, f.meta); err != nil {
		return nil, malformed(name, "%w", err)
	}
	if len(f.meta) == 0 {
		f.meta = nil
	}
	return f, nil
}

// Open opens the file path and reads and checks its header, as NewReader does. The caller must Close it. A file that is not
// there is fs.ErrNotExist.
func Open(path string) (*File, error) { return open(path, true) }

// OpenUnchecked is Open for a file whose checksums are wrong and whose contents are wanted all the same: another
// program changed tensors and kept the metadata, or what a damaged file still holds is to be saved. Nothing is checked
// against them.
func OpenUnchecked(path string) (*File, error) { return open(path, false) }

func open(path string, check bool) (*File, error) {
	stat, err := os.Stat(path) // before it is opened: to open a fifo is to wait for its writer
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	if !stat.Mode().IsRegular() {
		return nil, malformed(path, "is not a regular file")
	}
	osFile, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	if stat, err = osFile.Stat(); err != nil {
		osFile.Close()
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	f, err := newFile(path, osFile, stat.Size(), check)
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

// Meta returns the metadata without the checksums, nil if there is none. The map belongs to f: read it only.
func (f *File) Meta() map[string]string { return f.meta }

// Checked reports whether the file has checksums, which every tensor read is compared with.
func (f *File) Checked() bool { return f.checked }

// Tensor reads the tensor of the given name into new memory. I16 and U16 become Int32, and U32 becomes Int64. It
// returns an error if there is no such tensor, if its type has no dtype (ErrDType), if its bytes are not those written
// (ErrChecksum), and if reading fails.
func (f *File) Tensor(name string) (*tensor.Tensor, error) {
	i, ok := f.index[name]
	if !ok {
		return nil, fmt.Errorf("safetensors: %s: no tensor %q among its %d", f.name, name, len(f.infos))
	}
	return f.read(&f.infos[i])
}

func (f *File) read(info *Info) (*tensor.Tensor, error) {
	if info.DType == 0 {
		return nil, fmt.Errorf("safetensors: %s: tensor %q: %w: they are %s; Open lists it, and reads the others by name",
			f.name, info.Name, ErrDType, info.Type)
	}
	t := tensor.New(info.DType, info.Shape...)
	typ := typeNamed(info.Type)
	data := tensor.Bytes(t)
	if typ.widen != nil {
		data = make([]byte, info.Bytes())
	}
	at := 0
	if err := f.pieces(info, func(n int) []byte { at += n; return data[at-n : at] }); err != nil {
		return nil, err
	}
	switch {
	case typ.widen != nil:
		typ.widen(t, data)
	case info.DType == tensor.Bool:
		for i, v := range data {
			if v > 1 { // a Go bool must be 0 or 1 in memory
				data[i] = 0
				return nil, malformed(f.name, "tensor %q: element %d is the byte %d, want 0 or 1 of a BOOL", info.Name, i, v)
			}
		}
	case bigEndian:
		swapBytes(data, info.DType.Size())
	}
	return t, nil
}

// Verify reads every tensor's bytes, a piece at a time, and returns an error that wraps ErrChecksum for the first that
// are not those that were written. In a file without checksums it finds only what cannot be read.
func (f *File) Verify() error {
	buf := make([]byte, piece)
	for i := range f.infos {
		if err := f.pieces(&f.infos[i], func(n int) []byte { return buf[:n] }); err != nil {
			return err
		}
	}
	return nil
}

// piece is how many bytes are read at once, so that their checksum is taken while they are in the cache.
const piece = 1 << 18

// pieces reads a tensor's bytes, n at a time to room(n), and compares their checksum.
func (f *File) pieces(info *Info, room func(n int) []byte) error {
	in, sum := io.NewSectionReader(f.r, f.start+info.lo, info.Bytes()), uint32(0)
	for left := info.Bytes(); left > 0; {
		p := room(int(min(left, piece)))
		if _, err := io.ReadFull(in, p); err != nil {
			return fmt.Errorf("safetensors: %s: tensor %q: %w", f.name, info.Name, err)
		}
		if f.checked {
			sum = crc32.Update(sum, castagnoli, p)
		}
		left -= int64(len(p))
	}
	if f.checked && sum != info.crc {
		return f.wrongSum(info, sum)
	}
	return nil
}

func (f *File) wrongSum(info *Info, sum uint32) error {
	return malformed(f.name, "tensor %q: %w: it is %08x, the file says %08x: %s", info.Name, ErrChecksum, sum, info.crc,
		whatNow)
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
// The errors are those of Open and Tensor.
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
