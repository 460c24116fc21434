// Level 1 in both types at once: the routines behind the names of level1.go.
//
// Elements n at a time, incX apart; a negative increment walks backwards from the far end, as in BLAS. Vectors of unit
// stride go to the kernels, others through a plain loop.

package blas

import (
	"math"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/cpu"
)

// checkVectors panics on a bad pair of vectors, and reports whether there is nothing to do.
func checkVectors(n, lx, incX, ly, incY int) (done bool) {
	if incX == 0 {
		panic(zeroIncX)
	}
	if incY == 0 {
		panic(zeroIncY)
	}
	if n < 1 {
		checkSize(n, nLT0)
		return true
	}
	checkVector(n, lx, incX, shortX)
	checkVector(n, ly, incY, shortY)
	return false
}

// checkVector panics if a slice of length have does not hold n elements inc apart.
func checkVector(n, have, inc int, message string) {
	if have <= (n-1)*max(inc, -inc) {
		panic(message)
	}
}

// checkOne is the check of the routines on one vector: it reports false if n = 0 or incX < 0, for which they do nothing.
func checkOne(n, lx, incX int) bool {
	if incX < 1 {
		if incX == 0 {
			panic(zeroIncX)
		}
		return false
	}
	if lx <= (n-1)*incX {
		panic(shortX)
	}
	checkSize(n, nLT0)
	return n > 0
}

// start returns the index of the first element.
func start(n, inc int) int {
	if inc < 0 {
		return (1 - n) * inc
	}
	return 0
}

func dot[T kernel.Float](isa cpu.ISA, n int, x []T, incX int, y []T, incY int) T {
	if checkVectors(n, len(x), incX, len(y), incY) {
		return 0
	}
	if incX == 1 && incY == 1 {
		return pairwise(0, n, unitLeaf, func(lo, hi int) T { return kernel.Dot(isa, x[lo:hi], y[lo:hi]) })
	}
	return pairwise(0, n, stridedLeaf, func(lo, hi int) (sum T) {
		ix, iy := start(n, incX)+lo*incX, start(n, incY)+lo*incY
		for range hi - lo {
			sum += x[ix] * y[iy]
			ix += incX
			iy += incY
		}
		return sum
	})
}

// How many terms a sum takes by itself: in the partial sums of a kernel, or one after another.
const (
	unitLeaf    = 1024
	stridedLeaf = 128
)

// pairwise returns the sum of part over [lo, hi), cut into leaves of so many terms, which are added pairwise: n leaves
// split at the largest power of two below n. So the error of a sum grows with the logarithm of the number of its terms.
func pairwise[T kernel.Float](lo, hi, leaf int, part func(lo, hi int) T) T {
	if hi-lo <= leaf {
		return part(lo, hi)
	}
	h := leaf
	for 2*h < hi-lo {
		h *= 2
	}
	return pairwise(lo, lo+h, leaf, part) + pairwise(lo+h, hi, leaf, part)
}

func axpy[T kernel.Float](isa cpu.ISA, n int, alpha T, x []T, incX int, y []T, incY int) {
	if checkVectors(n, len(x), incX, len(y), incY) || alpha == 0 {
		return
	}
	if incX == 1 && incY == 1 {
		kernel.Axpy(isa, alpha, x[:n], y[:n])
		return
	}
	ix, iy := start(n, incX), start(n, incY)
	for range n {
		y[iy] += alpha * x[ix]
		ix += incX
		iy += incY
	}
}

func scal[T kernel.Float](isa cpu.ISA, n int, alpha T, x []T, incX int) {
	if !checkOne(n, len(x), incX) {
		return
	}
	switch {
	case alpha == 0: // not even NaN survives
		for i := range n {
			x[i*incX] = 0
		}
	case incX == 1:
		kernel.Scal(isa, alpha, x[:n])
	default:
		for i := range n {
			x[i*incX] *= alpha
		}
	}
}

