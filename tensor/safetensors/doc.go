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
// Source: Hugging Face, the safetensors format, version 0.x of its reference implementation, whose checks this reader makes.
package safetensors

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/tensor"
)

// Named is a tensor and its name in the file.
type Named struct {
	Name   string
	Tensor *tensor.Tensor
}

// ErrFormat is wrapped by every error that says the bytes are no valid safetensors file.
var ErrFormat = errors.New("not a valid safetensors file")

// MaxHeader is the length in bytes of the longest header that is read or written, the reference implementation's limit.
const MaxHeader = 100_000_000

// dtypes pairs the names in the file with ours. Those of the format that are not here cannot be read.
var dtypes = []struct {
	name  string
	dtype tensor.DType
}{
	{"F64", tensor.Float64}, {"F32", tensor.Float32}, {"F16", tensor.Float16}, {"BF16", tensor.BFloat16},
	{"I64", tensor.Int64}, {"I32", tensor.Int32}, {"I8", tensor.Int8}, {"U8", tensor.Uint8}, {"BOOL", tensor.Bool},
}

func dtypeNamed(name string) (tensor.DType, bool) {
	for _, d := range dtypes {
		if d.name == name {
			return d.dtype, true
		}
	}
	return 0, false
}

func nameOf(dtype tensor.DType) string {
	for _, d := range dtypes {
		if d.dtype == dtype {
			return d.name
		}
	}
	panic(fmt.Sprintf("safetensors: no name for dtype %v", dtype))
}

// swapBytes reverses the bytes of each element in place, for machines that are not little-endian.
func swapBytes(data []byte, size int) {
	if size == 1 {
		return
	}
	for element := range slices.Chunk(data, size) {
		slices.Reverse(element)
	}
}
