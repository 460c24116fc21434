package vec

// This file hands float32 slices to the vector kernels of the machine. What no kernel takes, the loops of this package do:
// they are also what the kernels are tested against.

import (
	"unsafe"

	"github.com/tutti-ml/tutti/blas/kernel"
)

// isa caps the kernels' choice. Only tests change it.
var isa = kernel.Best()

// single reports whether T is float32 or a type made of it.
func single[T Float]() bool {
	var z T
	return unsafe.Sizeof(z) == 4
}

// singleNumber reports whether T is float32 or a type made of it, among all numbers.
func singleNumber[T Number]() bool {
	one := T(1)
	return unsafe.Sizeof(one) == 4 && one/2 != 0
}

// as32 views x, whose elements are made of float32.
func as32[T Number](x []T) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}
