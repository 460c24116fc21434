// Packing: copying a panel of a matrix into the order in which a GEMM kernel reads it.

package kernel

import "unsafe"

// Pack copies a panel of lanes × k elements, element l,p of which is src[l*ls+p*ks], to dst[p*w+l], and sets lanes up to
// width w to zero.
//
//	src, ks = 1 (rows are contiguous)      dst, w = 4
//	  a b c …                                a d g 0  b e h 0  c f i 0 …
//	  d e f …
//	  g h i …
//
// One of ls and ks must be 1; dst holds w*k elements and does not overlap src.
func Pack[T Float](dst *T, w int, src *T, lanes, ls, k, ks int) {
	if k == 0 {
		return
	}
	d := unsafe.Slice(dst, w*k)
	if lanes < w {
		clear(d)
	}
	switch {
	case ls == 1 && lanes == w && w == 16:
		packRows16(d, src, k, ks)
	case ls == 1 && lanes == w && w == 8:
		packRows8(d, src, k, ks)
	case ls == 1 && lanes == w && w == 6:
		packRows6(d, src, k, ks)
	case ls == 1:
		for p := range k {
			copy(d[p*w:p*w+lanes], unsafe.Slice(at(src, p*ks), lanes))
		}
	default:
		packColumns(d, w, src, lanes, ls, k)
	}
}

// packRows16, packRows8 and packRows6 copy rows of a width the compiler knows.

func packRows16[T Float](d []T, src *T, k, ks int) {
	for p := range k {
		*(*[16]T)(d[p*16:]) = *(*[16]T)(unsafe.Pointer(at(src, p*ks)))
	}
}

func packRows8[T Float](d []T, src *T, k, ks int) {
	for p := range k {
		*(*[8]T)(d[p*8:]) = *(*[8]T)(unsafe.Pointer(at(src, p*ks)))
	}
}

func packRows6[T Float](d []T, src *T, k, ks int) {
	for p := range k {
		*(*[6]T)(d[p*6:]) = *(*[6]T)(unsafe.Pointer(at(src, p*ks)))
	}
}

// packColumns transposes: lanes are contiguous in k, and go two at a time.
func packColumns[T Float](d []T, w int, src *T, lanes, ls, k int) {
	l := 0
	for ; l+2 <= lanes; l += 2 {
		r0, r1 := unsafe.Slice(at(src, l*ls), k), unsafe.Slice(at(src, (l+1)*ls), k)
		e := d[l:]
		for p, v := range r0 {
			pair := (*[2]T)(e[:2])
			pair[0], pair[1] = v, r1[p]
			if p == k-1 {
				break
			}
			e = e[w:]
		}
	}
	if l < lanes {
		for p, v := range unsafe.Slice(at(src, l*ls), k) {
			d[p*w+l] = v
		}
	}
}
