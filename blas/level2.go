// Level 2 but for the general product and update (matvec.go): operations of structured matrices with vectors, under BLAS's
// names and with gonum's messages for bad arguments.
//
// Matrices are symmetric or triangular, stored in full, as a band, or packed by rows, or general bands. Vectors may have any
// increment but 0. Large full matrices are read by all threads, at the speed of memory; results have the same bits on any number of
// threads.

package blas

import gblas "gonum.org/v1/gonum/blas"

// Sgbmv computes y = alpha·op(A)·x + beta·y, for a band matrix A [m, n] with kL diagonals below the main one and kU above it, row by
// row: A[i,j] is a[i·lda+kL+j-i]. With beta = 0, y is not read.
func (im Implementation) Sgbmv(tA Transpose, m, n, kL, kU int, alpha float32, a []float32, lda int, x []float32, incX int, beta float32, y []float32, incY int) {
	gbmv(&sVectors, im.ISA(), tA, m, n, kL, kU, alpha, a, lda, x, incX, beta, y, incY)
}

// Dgbmv computes y = alpha·op(A)·x + beta·y, for a band matrix A [m, n] with kL diagonals below the main one and kU above it, row by
// row: A[i,j] is a[i·lda+kL+j-i]. With beta = 0, y is not read.
func (im Implementation) Dgbmv(tA Transpose, m, n, kL, kU int, alpha float64, a []float64, lda int, x []float64, incX int, beta float64, y []float64, incY int) {
	gbmv(&dVectors, im.ISA(), tA, m, n, kL, kU, alpha, a, lda, x, incX, beta, y, incY)
}

// Ssymv computes y = alpha·A·x + beta·y, for a symmetric A [n, n] of which the triangle ul is read. With beta = 0, y is not read.
func (im Implementation) Ssymv(ul gblas.Uplo, n int, alpha float32, a []float32, lda int, x []float32, incX int, beta float32, y []float32, incY int) {
	symv(&sVectors, im.ISA(), full, ul, n, 0, alpha, a, lda, x, incX, beta, y, incY)
}

// Dsymv computes y = alpha·A·x + beta·y, for a symmetric A [n, n] of which the triangle ul is read. With beta = 0, y is not read.
func (im Implementation) Dsymv(ul gblas.Uplo, n int, alpha float64, a []float64, lda int, x []float64, incX int, beta float64, y []float64, incY int) {
	symv(&dVectors, im.ISA(), full, ul, n, 0, alpha, a, lda, x, incX, beta, y, incY)
}

// Ssbmv is symv for a band of k diagonals on either side of the main one, of which those of the triangle ul are stored.
func (im Implementation) Ssbmv(ul gblas.Uplo, n, k int, alpha float32, a []float32, lda int, x []float32, incX int, beta float32, y []float32, incY int) {
	symv(&sVectors, im.ISA(), banded, ul, n, k, alpha, a, lda, x, incX, beta, y, incY)
}

// Dsbmv is symv for a band of k diagonals on either side of the main one, of which those of the triangle ul are stored.
func (im Implementation) Dsbmv(ul gblas.Uplo, n, k int, alpha float64, a []float64, lda int, x []float64, incX int, beta float64, y []float64, incY int) {
	symv(&dVectors, im.ISA(), banded, ul, n, k, alpha, a, lda, x, incX, beta, y, incY)
}

// Sspmv is symv for a triangle packed by rows, n(n+1)/2 elements.
func (im Implementation) Sspmv(ul gblas.Uplo, n int, alpha float32, ap, x []float32, incX int, beta float32, y []float32, incY int) {
	symv(&sVectors, im.ISA(), packed, ul, n, 0, alpha, ap, 0, x, incX, beta, y, incY)
}

// Dspmv is symv for a triangle packed by rows, n(n+1)/2 elements.
func (im Implementation) Dspmv(ul gblas.Uplo, n int, alpha float64, ap, x []float64, incX int, beta float64, y []float64, incY int) {
	symv(&dVectors, im.ISA(), packed, ul, n, 0, alpha, ap, 0, x, incX, beta, y, incY)
}

// Ssyr computes A += alpha·x·xᵀ in the triangle ul of A [n, n].
func (im Implementation) Ssyr(ul gblas.Uplo, n int, alpha float32, x []float32, incX int, a []float32, lda int) {
	syr(&sVectors, im.ISA(), full, ul, n, alpha, x, incX, a, lda)
}

// Dsyr computes A += alpha·x·xᵀ in the triangle ul of A [n, n].
func (im Implementation) Dsyr(ul gblas.Uplo, n int, alpha float64, x []float64, incX int, a []float64, lda int) {
	syr(&dVectors, im.ISA(), full, ul, n, alpha, x, incX, a, lda)
}

// Sspr is syr for a triangle packed by rows.
func (im Implementation) Sspr(ul gblas.Uplo, n int, alpha float32, x []float32, incX int, ap []float32) {
	syr(&sVectors, im.ISA(), packed, ul, n, alpha, x, incX, ap, 0)
}

// Dspr is syr for a triangle packed by rows.
func (im Implementation) Dspr(ul gblas.Uplo, n int, alpha float64, x []float64, incX int, ap []float64) {
	syr(&dVectors, im.ISA(), packed, ul, n, alpha, x, incX, ap, 0)
}

// Ssyr2 computes A += alpha·x·yᵀ + alpha·y·xᵀ in the triangle ul of A [n, n].
func (im Implementation) Ssyr2(ul gblas.Uplo, n int, alpha float32, x []float32, incX int, y []float32, incY int, a []float32, lda int) {
	syr2(&sVectors, im.ISA(), full, ul, n, alpha, x, incX, y, incY, a, lda)
}

