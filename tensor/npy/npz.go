package npy

// This file reads and writes .npz: zip archives of .npy files.

import (
	"archive/zip"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/tutti-ml/tutti/tensor"
)

// ReadZip reads the arrays of an archive of size bytes, by name, without ".npy".
func ReadZip(r io.ReaderAt, size int64) (map[string]*tensor.Tensor, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	ts := map[string]*tensor.Tensor{}
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			return nil, fmt.Errorf("%w: %q in the archive is no .npy file", ErrFormat, f.Name)
		}
		if ts[name] != nil {
			return nil, fmt.Errorf("%w: %q is in the archive twice", ErrFormat, f.Name)
		}
		body, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrFormat, f.Name, err)
		}
		t, err := Read(body)
		if err == nil { // to the end, for the checksum
			_, err = io.Copy(io.Discard, body)
			if err != nil {
				err = fmt.Errorf("%w: %w", ErrFormat, err)
			}
		}
		body.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		ts[name] = t
	}
	return ts, nil
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

// ReadZipFile reads the arrays of the archive in the file path.
func ReadZipFile(path string) (map[string]*tensor.Tensor, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("npy: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("npy: %w", err)
	}
	ts, err := ReadZip(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ts, nil
}

// WriteZipFile writes an archive of tensors to the file path, replacing what is there as one step, as WriteFile does.
func WriteZipFile(path string, ts map[string]*tensor.Tensor) error {
	return writeFile(path, func(w io.Writer) error { return WriteZip(w, ts) })
}
