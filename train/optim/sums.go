package optim

// This file holds sums of squares whose order does not depend on how a vector is cut into ranks, slices or buckets: a fixed
// order within a piece, and a fixed tree over the pieces.

import (
	"iter"

	"github.com/tutti-ml/tutti/blas/vec"
)

// PieceLen is the most elements that a piece has: see Pieces.
const PieceLen = 4096

// Pieces yields the bounds of the pieces of elements [lo, hi) of a vector: they are cut at the multiples of PieceLen, so the
// cuts belong to the vector, not to who holds [lo, hi).
func Pieces(lo, hi int) iter.Seq2[int, int] {
	return func(yield func(lo, hi int) bool) {
		for at := lo; at < hi; {
			end := min(hi, (at/PieceLen+1)*PieceLen)
			if !yield(at, end) {
				return
			}
			at = end
		}
	}
}

// NormSq returns Σ x² of a piece, in float64, of which neither square nor sum of float32 elements can overflow.
//
// Order: lane j of 16 adds elements j, j+16, j+32, …; the lanes are then folded in halves. So it depends on the length alone.
func NormSq[T vec.Float](x []T) float64 {
	var s squares
	addSquares(&s, x)
	return s.sum()
}

// SumTree returns the sum of the pieces' sums, added pairwise by position: n terms are split at the largest power of two
// below n. An empty sum is 0.
func SumTree(sums []float64) float64 {
	switch len(sums) {
	case 0:
		return 0
	case 1:
		return sums[0]
	}
	h := 1
	for 2*h < len(sums) {
		h *= 2
	}
	return SumTree(sums[:h]) + SumTree(sums[h:])
}

// squares are NormSq's lanes.
type squares [16]float64

// addSquares adds the squares of x, which starts at lane 0.
func addSquares[T vec.Float](s *squares, x []T) {
	for ; len(x) >= len(s); x = x[len(s):] {
		u := (*[16]T)(x)
		for j := range s {
			v := float64(u[j])
			s[j] += float64(v * v)
		}
	}
	for j, v := range x {
		s[j] += float64(float64(v) * float64(v))
	}
}

// sum folds the lanes.
func (s *squares) sum() float64 {
	for h := len(s) / 2; h > 0; h /= 2 {
		for j := range h {
			s[j] += s[j+h]
		}
	}
	return s[0]
}
