// Packing: copying a panel of a matrix into the order in which a GEMM kernel reads it.

package kernel

import (
	"unsafe"

	"github.com/tutti-ml/tutti/internal/cpu"
)

// Pack copies a panel of lanes × k elements, element l,p of which is src[l*ls+p*ks], to dst[p*w+l], and sets lanes up to
// width w to zero.
//
//	src, ks = 1 (lanes are contiguous)      dst, w = 4
//	  a b c …                                a d g 0  b e h 0  c f i 0 …
//	  d e f …
//	  g h i …
//
// One of ls and ks must be 1; dst holds w*k elements and does not overlap src.
func Pack[T Float](isa cpu.ISA, dst *T, w int, src *T, lanes, ls, k, ks int) {
	if k == 0 {
		return
	}
	d := unsafe.Slice(dst, w*k)
	if lanes < w {
		clear(d)
	}
	switch {
	case ls != 1:
		packColumns(isa, d, w, src, lanes, ls, k)
	case lanes == w && w == 16:
		packRows16(d, src, k, ks)
	case lanes == w && w == 8:
		packRows8(d, src, k, ks)
	case lanes == w && w == 6:
		packRows6(d, src, k, ks)
	default:
		for p := range k {
			copy(d[p*w:p*w+lanes], unsafe.Slice(at(src, p*ks), lanes))
		}
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

// packColumns transposes: lanes are contiguous in k. It takes them by fours, then twos, then singly.
func packColumns[T Float](isa cpu.ISA, d []T, w int, src *T, lanes, ls, k int) {
	done := 0 // steps of k that the kernels took
	l := 0
	if havePack && isa >= cpu.AVX2 {
		round := 32 / int(unsafe.Sizeof(*src)) // elements in a 256-bit vector
		rounds := k / round
		done = rounds * round
		for lanes-l >= 2 && rounds > 0 {
			by := packLanes(rounds, at(src, l*ls), ls, &d[l], w, lanes-l)
			if done < k {
				packPlain(d[done*w:], w, at(src, done), l, l+by, ls, k-done)
			}
			l += by
		}
	}
	packPlain(d, w, src, l, lanes, ls, k)
}

// packLanes packs rounds vectors of 4 lanes, or 2 if there are not 4, and returns how many.
func packLanes[T Float](rounds int, src *T, ls int, dst *T, w, lanes int) int {
	switch {
	case lanes >= 4 && single[T]():
		spack4AVX2(rounds, as[float32](src), ls, as[float32](dst), w)
	case lanes >= 4:
		dpack4AVX2(rounds, as[float64](src), ls, as[float64](dst), w)
	case single[T]():
		spack2AVX2(rounds, as[float32](src), ls, as[float32](dst), w)
	default:
		dpack2AVX2(rounds, as[float64](src), ls, as[float64](dst), w)
	}
	if lanes >= 4 {
		return 4
	}
	return 2
}

// packPlain is the reference: it packs lanes [l, lanes), two at a time as long as there are two.
func packPlain[T Float](d []T, w int, src *T, l, lanes, ls, k int) {
	for ; l+2 <= lanes; l += 2 {
		r0, r1 := unsafe.Slice(at(src, l*ls), k), unsafe.Slice(at(src, (l+1)*ls), k)
		at := l
		for p, v := range r0 {
			pair := d[at : at+2 : at+2]
			pair[0], pair[1] = v, r1[p]
			at += w
		}
	}
	if l < lanes {
		for p, v := range unsafe.Slice(at(src, l*ls), k) {
			d[p*w+l] = v
		}
	}
}
