// Level 1: operations of vectors with vectors, under BLAS's names.
//
// A vector of n elements is x[0], x[incX], …; a negative increment walks backwards from element (1-n)·incX, except in
// the routines on one vector, which do nothing. Sums are pairwise: see pairwise in vector.go. Bad arguments panic with
// gonum's messages. Rotg, Rotm, Rotmg, Dsdot and Sdsdot are gonum's own.

package blas

// Sdot returns Σ x[i]·y[i].
func (im Implementation) Sdot(n int, x []float32, incX int, y []float32, incY int) float32 {
	return dot(im.ISA(), n, x, incX, y, incY)
}

// Ddot returns Σ x[i]·y[i].
func (im Implementation) Ddot(n int, x []float64, incX int, y []float64, incY int) float64 {
	return dot(im.ISA(), n, x, incX, y, incY)
}

// Saxpy computes y[i] += alpha·x[i].
func (im Implementation) Saxpy(n int, alpha float32, x []float32, incX int, y []float32, incY int) {
	axpy(im.ISA(), n, alpha, x, incX, y, incY)
}

// Daxpy computes y[i] += alpha·x[i].
func (im Implementation) Daxpy(n int, alpha float64, x []float64, incX int, y []float64, incY int) {
	axpy(im.ISA(), n, alpha, x, incX, y, incY)
}

// Sscal computes x[i] *= alpha; with alpha = 0 it clears x, whatever was there.
func (im Implementation) Sscal(n int, alpha float32, x []float32, incX int) {
	scal(im.ISA(), n, alpha, x, incX)
}

// Dscal computes x[i] *= alpha; with alpha = 0 it clears x, whatever was there.
func (im Implementation) Dscal(n int, alpha float64, x []float64, incX int) {
	scal(im.ISA(), n, alpha, x, incX)
}

// Snrm2 returns √Σ x[i]², accumulated in float64.
func (im Implementation) Snrm2(n int, x []float32, incX int) float32 {
	return nrm2(im.ISA(), n, x, incX)
}

// Dnrm2 returns √Σ x[i]², scaled where the squares would overflow or vanish.
func (im Implementation) Dnrm2(n int, x []float64, incX int) float64 {
	return nrm2(im.ISA(), n, x, incX)
}

// Sasum returns Σ |x[i]|.
func (im Implementation) Sasum(n int, x []float32, incX int) float32 {
	return asum(im.ISA(), n, x, incX)
}

// Dasum returns Σ |x[i]|.
func (im Implementation) Dasum(n int, x []float64, incX int) float64 {
	return asum(im.ISA(), n, x, incX)
}

// Isamax returns the first index of the largest |x[i]|, -1 if n = 0.
func (im Implementation) Isamax(n int, x []float32, incX int) int {
	return iamax(im.ISA(), n, x, incX)
}

// Idamax returns the first index of the largest |x[i]|, -1 if n = 0.
func (im Implementation) Idamax(n int, x []float64, incX int) int {
	return iamax(im.ISA(), n, x, incX)
}

// Sswap exchanges x and y.
func (Implementation) Sswap(n int, x []float32, incX int, y []float32, incY int) {
	swap(n, x, incX, y, incY)
}

// Dswap exchanges x and y.
func (Implementation) Dswap(n int, x []float64, incX int, y []float64, incY int) {
	swap(n, x, incX, y, incY)
}

// Scopy copies x to y.
func (Implementation) Scopy(n int, x []float32, incX int, y []float32, incY int) {
	copyVector(n, x, incX, y, incY)
}

// Dcopy copies x to y.
func (Implementation) Dcopy(n int, x []float64, incX int, y []float64, incY int) {
	copyVector(n, x, incX, y, incY)
}

// Srot rotates each point (x[i], y[i]) to (c·x[i] + s·y[i], c·y[i] - s·x[i]).
func (Implementation) Srot(n int, x []float32, incX int, y []float32, incY int, c, s float32) {
	rot(n, x, incX, y, incY, c, s)
}

// Drot rotates each point (x[i], y[i]) to (c·x[i] + s·y[i], c·y[i] - s·x[i]).
func (Implementation) Drot(n int, x []float64, incX int, y []float64, incY int, c, s float64) {
	rot(n, x, incX, y, incY, c, s)
}
