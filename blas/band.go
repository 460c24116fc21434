// The product of a general band matrix and a vector, row by row.

package blas

import (
	"sync"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/cpu"
)

// gbmv computes y = alpha·op(A)·x + beta·y, for A [m, n] with kL diagonals below the main one and kU above it: A[i,j] is
// a[i·lda+kL+j-i]. With beta = 0, y is not read.
func gbmv[T kernel.Float](pool *sync.Pool, isa cpu.ISA, tA Transpose, m, n, kL, kU int, alpha T, a []T, lda int, x []T, incX int, beta T, y []T, incY int) {
	checkTranspose(tA)
	checkSize(m, mLT0)
	checkSize(n, nLT0)
	checkSize(kL, kLLT0)
	checkSize(kU, kULT0)
	checkStride(lda, kL+kU+1, badLdA)
	if incX == 0 {
		panic(zeroIncX)
	}
	if incY == 0 {
		panic(zeroIncY)
	}
	if m == 0 || n == 0 {
		return
	}
	rows := min(m, n+kL) // the rows below have no element
	checkLen(len(a), rows, kL+kU+1, lda, shortA)
	lenX, lenY := n, m
	if tA != NoTrans {
		lenX, lenY = m, n
	}
	checkVector(lenX, len(x), incX, shortX)
	checkVector(lenY, len(y), incY, shortY)
	if beta != 1 {
		scal(isa, lenY, beta, y, max(incY, -incY))
	}
	if alpha == 0 {
		return
	}
	v := pool.Get().(*matvec[T])
	if incX != 1 {
		x = gather(&v.xCopy, lenX, x, incX)
	}
	to := y
	if incY != 1 {
		to = gather(&v.yCopy, lenY, y, incY)
	}
	for i := range rows {
		from, end := max(0, i-kL), min(n, i+kU+1)
		at := i*lda + kL - i
		row := a[at+from : at+end]
		if tA == NoTrans {
			to[i] += alpha * kernel.Dot(isa, row, x[from:end])
		} else {
			kernel.Axpy(isa, alpha*x[i], row, to[from:end])
		}
	}
	if incY != 1 {
		copyVector(lenY, to, 1, y, incY)
	}
	v.put(pool)
}
