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

// A matvec is one call of level 2, made of products y += alpha·op(A)·x and updates of rows, with copies of vectors that are
// strided. It outlives the call in a pool.
type matvec[T kernel.Float] struct {
	isa           cpu.ISA
	m, n, lda     int
	alpha         T
	a, x, y       []T
	xCopy, yCopy  []T
	half          half[T] // of an update
	rows, columns func(lo, hi int)
	outers        func(lo, hi int)
	updates       func(lo, hi int)
}

// newMatvec makes the loop bodies once, for a closure made in a call would be allocated in that call.
func newMatvec[T kernel.Float]() *matvec[T] {
	v := new(matvec[T])
	v.rows, v.columns, v.outers, v.updates = v.doRows, v.doColumns, v.doOuters, v.doUpdates
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
	v.isa = isa
	if incX != 1 {
		x = gather(&v.xCopy, lenX, x, incX)
	}
	to := y
	if incY != 1 {
		to = gather(&v.yCopy, lenY, y, incY)
	}
	v.multiply(tA != NoTrans, m, n, alpha, a, lda, x, to)
	if incY != 1 {
		copyVector(lenY, to, 1, y, incY)
	}
	v.put(pool)
}

// multiply adds alpha·op(A)·x to y, of unit stride, for A [m, n], on all threads if it is worth it. Every element of y is the
// same sequence of operations however it is shared out.
func (v *matvec[T]) multiply(trans bool, m, n int, alpha T, a []T, lda int, x, y []T) {
	v.m, v.n, v.alpha, v.a, v.lda, v.x, v.y = m, n, alpha, a, lda, x, y
	if trans {
		run(ceil(n, strip), max(1, minShare/8/strip/m), v.columns)
	} else {
		run(ceil(m, kernel.DotsS), max(1, minShare/8/kernel.DotsS/n), v.rows)
	}
}

// put returns v to its pool, with nothing of the caller's kept alive.
func (v *matvec[T]) put(pool *sync.Pool) {
	v.a, v.x, v.y, v.half.a = nil, nil, nil, nil
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
	v := pool.Get().(*matvec[T])
	if incX != 1 {
		x = gather(&v.xCopy, m, x, incX)
	}
	if incY != 1 {
		y = gather(&v.yCopy, n, y, incY)
	}
	v.isa, v.m, v.n, v.alpha, v.a, v.lda, v.x, v.y = isa, m, n, alpha, a, lda, x, y
	run(m, max(1, minShare/8/n), v.outers)
	v.put(pool)
}

// doOuters computes rows lo to hi of A += alpha·x·yᵀ.
func (v *matvec[T]) doOuters(lo, hi int) {
	for i := lo; i < hi; i++ {
		kernel.Axpy(v.isa, v.alpha*v.x[i], v.y[:v.n], v.a[i*v.lda:i*v.lda+v.n])
	}
}
