// Level 3 on symmetric and triangular matrices, under BLAS's names. Bad arguments panic with gonum's messages.

package blas

import gblas "gonum.org/v1/gonum/blas"

// Ssymm computes C = alpha·A·B + beta·C if s is Left, C = alpha·B·A + beta·C if Right: A is symmetric and its triangle ul
// is read, B and C are [m, n]. With beta = 0, C is not read.
func (im Implementation) Ssymm(s gblas.Side, ul gblas.Uplo, m, n int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	im.single().symm(s, ul, m, n, alpha, a, lda, b, ldb, beta, c, ldc)
}

// Ssyrk computes the triangle ul of C = alpha·op(A)·op(A)ᵀ + beta·C: op(A) is [n, k], C [n, n].
func (im Implementation) Ssyrk(ul gblas.Uplo, tA Transpose, n, k int, alpha float32, a []float32, lda int, beta float32, c []float32, ldc int) {
	im.single().syrk(ul, tA, n, k, alpha, a, lda, beta, c, ldc)
}

// Ssyr2k computes the triangle ul of C = alpha·(op(A)·op(B)ᵀ + op(B)·op(A)ᵀ) + beta·C: op(A) and op(B) are [n, k],
// C is [n, n].
func (im Implementation) Ssyr2k(ul gblas.Uplo, tA Transpose, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	im.single().syr2k(ul, tA, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// Strmm computes B = alpha·op(A)·B if s is Left, B = alpha·B·op(A) if Right: A is triangular, B is [m, n].
func (im Implementation) Strmm(s gblas.Side, ul gblas.Uplo, tA Transpose, d gblas.Diag, m, n int, alpha float32, a []float32, lda int, b []float32, ldb int) {
	im.single().trmm(s, ul, tA, d, m, n, alpha, a, lda, b, ldb)
}

// Strsm solves op(A)·X = alpha·B if s is Left, X·op(A) = alpha·B if Right: A is triangular, and X replaces B [m, n].
// It does not look for zeros on the diagonal.
func (im Implementation) Strsm(s gblas.Side, ul gblas.Uplo, tA Transpose, d gblas.Diag, m, n int, alpha float32, a []float32, lda int, b []float32, ldb int) {
	im.single().trsm(s, ul, tA, d, m, n, alpha, a, lda, b, ldb)
}

// Dsymm computes C = alpha·A·B + beta·C if s is Left, C = alpha·B·A + beta·C if Right: A is symmetric and its triangle ul
// is read, B and C are [m, n]. With beta = 0, C is not read.
func (im Implementation) Dsymm(s gblas.Side, ul gblas.Uplo, m, n int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	im.double().symm(s, ul, m, n, alpha, a, lda, b, ldb, beta, c, ldc)
}

// Dsyrk computes the triangle ul of C = alpha·op(A)·op(A)ᵀ + beta·C: op(A) is [n, k], C [n, n].
func (im Implementation) Dsyrk(ul gblas.Uplo, tA Transpose, n, k int, alpha float64, a []float64, lda int, beta float64, c []float64, ldc int) {
	im.double().syrk(ul, tA, n, k, alpha, a, lda, beta, c, ldc)
}

// Dsyr2k computes the triangle ul of C = alpha·(op(A)·op(B)ᵀ + op(B)·op(A)ᵀ) + beta·C: op(A) and op(B) are [n, k],
// C is [n, n].
func (im Implementation) Dsyr2k(ul gblas.Uplo, tA Transpose, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	im.double().syr2k(ul, tA, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// Dtrmm computes B = alpha·op(A)·B if s is Left, B = alpha·B·op(A) if Right: A is triangular, B is [m, n].
func (im Implementation) Dtrmm(s gblas.Side, ul gblas.Uplo, tA Transpose, d gblas.Diag, m, n int, alpha float64, a []float64, lda int, b []float64, ldb int) {
	im.double().trmm(s, ul, tA, d, m, n, alpha, a, lda, b, ldb)
}

// Dtrsm solves op(A)·X = alpha·B if s is Left, X·op(A) = alpha·B if Right: A is triangular, and X replaces B [m, n].
// It does not look for zeros on the diagonal.
func (im Implementation) Dtrsm(s gblas.Side, ul gblas.Uplo, tA Transpose, d gblas.Diag, m, n int, alpha float64, a []float64, lda int, b []float64, ldb int) {
	im.double().trsm(s, ul, tA, d, m, n, alpha, a, lda, b, ldb)
}
