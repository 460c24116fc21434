package collectives

import "unsafe"

// byteSlices is a [][]T seen as bytes, without a copy, so that an operation over many slices need not be generic all
// the way down.
type byteSlices struct {
	first unsafe.Pointer // the first of n slice headers, which count elements
	n     int
	width int // bytes of an element
}

func byteSlicesOf[T Elem](s [][]T) byteSlices {
	var zero T
	return byteSlices{unsafe.Pointer(unsafe.SliceData(s)), len(s), int(unsafe.Sizeof(zero))}
}

// at returns the bytes of slice i.
func (l byteSlices) at(i int) []byte {
	s := unsafe.Slice((*[]byte)(l.first), l.n)[i] // a header whose length is in elements
	return unsafe.Slice(unsafe.SliceData(s), len(s)*l.width)
}
