// Symmetric matrices and vectors: products and updates of rank one and two, in every form of storage.

package blas

import (
	"sync"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/cpu"

	gblas "gonum.org/v1/gonum/blas"
)

// symv computes y = alpha·A·x + beta·y. With beta = 0, y is not read.
func symv[T kernel.Float](pool *sync.Pool, isa cpu.ISA, f form, ul gblas.Uplo, n, k int, alpha T, a []T, lda int, x []T, incX int, beta T, y []T, incY int) {
	checkHalf(f, ul, n, k, lda)
	if incX == 0 {
		panic(zeroIncX)
	}
	if incY == 0 {
		panic(zeroIncY)
	}
	if n == 0 {
		return
	}
	checkStored(f, n, k, lda, len(a))
	checkVector(n, len(x), incX, shortX)
	checkVector(n, len(y), incY, shortY)
	if beta != 1 {
		scal(isa, n, beta, y, max(incY, -incY))
	}
	if alpha == 0 {
		return
	}
	v := pool.Get().(*matvec[T])
	v.isa = isa
	if incX != 1 {
		x = gather(&v.xCopy, n, x, incX)
	}
	to := y
	if incY != 1 {
		to = gather(&v.yCopy, n, y, incY)
	}
	t := half[T]{form: f, lower: ul == gblas.Lower, n: n, k: k, a: a, lda: lda}
	for b := range t.blocks() {
		part, lo, hi, from, end, rectangle := t.block(b)
		part.symv(isa, alpha, x[lo:hi], to[lo:hi])
		if len(rectangle) > 0 { // once as it stands, once for its mirror image
			v.multiply(false, hi-lo, end-from, alpha, rectangle, lda, x[from:end], to[lo:hi])
			v.multiply(true, hi-lo, end-from, alpha, rectangle, lda, x[lo:hi], to[from:end])
		}
	}
	if incY != 1 {
		copyVector(n, to, 1, y, incY)
	}
	v.put(pool)
}

// symv adds alpha·A·x to y: a row of the triangle is a row of A, and a column.
func (t *half[T]) symv(isa cpu.ISA, alpha T, x, y []T) {
	for i := range t.n {
		d, from, rest := t.split(i)
		f := alpha * x[i]
		y[i] += f*d + alpha*kernel.Dot(isa, rest, x[from:])
		kernel.Axpy(isa, f, rest, y[from:])
	}
}

// syr computes A += alpha·x·xᵀ.
func syr[T kernel.Float](pool *sync.Pool, isa cpu.ISA, f form, ul gblas.Uplo, n int, alpha T, x []T, incX int, a []T, lda int) {
	checkHalf(f, ul, n, 0, lda)
	if incX == 0 {
		panic(zeroIncX)
	}
	if n == 0 {
		return
	}
	checkVector(n, len(x), incX, shortX)
	checkStored(f, n, 0, lda, len(a))
	update(pool, isa, f, ul, n, alpha, x, incX, nil, 1, a, lda)
}

// syr2 computes A += alpha·x·yᵀ + alpha·y·xᵀ.
func syr2[T kernel.Float](pool *sync.Pool, isa cpu.ISA, f form, ul gblas.Uplo, n int, alpha T, x []T, incX int, y []T, incY int, a []T, lda int) {
	checkHalf(f, ul, n, 0, lda)
	if incX == 0 {
		panic(zeroIncX)
	}
	if incY == 0 {
		panic(zeroIncY)
	}
	if n == 0 {
		return
	}
	checkVector(n, len(x), incX, shortX)
	checkVector(n, len(y), incY, shortY)
	checkStored(f, n, 0, lda, len(a))
	update(pool, isa, f, ul, n, alpha, x, incX, y, incY, a, lda)
}

// update shares out the rows of syr, or of syr2 if there is a y.
func update[T kernel.Float](pool *sync.Pool, isa cpu.ISA, f form, ul gblas.Uplo, n int, alpha T, x []T, incX int, y []T, incY int, a []T, lda int) {
	if alpha == 0 {
		return
	}
	v := pool.Get().(*matvec[T])
	if incX != 1 {
		x = gather(&v.xCopy, n, x, incX)
	}
	if incY != 1 {
		y = gather(&v.yCopy, n, y, incY)
	}
	v.isa, v.alpha, v.x, v.y = isa, alpha, x, y
	v.half = half[T]{form: f, lower: ul == gblas.Lower, n: n, a: a, lda: lda}
	run(n, max(1, minShare/4/n), v.updates)
	v.put(pool)
}

// doUpdates computes rows lo to hi of an update.
func (v *matvec[T]) doUpdates(lo, hi int) {
	for i := lo; i < hi; i++ {
		from, row := v.half.row(i)
		end := from + len(row)
		if v.y == nil {
			kernel.Axpy(v.isa, v.alpha*v.x[i], v.x[from:end], row)
			continue
		}
		kernel.Axpy(v.isa, v.alpha*v.x[i], v.y[from:end], row)
		kernel.Axpy(v.isa, v.alpha*v.y[i], v.x[from:end], row)
	}
}
