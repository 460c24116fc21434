package npy

// This file reads and writes .npz: zip archives of .npy files.

import (
	"archive/zip"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/tutti-ml/tutti/tensor"
)

// Zip is an archive whose directory has been read; arrays are read when asked for. What else is in the archive is
// passed over. Tensor is safe for use by many goroutines.
type Zip struct {
	// MaxBytes is how many bytes of elements are read at most: one array by Tensor, all by All. A file of zeros
	// inflates to a thousand times its size. OpenZip and NewZip set 1 GiB, or 32 times the archive's bytes if that is
	// more; change it before the first use.
	MaxBytes int64

	size  int64
	names []string
	files map[string]*zip.File
	close func() error
}

// NewZip reads the directory of an archive of size bytes. It returns ErrFormat if that is broken or a name is in it
// twice.
func NewZip(r io.ReaderAt, size int64) (*Zip, error) {
	in, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	z := &Zip{MaxBytes: max(1<<30, 32*size), size: size, files: map[string]*zip.File{}}
	for _, f := range in.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			continue
		}
		if z.files[name] != nil {
			return nil, fmt.Errorf("%w: %q is in the archive twice", ErrFormat, f.Name)
		}
		z.files[name] = f
		z.names = append(z.names, name)
	}
	return z, nil
}

// OpenZip opens the archive path, as NewZip does. The caller must Close it.
func OpenZip(path string) (*Zip, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("npy: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("npy: %w", err)
	}
	z, err := NewZip(f, info.Size())
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	z.close = f.Close
	return z, nil
}

// Close closes the file that OpenZip opened. Tensors already read stay valid.
func (z *Zip) Close() error {
	if z.close == nil {
		return nil
	}
	return z.close()
}

// Names returns the names of the arrays, without ".npy", in the archive's order. The slice belongs to z: read it only.
func (z *Zip) Names() []string { return z.names }

// Tensor reads the array of the given name. Its errors are Read's, and ErrTooLarge beyond MaxBytes.
func (z *Zip) Tensor(name string) (*tensor.Tensor, error) { return z.read(name, z.MaxBytes) }

func (z *Zip) read(name string, limit int64) (*tensor.Tensor, error) {
	f := z.files[name]
	if f == nil {
		return nil, fmt.Errorf("npy: no array %q among the archive's %d", name, len(z.names))
	}
	body, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrFormat, f.Name, err)
	}
	defer body.Close()
	// The directory's sizes are the file's word, so they count no further than the archive's size bears them out.
	room := min(f.UncompressedSize64, maxDeflate*min(f.CompressedSize64, uint64(z.size)))
	t, err := read(body, int64(min(room, uint64(limit))), limit)
	if err == nil { // to the end, for the checksum
		if _, err = io.Copy(io.Discard, body); err != nil {
			err = fmt.Errorf("npy: %w", err)
		}
	}
	var corrupt flate.CorruptInputError
	switch {
	case err == nil:
		return t, nil
	case errors.As(err, &corrupt), errors.Is(err, zip.ErrChecksum), errors.Is(err, zip.ErrFormat), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("%w: %s: %w", ErrFormat, f.Name, err)
	}
	return nil, fmt.Errorf("%s: %w", f.Name, err)
}

// maxDeflate is the most that deflate can expand one byte to: a 258-byte match in 2 bits, 1032:1.
const maxDeflate = 1032

// All reads every array, by name. An array that cannot be read is an error, and so are more than MaxBytes in all.
func (z *Zip) All() (map[string]*tensor.Tensor, error) {
	ts := map[string]*tensor.Tensor{}
	left := z.MaxBytes
	for _, name := range z.names {
		t, err := z.read(name, left)
		if errors.Is(err, ErrTooLarge) {
			return nil, fmt.Errorf("%w, what is left of Zip.MaxBytes = %d for all arrays; see OpenZip", err, z.MaxBytes)
		}
		if err != nil {
			return nil, err
		}
		left -= int64(t.Len() * t.DType().Size())
		ts[name] = t
	}
	return ts, nil
}

// ReadZip reads the arrays of an archive of size bytes, by name, without ".npy". Members that are no .npy files are
// passed over. An array that cannot be read is an error, and so are more bytes than Zip's default of MaxBytes: NewZip
// and OpenZip read one by one.
func ReadZip(r io.ReaderAt, size int64) (map[string]*tensor.Tensor, error) {
	z, err := NewZip(r, size)
	if err != nil {
		return nil, err
	}
	return z.All()
}

// WriteZip writes an archive of tensors under their names, in alphabetical order and not compressed, as numpy.savez does.
func WriteZip(w io.Writer, ts map[string]*tensor.Tensor) error {
	z := zip.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(ts)) {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: zip.Store})
		if err != nil {
			return fmt.Errorf("npy: %s: %w", name, err)
		}
		if err := Write(f, ts[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("npy: %w", err)
	}
	return nil
}

// ReadZipFile reads the arrays of the archive in the file path, as ReadZip does.
func ReadZipFile(path string) (map[string]*tensor.Tensor, error) {
	z, err := OpenZip(path)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	ts, err := z.All()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ts, nil
}

// WriteZipFile writes an archive of tensors to the file path, replacing what is there as one step, as WriteFile does.
func WriteZipFile(path string, ts map[string]*tensor.Tensor) error {
	return writeFile(path, func(w io.Writer) error { return WriteZip(w, ts) })
}
