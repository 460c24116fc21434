package tensor

import (
	"fmt"
	"reflect"
)

// DType is the type of a tensor's elements.
type DType uint8

// The dtypes. Float32 and Float64 are for arithmetic; Int32, Int64, Uint8 and Bool for indices, labels, images and masks;
// Float16, BFloat16 and Int8 for storage, the wire and quantisation. The zero DType is none of them.
const (
	Float32 DType = 1 + iota
	Float64
	Int32
	Int64
	Uint8
	Bool
	Float16
	BFloat16
	Int8
)

// Elem is the set of Go types that elements can be read as. The 16-bit floats have no Go type: see Bits and FromBits.
type Elem interface {
	~float32 | ~float64 | ~int32 | ~int64 | ~uint8 | ~int8 | ~bool
}

var dtypes = [...]struct {
	name string
	size int
}{
	Float32: {"float32", 4}, Float64: {"float64", 8}, Int32: {"int32", 4}, Int64: {"int64", 8}, Uint8: {"uint8", 1},
	Bool: {"bool", 1}, Float16: {"float16", 2}, BFloat16: {"bfloat16", 2}, Int8: {"int8", 1},
}

// Size returns the bytes one element takes, 0 if d is not a dtype.
func (d DType) Size() int {
	if int(d) >= len(dtypes) {
		return 0
	}
	return dtypes[d].size
}

// String returns the dtype's name: float32, int64, bfloat16 …
func (d DType) String() string {
	if d.Size() == 0 {
		return fmt.Sprintf("dtype(%d)", uint8(d))
	}
	return dtypes[d].name
}

// IsFloat reports whether d is a floating-point dtype of any width.
func (d DType) IsFloat() bool { return d == Float32 || d == Float64 || d == Float16 || d == BFloat16 }

// dtypeOf returns the dtype whose elements are T; it asks for the kind, so named types such as `type ID int64` work too.
func dtypeOf[T Elem]() DType {
	switch reflect.TypeFor[T]().Kind() {
	case reflect.Float32:
		return Float32
	case reflect.Float64:
		return Float64
	case reflect.Int32:
		return Int32
	case reflect.Int64:
		return Int64
	case reflect.Uint8:
		return Uint8
	case reflect.Int8:
		return Int8
	default: // Elem leaves only this one
		return Bool
	}
}
