// Vectors of unit stride: dot product, y += alpha·x, x *= alpha. The choice by ISA, and the portable references.

package kernel

import (
	"unsafe"

	"github.com/tutti-ml/tutti/internal/cpu"
)

// Dot returns Σ x[i]·y[i], with as many partial sums as suit isa, in an order that depends on the length alone.
// y must be at least as long as x.
func Dot[T Float](isa cpu.ISA, x, y []T) T {
	n := len(x)
	if n == 0 {
		return 0
	}
	y = y[:n]
	if haveLevel1 && isa >= cpu.AVX512 {
		if single[T]() {
			return T(sdotAVX512(n, as[float32](&x[0]), as[float32](&y[0])))
		}
		return T(ddotAVX512(n, as[float64](&x[0]), as[float64](&y[0])))
	}
	if haveLevel1 && isa >= cpu.AVX2 {
		if single[T]() {
			return T(sdotAVX2(n, as[float32](&x[0]), as[float32](&y[0])))
		}
		return T(ddotAVX2(n, as[float64](&x[0]), as[float64](&y[0])))
	}
	return dot(x, y)
}

// Axpy computes y[i] += alpha·x[i]. y must be at least as long as x; they may be the same, but not overlap otherwise.
func Axpy[T Float](isa cpu.ISA, alpha T, x, y []T) {
	n := len(x)
	if n == 0 {
		return
	}
	y = y[:n]
	if haveLevel1 && isa >= cpu.AVX512 {
		if single[T]() {
			saxpyAVX512(n, float32(alpha), as[float32](&x[0]), as[float32](&y[0]))
		} else {
			daxpyAVX512(n, float64(alpha), as[float64](&x[0]), as[float64](&y[0]))
		}
		return
	}
	if haveLevel1 && isa >= cpu.AVX2 {
		if single[T]() {
			saxpyAVX2(n, float32(alpha), as[float32](&x[0]), as[float32](&y[0]))
		} else {
			daxpyAVX2(n, float64(alpha), as[float64](&x[0]), as[float64](&y[0]))
		}
		return
	}
	axpy(alpha, x, y)
}

// Scal computes x[i] *= alpha.
func Scal[T Float](isa cpu.ISA, alpha T, x []T) {
	n := len(x)
	if n == 0 {
		return
	}
	if haveLevel1 && isa >= cpu.AVX512 {
		if single[T]() {
			sscalAVX512(n, float32(alpha), as[float32](&x[0]))
		} else {
			dscalAVX512(n, float64(alpha), as[float64](&x[0]))
		}
		return
	}
	if haveLevel1 && isa >= cpu.AVX2 {
		if single[T]() {
			sscalAVX2(n, float32(alpha), as[float32](&x[0]))
		} else {
			dscalAVX2(n, float64(alpha), as[float64](&x[0]))
		}
		return
	}
	scal(alpha, x)
}

// single reports whether T is a 32-bit type; the compiler knows the answer.
func single[T Float]() bool { return unsafe.Sizeof(*new(T)) == 4 }

// as views p as a pointer to U, the type that T is made of.
func as[U, T Float](p *T) *U { return (*U)(unsafe.Pointer(p)) }

// dot is the reference of Dot: four partial sums, added in pairs.
func dot[T Float](x, y []T) T {
	var s0, s1, s2, s3 T
	n := len(x) &^ 3
	for i := 0; i < n; i += 4 {
		u, v := x[i:i+4:i+4], y[i:i+4:i+4]
		s0 += u[0] * v[0]
		s1 += u[1] * v[1]
		s2 += u[2] * v[2]
		s3 += u[3] * v[3]
	}
	for i, v := range x[n:] {
		s0 += v * y[n+i]
	}
	return (s0 + s2) + (s1 + s3)
}

// axpy is the reference of Axpy.
func axpy[T Float](alpha T, x, y []T) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += alpha * v
	}
}

// scal is the reference of Scal.
func scal[T Float](alpha T, x []T) {
	for i := range x {
		x[i] *= alpha
	}
}
