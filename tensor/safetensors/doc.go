// Package safetensors reads and writes tensors in the safetensors format: no code runs when a file is loaded, and a file says
// how long it is before anything is allocated.
//
// The format:
//
//	8 bytes        n, the length of the header, little-endian
//	n bytes        a JSON object: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …,
//	               "__metadata__": {"key": "value"}}, padded with spaces
//	rest           the elements, little-endian, row-major; data_offsets count from here, leave no hole and do not overlap
//
// File order. Write puts tensors with larger elements first and keeps the given order among equals, so that every tensor lies
// at a multiple of its element size, as other readers expect; with one dtype that is the order given. Metadata is sorted by
// key. The same input gives the same bytes.
//
// Checksums. Write keeps a CRC-32C of every tensor and one of the header in two keys of the metadata, where other
// readers take no notice of them; every read of a file that has them checks them (see ErrChecksum and checksum.go).
//
// Source: Hugging Face, the safetensors format, version 0.8 of its reference implementation, whose checks this reader
// makes.
package safetensors

import (
	"errors"

	"github.com/tutti-ml/tutti/tensor"
)

// Named is a tensor and its name in the file.
type Named struct {
	Name   string
	Tensor *tensor.Tensor
}

var (
	// ErrFormat is wrapped by every error that says the bytes are no valid safetensors file.
	ErrFormat = errors.New("not a valid safetensors file")
	// ErrDType is wrapped by the error for a tensor whose elements are of a type that package tensor lacks.
	ErrDType = errors.New("no dtype for these elements")
	// ErrChecksum is wrapped by every error that says the file's bytes are not those that were written. It comes with
	// ErrFormat.
	ErrChecksum = errors.New("wrong checksum")
)

// MaxHeader is the length in bytes of the longest header that is read or written, the reference implementation's limit.
const MaxHeader = 100_000_000
