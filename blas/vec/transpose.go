package vec

import (
	"fmt"
	"unsafe"

	"github.com/tutti-ml/tutti/blas/kernel"
)

// Transpose stores the transpose of the matrix src [rows, cols] in dst [cols, rows]: dst[j*ldd+i] = src[i*lds+j]. They must not
// overlap. Elements keep their bits. It runs on the caller alone. It panics if a leading dimension is shorter than a row, or a
// slice than its matrix.
//
// It goes by tiles a cache line wide both ways. A tile is turned in a buffer, so that each line of either matrix is touched
// once, however unlucky the leading dimensions.
func Transpose[T Float](dst []T, ldd int, src []T, lds, rows, cols int) {
	if rows < 0 || cols < 0 || ldd < rows || lds < cols {
		panic(fmt.Sprintf("vec: Transpose: %d rows and %d columns, leading dimensions %d of the destination and %d of the source", rows, cols, ldd, lds))
	}
	if rows == 0 || cols == 0 {
		return
	}
	if d, s := (cols-1)*ldd+rows, (rows-1)*lds+cols; len(dst) < d || len(src) < s {
		panic(fmt.Sprintf("vec: Transpose: the matrices have %d and %d elements, the slices %d and %d", d, s, len(dst), len(src)))
	}
	if single[T]() {
		transpose[T, [16]T](dst, ldd, src, lds, rows, cols)
	} else {
		transpose[T, [8]T](dst, ldd, src, lds, rows, cols)
	}
}

// transpose does it with lines of type Line, an array of T.
func transpose[T Float, Line any](dst []T, ldd int, src []T, lds, rows, cols int) {
	var line Line
	k := int(unsafe.Sizeof(line) / unsafe.Sizeof(dst[0]))
	var room [256]T
	whole := unsafe.Slice((*Line)(unsafe.Pointer(&room)), k)
	for i := 0; i < rows; i += k {
		m := min(k, rows-i)
		for j := 0; j < cols; j += k {
			n := min(k, cols-j)
			kernel.Transpose(isa, &room[0], k, &src[i*lds+j], lds, m, n)
			if m < k {
				for c := range n {
					copy(dst[(j+c)*ldd+i:][:m], room[c*k:])
				}
				continue
			}
			for c := range n {
				*(*Line)(unsafe.Pointer(&dst[(j+c)*ldd+i])) = whole[c]
			}
		}
	}
}
