package safetensors

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/tensor"
)

// A fileType is a type of elements that the format has.
type fileType struct {
	name  string
	bits  int64        // of an element
	dtype tensor.DType // that it is read as; 0 if package tensor has none
	widen func(dst *tensor.Tensor, raw []byte)
}

// fileTypes are those of the reference implementation. Three have no dtype here and are read as the next wider one, as
// package npy does; those with dtype 0 are listed, and passed over.
var fileTypes = []fileType{
	{"F64", 64, tensor.Float64, nil}, {"F32", 32, tensor.Float32, nil}, {"F16", 16, tensor.Float16, nil},
	{"BF16", 16, tensor.BFloat16, nil}, {"I64", 64, tensor.Int64, nil}, {"I32", 32, tensor.Int32, nil},
	{"I8", 8, tensor.Int8, nil}, {"U8", 8, tensor.Uint8, nil}, {"BOOL", 8, tensor.Bool, nil},

	{"I16", 16, tensor.Int32, func(dst *tensor.Tensor, raw []byte) {
		for i := range tensor.Data[int32](dst) {
			tensor.Data[int32](dst)[i] = int32(int16(binary.LittleEndian.Uint16(raw[2*i:])))
		}
	}},
	{"U16", 16, tensor.Int32, func(dst *tensor.Tensor, raw []byte) {
		for i := range tensor.Data[int32](dst) {
			tensor.Data[int32](dst)[i] = int32(binary.LittleEndian.Uint16(raw[2*i:]))
		}
	}},
	{"U32", 32, tensor.Int64, func(dst *tensor.Tensor, raw []byte) {
		for i := range tensor.Data[int64](dst) {
			tensor.Data[int64](dst)[i] = int64(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	}},

	{"U64", 64, 0, nil}, {"C64", 64, 0, nil}, {"F8_E5M2", 8, 0, nil}, {"F8_E4M3", 8, 0, nil}, {"F8_E8M0", 8, 0, nil},
	{"F8_E5M2FNUZ", 8, 0, nil}, {"F8_E4M3FNUZ", 8, 0, nil}, {"F6_E2M3", 6, 0, nil}, {"F6_E3M2", 6, 0, nil}, {"F4", 4,
		0, nil},
}

// typeNamed returns the file type of the given name, nil if the format has none.
func typeNamed(name string) *fileType {
	for i := range fileTypes {
		if fileTypes[i].name == name {
			return &fileTypes[i]
		}
	}
	return nil
}

// nameOf returns the name of the file type that dtype is written as.
func nameOf(dtype tensor.DType) string {
	for _, t := range fileTypes {
		if t.dtype == dtype && t.widen == nil {
			return t.name
		}
	}
	panic(fmt.Sprintf("safetensors: no name for dtype %v", dtype))
}

// bigEndian is whether this machine's bytes need turning.
var bigEndian = binary.NativeEndian.Uint16([]byte{0, 1}) == 1

// swapBytes reverses the bytes of each element in place, for machines that are not little-endian.
func swapBytes(data []byte, size int) {
	if size == 1 {
		return
	}
	for element := range slices.Chunk(data, size) {
		slices.Reverse(element)
	}
}
