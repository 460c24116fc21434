// Package blas is dense linear algebra on slices: the Basic Linear Algebra Subprograms, row-major, with BLAS's names and
// gonum's argument order.
//
// [Implementation] satisfies gonum's blas.Float32, blas.Float64, blas.Complex64 and blas.Complex128, so that
//
//	blas32.Use(blas.Implementation{})
//	blas64.Use(blas.Implementation{})
//
// lets any gonum program run on these kernels. Complex types are gonum's own code.
package blas

import (
	"unsafe"

	gblas "gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// Float is the constraint of the element types that the generic functions work on.
type Float interface{ ~float32 | ~float64 }

// A Transpose says whether an operand is used as it stands. It is gonum's type.
type Transpose = gblas.Transpose

const (
	NoTrans = gblas.NoTrans // op(A) = A
	Trans   = gblas.Trans   // op(A) = Aᵀ
)

// Implementation answers gonum's BLAS interfaces. Its zero value uses the best kernels this machine has.
type Implementation struct{ gonum.Implementation }

var (
	_ gblas.Float32    = Implementation{}
	_ gblas.Float64    = Implementation{}
	_ gblas.Complex64  = Implementation{}
	_ gblas.Complex128 = Implementation{}
)

// Sgemm is [Gemm] in float32.
func Sgemm(tA, tB Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	Implementation{}.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// Dgemm is [Gemm] in float64.
func Dgemm(tA, tB Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	Implementation{}.Dgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// Gemm computes C = alpha·op(A)·op(B) + beta·C.
//
//	op(A) [m, k]   op(B) [k, n]   C [m, n]   row-major; lda, ldb, ldc elements from a row to the next
//
// With beta = 0, C is not read. C may not overlap A or B.
// It panics with gonum's messages if a size is negative, a leading dimension too small, or a slice too short.
// Cost: 2·m·n·k flops.
func Gemm[T Float](tA, tB Transpose, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) {
	if unsafe.Sizeof(alpha) == 4 {
		Sgemm(tA, tB, m, n, k, float32(alpha), cast[float32](a), lda, cast[float32](b), ldb, float32(beta), cast[float32](c), ldc)
		return
	}
	Dgemm(tA, tB, m, n, k, float64(alpha), cast[float64](a), lda, cast[float64](b), ldb, float64(beta), cast[float64](c), ldc)
}

// cast views s as a slice of U, a type of the same underlying type.
func cast[U, T Float](s []T) []U { return *(*[]U)(unsafe.Pointer(&s)) }
