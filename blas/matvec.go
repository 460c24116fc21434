// Matrix times vector, and the rank-one update: both read the matrix row by row.

package blas

import (
	"sync"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/cpu"
)

// Sgemv computes y = alpha·op(A)·x + beta·y, for A [m, n]. With beta = 0, y is not read.
func (im Implementation) Sgemv(tA Transpose, m, n int, alpha float32, a []float32, lda int, x []float32, incX int, beta float32, y []float32, incY int) {
	gemv(&sVectors, im.ISA(), tA, m, n, alpha, a, lda, x, incX, beta, y, incY)
}

// Dgemv computes y = alpha·op(A)·x + beta·y, for A [m, n]. With beta = 0, y is not read.
func (im Implementation) Dgemv(tA Transpose, m, n int, alpha float64, a []float64, lda int, x []float64, incX int, beta float64, y []float64, incY int) {
	gemv(&dVectors, im.ISA(), tA, m, n, alpha, a, lda, x, incX, beta, y, incY)
}

// Sger computes A += alpha·x·yᵀ, for A [m, n].
func (im Implementation) Sger(m, n int, alpha float32, x []float32, incX int, y []float32, incY int, a []float32, lda int) {
	ger(&sVectors, im.ISA(), m, n, alpha, x, incX, y, incY, a, lda)
}

// Dger computes A += alpha·x·yᵀ, for A [m, n].
func (im Implementation) Dger(m, n int, alpha float64, x []float64, incX int, y []float64, incY int, a []float64, lda int) {
	ger(&dVectors, im.ISA(), m, n, alpha, x, incX, y, incY, a, lda)
}

// A vectors holds copies of strided vectors.
type vectors[T kernel.Float] struct{ x, y []T }

var (
	sVectors = sync.Pool{New: func() any { return new(vectors[float32]) }}
	dVectors = sync.Pool{New: func() any { return new(vectors[float64]) }}
)

// gather copies n elements of x to unit stride, into buf.
func gather[T kernel.Float](buf *[]T, n int, x []T, incX int) []T {
	*buf = grow(*buf, n)
	copyVector(n, x, incX, *buf, 1)
	return *buf
}

func gemv[T kernel.Float](pool *sync.Pool, isa cpu.ISA, tA Transpose, m, n int, alpha T, a []T, lda int, x []T, incX int, beta T, y []T, incY int) {
	checkTranspose(tA)
	checkSize(m, mLT0)
	checkSize(n, nLT0)
	checkStride(lda, n, badLdA)
	if incX == 0 {
		panic(zeroIncX)
	}
	if incY == 0 {
		panic(zeroIncY)
	}
	if m == 0 || n == 0 {
		return
	}
	lenX, lenY := n, m
	if tA != NoTrans {
		lenX, lenY = m, n
	}
	checkVector(lenX, len(x), incX, shortX)
	checkVector(lenY, len(y), incY, shortY)
	checkLen(len(a), m, n, lda, shortA)
	if beta != 1 {
		scal(isa, lenY, beta, y, max(incY, -incY))
	}
	if alpha == 0 {
		return
	}

	if incX != 1 || incY != 1 {
		v := pool.Get().(*vectors[T])
		defer pool.Put(v)
		if incX != 1 {
			x = gather(&v.x, lenX, x, incX)
		}
		if incY != 1 {
			far := y
			y = gather(&v.y, lenY, y, incY)
			defer copyVector(lenY, y, 1, far, incY)
		}
	}
	if tA == NoTrans {
		for i := range m {
			y[i] += alpha * kernel.Dot(isa, a[i*lda:i*lda+n], x[:n])
		}
		return
	}
	for i := range m {
		kernel.Axpy(isa, alpha*x[i], a[i*lda:i*lda+n], y[:n])
	}
}

func ger[T kernel.Float](pool *sync.Pool, isa cpu.ISA, m, n int, alpha T, x []T, incX int, y []T, incY int, a []T, lda int) {
	checkSize(m, mLT0)
	checkSize(n, nLT0)
	checkStride(lda, n, badLdA)
	if incX == 0 {
		panic(zeroIncX)
	}
	if incY == 0 {
		panic(zeroIncY)
	}
	if m == 0 || n == 0 {
		return
	}
	checkVector(m, len(x), incX, shortX)
	checkVector(n, len(y), incY, shortY)
	checkLen(len(a), m, n, lda, shortA)
	if alpha == 0 {
		return
	}
	if incY != 1 {
		v := pool.Get().(*vectors[T])
		defer pool.Put(v)
		y = gather(&v.y, n, y, incY)
	}
	ix := start(m, incX)
	for i := range m {
		kernel.Axpy(isa, alpha*x[ix], y[:n], a[i*lda:i*lda+n])
		ix += incX
	}
}
