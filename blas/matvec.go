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

// A matvec is one call: y += alpha·op(A)·x, with copies of vectors that are strided. It outlives the call in a pool.
type matvec[T kernel.Float] struct {
	isa           cpu.ISA
	m, n, lda     int
	alpha         T
	a, x, y       []T
	xCopy, yCopy  []T
	rows, columns func(lo, hi int)
}

// newMatvec makes the loop bodies once, for a closure made in a call would be allocated in that call.
func newMatvec[T kernel.Float]() *matvec[T] {
	v := new(matvec[T])
	v.rows, v.columns = v.doRows, v.doColumns
	return v
}

var (
	sVectors = sync.Pool{New: func() any { return newMatvec[float32]() }}
	dVectors = sync.Pool{New: func() any { return newMatvec[float64]() }}
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

	v := pool.Get().(*matvec[T])
	v.isa, v.m, v.n, v.alpha, v.a, v.lda, v.x, v.y = isa, m, n, alpha, a, lda, x, y
	if incX != 1 {
		v.x = gather(&v.xCopy, lenX, x, incX)
	}
	if incY != 1 {
		v.y = gather(&v.yCopy, lenY, y, incY)
	}
	if tA == NoTrans {
		run(ceil(m, kernel.DotsS), max(1, minShare/8/kernel.DotsS/n), v.rows)
	} else {
		run(ceil(n, strip), max(1, minShare/8/strip/m), v.columns)
	}
	if incY != 1 {
		copyVector(lenY, v.y, 1, y, incY)
	}
	v.a, v.x, v.y = nil, nil, nil // keep nothing of the caller's alive
	pool.Put(v)
}

// Columns of Aᵀ·x are shared out by strips, and computed by at most mostStrips of them at a time, so that their part of y
// stays in the first-level cache from one row of A to the next.
const (
	strip      = 64
	mostStrips = 64
)

// doRows computes groups lo to hi of kernel.DotsS elements of y += alpha·A·x. The rows that fill no group are dot products
// of their own.
func (v *matvec[T]) doRows(lo, hi int) {
	const group = kernel.DotsS
	i := lo * group
	for ; i < min(hi*group, v.m-group+1); i += group {
		var sums [group * kernel.DotsR]T
		kernel.Dots(v.isa, 1, v.n, &v.a[i*v.lda], v.lda, &v.x[0], v.n, &sums)
		for q := range group {
			v.y[i+q] += v.alpha * sums[q]
		}
	}
	for ; i < min(hi*group, v.m); i++ {
		v.y[i] += v.alpha * kernel.Dot(v.isa, v.a[i*v.lda:i*v.lda+v.n], v.x[:v.n])
	}
}

// doColumns computes strips lo to hi of y += alpha·Aᵀ·x, kernel.AxpysK rows of A at a time.
func (v *matvec[T]) doColumns(lo, hi int) {
	for ; lo < hi; lo += mostStrips {
		from, to := lo*strip, min(min(lo+mostStrips, hi)*strip, v.n)
		y := v.y[from:to]
		i := 0
		for ; i+kernel.AxpysK <= v.m; i += kernel.AxpysK {
			var f [kernel.AxpysK]T
			for q := range f {
				f[q] = v.alpha * v.x[i+q]
			}
			kernel.Axpys(v.isa, len(y), &f, &v.a[i*v.lda+from], v.lda, &y[0])
		}
		for ; i < v.m; i++ {
			kernel.Axpy(v.isa, v.alpha*v.x[i], v.a[i*v.lda+from:i*v.lda+to], y)
		}
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
		v := pool.Get().(*matvec[T])
		defer pool.Put(v)
		y = gather(&v.yCopy, n, y, incY)
	}
	ix := start(m, incX)
	for i := range m {
		kernel.Axpy(isa, alpha*x[ix], y[:n], a[i*lda:i*lda+n])
		ix += incX
	}
}
