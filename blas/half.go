// Symmetric and triangular matrices of which one triangle is stored: in full, as a band, or packed. A row of the triangle is
// contiguous in every form, and that is all that the routines need to know.

package blas

import (
	"github.com/tutti-ml/tutti/blas/kernel"

	gblas "gonum.org/v1/gonum/blas"
)

// A form says how a triangle of order n lies in memory.
type form uint8

const (
	full   form = iota // A[i,j] is a[i·lda+j]
	banded             // upper: a[i·lda+j-i], lower: a[i·lda+k+j-i], for |i-j| ≤ k
	packed             // row after row, without gaps
)

// A half is one triangle of a matrix of order n, the diagonal included.
type half[T kernel.Float] struct {
	form
	lower, unit bool // unit: the diagonal is 1 and is not read
	n, k        int  // k diagonals beside the main one, if banded
	a           []T
	lda         int
}

// row returns row i of the triangle, and the column that it starts in. The diagonal is its first element if the triangle is
// the upper one, its last if it is the lower.
func (t *half[T]) row(i int) (from int, row []T) {
	n := t.n - i
	if t.lower {
		n = i + 1
	}
	var at int
	switch t.form {
	case full:
		if at = i * t.lda; !t.lower {
			at += i
		}
	case banded:
		n = min(n, t.k+1)
		if at = i * t.lda; t.lower {
			at += t.k + 1 - n
		}
	case packed:
		if at = i * (i + 1) / 2; !t.lower {
			at = i * (2*t.n - i + 1) / 2
		}
	}
	if t.lower {
		return i + 1 - n, t.a[at : at+n]
	}
	return i, t.a[at : at+n]
}

// split returns the diagonal element of row i, the rest of the row, and the column that the rest starts in.
func (t *half[T]) split(i int) (diagonal T, from int, rest []T) {
	from, row := t.row(i)
	if t.lower {
		diagonal, rest = row[len(row)-1], row[:len(row)-1]
	} else {
		diagonal, from, rest = row[0], from+1, row[1:]
	}
	if t.unit {
		diagonal = 1
	}
	return diagonal, from, rest
}

// halfBlock is the order of the triangles on the diagonal that a full matrix is cut into; the rectangles beside them are
// products of a matrix and a vector.
const halfBlock = 64

// blocks returns how many triangles the diagonal is cut into; 1 for the forms that have no rectangles.
func (t *half[T]) blocks() int {
	if t.form != full {
		return 1
	}
	return ceil(t.n, halfBlock)
}

// block returns triangle b of the diagonal, the rows [lo, hi) it takes, and the rectangle in these rows: its columns [from, to),
// and its elements, lda apart, empty if there are none.
func (t *half[T]) block(b int) (part half[T], lo, hi, from, to int, rectangle []T) {
	part = *t
	if t.form != full {
		return part, 0, t.n, 0, 0, nil
	}
	lo = b * halfBlock
	hi = min(lo+halfBlock, t.n)
	part.n, part.a = hi-lo, t.a[lo*t.lda+lo:]
	if from, to = hi, t.n; t.lower {
		from, to = 0, lo
	}
	if from < to {
		rectangle = t.a[lo*t.lda+from:]
	}
	return part, lo, hi, from, to, rectangle
}

// checkHalf panics unless ul, n and the matrix's leading dimension are good. Packed has none.
func checkHalf(f form, ul gblas.Uplo, n, k, lda int) {
	checkUplo(ul)
	checkSize(n, nLT0)
	checkForm(f, n, k, lda)
}

func checkForm(f form, n, k, lda int) {
	switch f {
	case full:
		checkStride(lda, n, badLdA)
	case banded:
		checkSize(k, kLT0)
		checkStride(lda, k+1, badLdA)
	}
}

// checkStored panics unless a slice of length have holds a triangle of order n > 0.
func checkStored(f form, n, k, lda, have int) {
	switch f {
	case full:
		checkLen(have, n, n, lda, shortA)
	case banded:
		checkLen(have, n, k+1, lda, shortA)
	case packed:
		if have < n*(n+1)/2 {
			panic(shortAP)
		}
	}
}