// Dsyr2 computes A += alpha·x·yᵀ + alpha·y·xᵀ in the triangle ul of A [n, n].
func (im Implementation) Dsyr2(ul gblas.Uplo, n int, alpha float64, x []float64, incX int, y []float64, incY int, a []float64, lda int) {
	syr2(&dVectors, im.ISA(), full, ul, n, alpha, x, incX, y, incY, a, lda)
}

// Sspr2 is syr2 for a triangle packed by rows.
func (im Implementation) Sspr2(ul gblas.Uplo, n int, alpha float32, x []float32, incX int, y []float32, incY int, ap []float32) {
	syr2(&sVectors, im.ISA(), packed, ul, n, alpha, x, incX, y, incY, ap, 0)
}

// Dspr2 is syr2 for a triangle packed by rows.
func (im Implementation) Dspr2(ul gblas.Uplo, n int, alpha float64, x []float64, incX int, y []float64, incY int, ap []float64) {
	syr2(&dVectors, im.ISA(), packed, ul, n, alpha, x, incX, y, incY, ap, 0)
}

// Strmv computes x = op(A)·x, for the triangle ul of A [n, n]; with d = Unit its diagonal counts as 1 and is not read.
func (im Implementation) Strmv(ul gblas.Uplo, tA Transpose, d gblas.Diag, n int, a []float32, lda int, x []float32, incX int) {
	triangular(&sVectors, im.ISA(), false, full, ul, tA, d, n, 0, a, lda, x, incX)
}

// Dtrmv computes x = op(A)·x, for the triangle ul of A [n, n]; with d = Unit its diagonal counts as 1 and is not read.
func (im Implementation) Dtrmv(ul gblas.Uplo, tA Transpose, d gblas.Diag, n int, a []float64, lda int, x []float64, incX int) {
	triangular(&dVectors, im.ISA(), false, full, ul, tA, d, n, 0, a, lda, x, incX)
}

// Stbmv is trmv for a triangle with k diagonals beside the main one.
func (im Implementation) Stbmv(ul gblas.Uplo, tA Transpose, d gblas.Diag, n, k int, a []float32, lda int, x []float32, incX int) {
	triangular(&sVectors, im.ISA(), false, banded, ul, tA, d, n, k, a, lda, x, incX)
}

// Dtbmv is trmv for a triangle with k diagonals beside the main one.
func (im Implementation) Dtbmv(ul gblas.Uplo, tA Transpose, d gblas.Diag, n, k int, a []float64, lda int, x []float64, incX int) {
	triangular(&dVectors, im.ISA(), false, banded, ul, tA, d, n, k, a, lda, x, incX)
}

// Stpmv is trmv for a triangle packed by rows.
func (im Implementation) Stpmv(ul gblas.Uplo, tA Transpose, d gblas.Diag, n int, ap, x []float32, incX int) {
	triangular(&sVectors, im.ISA(), false, packed, ul, tA, d, n, 0, ap, 0, x, incX)
}

// Dtpmv is trmv for a triangle packed by rows.
func (im Implementation) Dtpmv(ul gblas.Uplo, tA Transpose, d gblas.Diag, n int, ap, x []float64, incX int) {
	triangular(&dVectors, im.ISA(), false, packed, ul, tA, d, n, 0, ap, 0, x, incX)
}

// Strsv computes x = op(A)⁻¹·x, for the triangle ul of A [n, n]; with d = Unit its diagonal counts as 1 and is not read. A zero on the diagonal divides: a singular A is not looked for.
func (im Implementation) Strsv(ul gblas.Uplo, tA Transpose, d gblas.Diag, n int, a []float32, lda int, x []float32, incX int) {
	triangular(&sVectors, im.ISA(), true, full, ul, tA, d, n, 0, a, lda, x, incX)
}

// Dtrsv computes x = op(A)⁻¹·x, for the triangle ul of A [n, n]; with d = Unit its diagonal counts as 1 and is not read. A zero on the diagonal divides: a singular A is not looked for.
func (im Implementation) Dtrsv(ul gblas.Uplo, tA Transpose, d gblas.Diag, n int, a []float64, lda int, x []float64, incX int) {
	triangular(&dVectors, im.ISA(), true, full, ul, tA, d, n, 0, a, lda, x, incX)
}

// Stbsv is trsv for a triangle with k diagonals beside the main one.
func (im Implementation) Stbsv(ul gblas.Uplo, tA Transpose, d gblas.Diag, n, k int, a []float32, lda int, x []float32, incX int) {
	triangular(&sVectors, im.ISA(), true, banded, ul, tA, d, n, k, a, lda, x, incX)
}

// Dtbsv is trsv for a triangle with k diagonals beside the main one.
func (im Implementation) Dtbsv(ul gblas.Uplo, tA Transpose, d gblas.Diag, n, k int, a []float64, lda int, x []float64, incX int) {
	triangular(&dVectors, im.ISA(), true, banded, ul, tA, d, n, k, a, lda, x, incX)
}

// Stpsv is trsv for a triangle packed by rows.
func (im Implementation) Stpsv(ul gblas.Uplo, tA Transpose, d gblas.Diag, n int, ap, x []float32, incX int) {
	triangular(&sVectors, im.ISA(), true, packed, ul, tA, d, n, 0, ap, 0, x, incX)
}

// Dtpsv is trsv for a triangle packed by rows.
func (im Implementation) Dtpsv(ul gblas.Uplo, tA Transpose, d gblas.Diag, n int, ap, x []float64, incX int) {
	triangular(&dVectors, im.ISA(), true, packed, ul, tA, d, n, 0, ap, 0, x, incX)
}
