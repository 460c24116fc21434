// Level 3: operations of matrices with matrices.

package blas

import (
	"sync"
	"unsafe"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/cpu"
)

// Gemm computes C = alpha·op(A)·op(B) + beta·C.
//
//	op(A) [m, k]   op(B) [k, n]   C [m, n]   row-major; lda, ldb, ldc elements from a row to the next
//
// With beta = 0, C is not read; with alpha = 0 or k = 0, A and B are not, and with k = 0 they may be empty. NaN and
// infinities spread as the formula says. C may not overlap A or B. The result has the same bits whatever the number of
// threads. It panics with gonum's messages if a size is negative, a leading dimension too small, or a slice too short.
// Cost: 2·m·n·k flops, and no allocation once warm.
func Gemm[T Float](tA, tB Transpose, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) {
	if unsafe.Sizeof(alpha) == 4 {
		Sgemm(tA, tB, m, n, k, float32(alpha), cast[float32](a), lda, cast[float32](b), ldb, float32(beta), cast[float32](c), ldc)
		return
	}
	Dgemm(tA, tB, m, n, k, float64(alpha), cast[float64](a), lda, cast[float64](b), ldb, float64(beta), cast[float64](c), ldc)
}

// cast views s as a slice of U, a type of the same underlying type.
func cast[U, T Float](s []T) []U { return *(*[]U)(unsafe.Pointer(&s)) }

// Sgemm is [Gemm] in float32.
func Sgemm(tA, tB Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	Implementation{}.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// Dgemm is [Gemm] in float64.
func Dgemm(tA, tB Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	Implementation{}.Dgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// Sgemm computes C = alpha·op(A)·op(B) + beta·C. See [Gemm].
func (im Implementation) Sgemm(tA, tB Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	if checkGemm(tA, tB, m, n, k, alpha == 0, beta == 1, len(a), lda, len(b), ldb, len(c), ldc) {
		return
	}
	if alpha == 0 || k == 0 {
		scale(m, n, beta, c, ldc)
		return
	}
	if m == 1 || n == 1 {
		vectorGemm(&sVectors, im.ISA(), tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	im.single().gemm(tA != NoTrans, tB != NoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// Dgemm computes C = alpha·op(A)·op(B) + beta·C. See [Gemm].
func (im Implementation) Dgemm(tA, tB Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if checkGemm(tA, tB, m, n, k, alpha == 0, beta == 1, len(a), lda, len(b), ldb, len(c), ldc) {
		return
	}
	if alpha == 0 || k == 0 {
		scale(m, n, beta, c, ldc)
		return
	}
	if m == 1 || n == 1 {
		vectorGemm(&dVectors, im.ISA(), tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	im.double().gemm(tA != NoTrans, tB != NoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// vectorGemm is the product of a row and a matrix, or of a matrix and a column: a tile would be mostly empty.
func vectorGemm[T kernel.Float](pool *sync.Pool, isa cpu.ISA, tA, tB Transpose, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) {
	if m == 1 { // Cᵀ = op(B)ᵀ·op(A)ᵀ
		if tA == NoTrans {
			lda = 1
		}
		if tB == NoTrans {
			gemv(pool, isa, Trans, k, n, alpha, b, ldb, a, lda, beta, c, 1)
		} else {
			gemv(pool, isa, NoTrans, n, k, alpha, b, ldb, a, lda, beta, c, 1)
		}
		return
	}
	if tB != NoTrans {
		ldb = 1
	}
	if tA == NoTrans {
		gemv(pool, isa, NoTrans, m, k, alpha, a, lda, b, ldb, beta, c, ldc)
	} else {
		gemv(pool, isa, Trans, k, m, alpha, a, lda, b, ldb, beta, c, ldc)
	}
}

// checkGemm panics on bad arguments, in gonum's order and words, and reports whether there is nothing to do.
func checkGemm(tA, tB Transpose, m, n, k int, alpha0, beta1 bool, la, lda, lb, ldb, lc, ldc int) (done bool) {
	checkTranspose(tA)
	checkTranspose(tB)
	checkSize(m, mLT0)
	checkSize(n, nLT0)
	checkSize(k, kLT0)
	rowsA, colsA := m, k
	if tA != NoTrans {
		rowsA, colsA = k, m
	}
	rowsB, colsB := k, n
	if tB != NoTrans {
		rowsB, colsB = n, k
	}
	checkStride(lda, colsA, badLdA)
	checkStride(ldb, colsB, badLdB)
	checkStride(ldc, n, badLdC)
	if m == 0 || n == 0 {
		return true
	}
	if k > 0 {
		checkLen(la, rowsA, colsA, lda, shortA)
		checkLen(lb, rowsB, colsB, ldb, shortB)
	}
	checkLen(lc, m, n, ldc, shortC)
	return (alpha0 || k == 0) && beta1
}

// scale computes C = beta·C, without reading C if beta = 0.
func scale[T kernel.Float](m, n int, beta T, c []T, ldc int) {
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		if beta == 0 {
			clear(row)
			continue
		}
		for j := range row {
			row[j] *= beta
		}
	}
}
