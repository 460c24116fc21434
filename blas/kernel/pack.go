// Packing: copying a panel of a matrix into the order in which a GEMM kernel reads it.

package kernel

import (
	"unsafe"

	"github.com/tutti-ml/tutti/internal/cpu"
)

// Pack copies lanes × k elements, element l,p of which is src[l*ls+p*ks], into ⌈lanes/w⌉ panels of w lanes, one after
// another: lane l of panel q, step p is dst[(q*k+p)*w+l]. The last panel is filled up with zeros.
//
//	src, ks = 1 (lanes are contiguous)      dst, w = 4, one panel
//	  a b c …                                a d g 0  b e h 0  c f i 0 …
//	  d e f …
//	  g h i …
//
// One of ls and ks must be 1; dst does not overlap src.
func Pack[T Float](isa cpu.ISA, dst *T, w int, src *T, lanes, ls, k, ks int) {
	if k == 0 {
		return
	}
	whole := lanes / w
	if ls != 1 {
		for q := range whole {
			packColumns(isa, unsafe.Slice(at(dst, q*w*k), w*k), w, at(src, q*w*ls), w, ls, k)
		}
	} else if whole > 0 {
		packRows(isa, unsafe.Slice(dst, whole*w*k), w, src, whole, k, ks)
	}
	if rest := lanes - whole*w; rest > 0 {
		d := unsafe.Slice(at(dst, whole*w*k), w*k)
		clear(d)
		src = at(src, whole*w*ls)
		if ls != 1 {
			packColumns(isa, d, w, src, rest, ls, k)
			return
		}
		for p := range k {
			copy(d[p*w:p*w+rest], unsafe.Slice(at(src, p*ks), rest))
		}
	}
}

// Transpose copies src [rows, cols] to dst [cols, rows]: dst[j*ldd+i] = src[i*lds+j]. They do not overlap.
func Transpose[T Float](isa cpu.ISA, dst *T, ldd int, src *T, lds, rows, cols int) {
	if rows > 0 && cols > 0 {
		packColumns(isa, unsafe.Slice(dst, (cols-1)*ldd+rows), ldd, src, rows, lds, cols)
	}
}

// packRows copies rows of whole panels, a few rows of one panel and then of the next: source rows are long and may all fall
// into one set of the cache, so that it holds only a few.
func packRows[T Float](isa cpu.ISA, d []T, w int, src *T, panels, k, ks int) {
	p := 0
	if havePack && isa >= cpu.AVX2 {
		size := int(unsafe.Sizeof(*src))
		for ; p+4 <= k && packFourRows(w*size, panels, unsafe.Pointer(&d[p*w]), k*w*size, unsafe.Pointer(at(src, p*ks)), ks*size); p += 4 {
		}
	}
	const few = 8
	for ; p < k; p += few {
		n := min(few, k-p)
		for q := range panels {
			to, from := &d[(q*k+p)*w], at(src, p*ks+q*w)
			switch w { // widths the compiler knows are copied by vector moves
			case 32:
				copyRows[[32]T](to, from, ks, n)
			case 16:
				copyRows[[16]T](to, from, ks, n)
			case 14:
				copyRows[[14]T](to, from, ks, n)
			case 8:
				copyRows[[8]T](to, from, ks, n)
			case 6:
				copyRows[[6]T](to, from, ks, n)
			case 4:
				copyRows[[4]T](to, from, ks, n)
			case 2:
				copyRows[[2]T](to, from, ks, n)
			default:
				for r := range n {
					copy(unsafe.Slice(at(to, r*w), w), unsafe.Slice(at(from, r*ks), w))
				}
			}
		}
	}
}

// packFourRows copies four rows of source, step bytes apart, to panels of width bytes a row, next bytes apart. It returns false
// where there is no kernel for that width.
func packFourRows(width, panels int, dst unsafe.Pointer, next int, src unsafe.Pointer, step int) bool {
	switch width {
	case 64:
		packRows64AVX2(panels, dst, next, src, step)
	case 48:
		packRows48AVX2(panels, dst, next, src, step)
	case 24:
		packRows24AVX2(panels, dst, next, src, step)
	default:
		return false
	}
	return true
}

// copyRows copies n rows that have the type Row, ks elements apart, to consecutive places.
func copyRows[Row any, T Float](dst, src *T, ks, n int) {
	to, from := unsafe.Slice((*Row)(unsafe.Pointer(dst)), n), unsafe.Pointer(src)
	step := ks * int(unsafe.Sizeof(*src))
	for i := range to {
		to[i] = *(*Row)(unsafe.Add(from, i*step))
	}
}

// packColumns transposes: lanes are contiguous in k. It takes as many at a time as it has kernels for.
func packColumns[T Float](isa cpu.ISA, d []T, w int, src *T, lanes, ls, k int) {
	l := 0
	if havePack && isa >= cpu.AVX2 {
		round := 32 / int(unsafe.Sizeof(*src)) // elements in a 256-bit vector
		rounds := k / round                    // the kernels take these, and then the last round, which may overlap them
		for lanes-l >= 2 && rounds > 0 {
			by := packLanes(rounds, at(src, l*ls), ls, &d[l], w, lanes-l)
			if k > rounds*round {
				packLanes(1, at(src, l*ls+k-round), ls, &d[(k-round)*w+l], w, lanes-l)
			}
			l += by
		}
	}
	packPlain(d, w, src, l, lanes, ls, k)
}

// packLanes packs rounds vectors of as many of the lanes as a kernel takes, and returns how many.
func packLanes[T Float](rounds int, src *T, ls int, dst *T, w, lanes int) int {
	if single[T]() {
		from, to := as[float32](src), as[float32](dst)
		switch {
		case lanes >= 8:
			spack8AVX2(rounds, from, ls, to, w)
			return 8
		case lanes == 6 && w == 6:
			spack6AVX2(rounds, from, ls, to, w)
			return 6
		case lanes >= 4:
			spack4AVX2(rounds, from, ls, to, w)
			return 4
		}
		spack2AVX2(rounds, from, ls, to, w)
		return 2
	}
	from, to := as[float64](src), as[float64](dst)
	if lanes >= 4 {
		dpack4AVX2(rounds, from, ls, to, w)
		return 4
	}
	dpack2AVX2(rounds, from, ls, to, w)
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
