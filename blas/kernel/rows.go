// Several rows of a matrix at a time: what a product of a matrix and a vector, or a few vectors, is made of. A row is read
// once for all the sums it goes into, and a sum is kept in a register.

package kernel

import (
	"unsafe"

	"github.com/tutti-ml/tutti/internal/cpu"
)

const (
	DotsS  = 4  // rows of s that Dots takes
	DotsR  = 12 // rows of r that Dots takes at most
	AxpysK = 8  // rows that Axpys takes

	OuterM = 4  // rows of C in a group of Outer
	OuterK = 8  // rows of B in a step of Outer
	OuterN = 16 // the width of Outer is a multiple
)

// Dots adds the dot products of DotsS rows of s with nr rows of r, 1 ≤ nr ≤ DotsR, to out: out[j*DotsS+i] += Σ s[i,p]·r[j,p]
// over p < k. Row i of s starts at element i*lds, row j of r at j*ldr. Each product is summed in as many partial sums as suit
// isa, in an order that depends on k, nr and j alone.
func Dots[T Float](isa cpu.ISA, nr, k int, s *T, lds int, r *T, ldr int, out *[DotsS * DotsR]T) {
	switch {
	case !haveRows || isa < cpu.AVX2:
		dots(nr, k, s, lds, r, ldr, out)
	case isa >= cpu.AVX512 && single[T]():
		sdotsAVX512(nr, k, as[float32](s), lds, as[float32](r), ldr, as[float32](&out[0]))
	case isa >= cpu.AVX512:
		ddotsAVX512(nr, k, as[float64](s), lds, as[float64](r), ldr, as[float64](&out[0]))
	case single[T]():
		sdotsAVX2(nr, k, as[float32](s), lds, as[float32](r), ldr, as[float32](&out[0]))
	default:
		ddotsAVX2(nr, k, as[float64](s), lds, as[float64](r), ldr, as[float64](&out[0]))
	}
}

// dots is the reference of Dots: a row of r and a row of s at a time.
func dots[T Float](nr, k int, s *T, lds int, r *T, ldr int, out *[DotsS * DotsR]T) {
	for j := range nr {
		row := unsafe.Slice(at(r, j*ldr), k)
		for i := range DotsS {
			out[j*DotsS+i] += dot(row, unsafe.Slice(at(s, i*lds), k))
		}
	}
}

// Axpys computes y[i] += Σ f[q]·a[q*lda+i] over the rows q < AxpysK, for i < n, in this order.
func Axpys[T Float](isa cpu.ISA, n int, f *[AxpysK]T, a *T, lda int, y *T) {
	switch {
	case !haveRows || isa < cpu.AVX2:
		axpys(n, f, a, lda, y)
	case isa >= cpu.AVX512 && single[T]():
		saxpysAVX512(n, as[float32](&f[0]), as[float32](a), lda, as[float32](y))
	case isa >= cpu.AVX512:
		daxpysAVX512(n, as[float64](&f[0]), as[float64](a), lda, as[float64](y))
	case single[T]():
		saxpysAVX2(n, as[float32](&f[0]), as[float32](a), lda, as[float32](y))
	default:
		daxpysAVX2(n, as[float64](&f[0]), as[float64](a), lda, as[float64](y))
	}
}

// axpys is the reference of Axpys, four rows at a time.
func axpys[T Float](n int, f *[AxpysK]T, a *T, lda int, y *T) {
	to := unsafe.Slice(y, n)
	for q := 0; q < AxpysK; q += 4 {
		a0, a1 := unsafe.Slice(at(a, q*lda), n), unsafe.Slice(at(a, (q+1)*lda), n)
		a2, a3 := unsafe.Slice(at(a, (q+2)*lda), n), unsafe.Slice(at(a, (q+3)*lda), n)
		f0, f1, f2, f3 := f[q], f[q+1], f[q+2], f[q+3]
		for i, v := range to {
			v += f0 * a0[i]
			v += f1 * a1[i]
			v += f2 * a2[i]
			to[i] = v + f3*a3[i]
		}
	}
}

// Outer adds F·B to C, for B [k, n] and C [OuterM·groups, n]: C[i,j] += F[i,p]·B[p,j], p ascending. Row p of B starts at
// element p*ldb, row i of C at i*ldc. Factors come in the order in which they are used: F[OuterM·g+i, OuterK·q+p] is
// f[((q*groups+g)*OuterK+p)*OuterM+i]; what fills up the last step is not used. n is a multiple of OuterN; no size is 0.
func Outer[T Float](isa cpu.ISA, k, groups, n int, f, b *T, ldb int, c *T, ldc int) {
	switch {
	case !haveRows || isa < cpu.AVX2:
		outer(k, groups, n, f, b, ldb, c, ldc)
	case isa >= cpu.AVX512 && single[T]():
		souterAVX512(k, groups, n, as[float32](f), as[float32](b), ldb, as[float32](c), ldc)
	case isa >= cpu.AVX512:
		douterAVX512(k, groups, n, as[float64](f), as[float64](b), ldb, as[float64](c), ldc)
	case single[T]():
		souterAVX2(k, groups, n, as[float32](f), as[float32](b), ldb, as[float32](c), ldc)
	default:
		douterAVX2(k, groups, n, as[float64](f), as[float64](b), ldb, as[float64](c), ldc)
	}
}

// outer is the reference of Outer: a row of C at a time.
func outer[T Float](k, groups, n int, f, b *T, ldb int, c *T, ldc int) {
	factors := unsafe.Slice(f, (k+OuterK-1)/OuterK*OuterK*groups*OuterM)
	for p := range k {
		row := unsafe.Slice(at(b, p*ldb), n)
		for i := range groups * OuterM {
			f := factors[((p/OuterK*groups+i/OuterM)*OuterK+p%OuterK)*OuterM+i%OuterM]
			axpy(f, row, unsafe.Slice(at(c, i*ldc), n))
		}
	}
}