// nrm2 returns the Euclidean norm without overflow or underflow on the way.
func nrm2[T kernel.Float](isa cpu.ISA, n int, x []T, incX int) T {
	if !checkOne(n, len(x), incX) {
		return 0
	}
	if elementSize[T]() == 4 { // squares of float32 neither overflow nor vanish in float64
		if incX == 1 {
			return T(math.Sqrt(kernel.SumSquares(isa, x[:n])))
		}
		var sum float64
		for i := range n {
			sum += float64(x[i*incX]) * float64(x[i*incX])
		}
		return T(math.Sqrt(sum))
	}
	if sum := float64(dot(isa, n, x, incX, x, incX)); sum > 0x1p-900 && sum < 0x1p1000 {
		return T(math.Sqrt(sum))
	}
	// Too large, too small, or not a number: again, divided by the largest.
	var most, sum float64
	for i := range n {
		v := math.Abs(float64(x[i*incX]))
		if math.IsNaN(v) {
			return T(v)
		}
		most = max(most, v)
	}
	if most == 0 || math.IsInf(most, 0) {
		return T(most)
	}
	for i := range n {
		v := float64(x[i*incX]) / most
		sum += v * v
	}
	return T(most * math.Sqrt(sum))
}

// asum returns Σ |x[i]|.
func asum[T kernel.Float](isa cpu.ISA, n int, x []T, incX int) T {
	checkSize(n, nLT0)
	if !checkOne(n, len(x), incX) {
		return 0
	}
	if incX == 1 {
		return pairwise(0, n, unitLeaf, func(lo, hi int) T { return kernel.SumAbs(isa, x[lo:hi]) })
	}
	return pairwise(0, n, stridedLeaf, func(lo, hi int) (sum T) {
		for i := lo; i < hi; i++ {
			sum += T(math.Abs(float64(x[i*incX])))
		}
		return sum
	})
}

// iamax returns the first index of the largest absolute value, -1 if there is none. A NaN is never larger; if it comes first,
// nothing is.
func iamax[T kernel.Float](isa cpu.ISA, n int, x []T, incX int) int {
	if !checkOne(n, len(x), incX) {
		return -1
	}
	if incX == 1 && x[0] == x[0] {
		return indexOfMost(isa, x[:n])
	}
	at, most := 0, math.Abs(float64(x[0]))
	for i := 1; i < n; i++ {
		if v := math.Abs(float64(x[i*incX])); v > most {
			at, most = i, v
		}
	}
	return at
}

// indexOfMost finds the block that has the largest absolute value first, and then its index.
func indexOfMost[T kernel.Float](isa cpu.ISA, x []T) int {
	const block = 128
	from, most := 0, T(-1)
	for i := 0; i < len(x); i += block {
		if v := kernel.MaxAbs(isa, x[i:min(i+block, len(x))]); v > most {
			from, most = i, v
		}
	}
	for i, v := range x[from:] {
		if v == most || v == -most {
			return from + i
		}
	}
	return 0
}

func swap[T kernel.Float](n int, x []T, incX int, y []T, incY int) {
	if checkVectors(n, len(x), incX, len(y), incY) {
		return
	}
	ix, iy := start(n, incX), start(n, incY)
	for range n {
		x[ix], y[iy] = y[iy], x[ix]
		ix += incX
		iy += incY
	}
}

func copyVector[T kernel.Float](n int, x []T, incX int, y []T, incY int) {
	if checkVectors(n, len(x), incX, len(y), incY) {
		return
	}
	if incX == 1 && incY == 1 {
		copy(y[:n], x[:n])
		return
	}
	ix, iy := start(n, incX), start(n, incY)
	for range n {
		y[iy] = x[ix]
		ix += incX
		iy += incY
	}
}

// rot turns the points (x[i], y[i]): (c·x + s·y, c·y - s·x).
func rot[T kernel.Float](n int, x []T, incX int, y []T, incY int, c, s T) {
	if checkVectors(n, len(x), incX, len(y), incY) {
		return
	}
	ix, iy := start(n, incX), start(n, incY)
	for range n {
		u, v := x[ix], y[iy]
		x[ix], y[iy] = c*u+s*v, c*v-s*u
		ix += incX
		iy += incY
	}
}
