package conv

// This file stretches an axis by linear interpolation. Two axes stretched one after the other make bilinear interpolation, three
// trilinear.

import (
	"fmt"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Linear stores in y the elements of x along an axis, stretched or shrunk from size to out by linear interpolation.
//
//	x [outer, size, inner]   y [outer, out, inner]
//
// With alignCorners first and last elements keep their places, and i comes from i·(size-1)/(out-1); without, an element is a piece of
// the axis, and i comes from (i+½)·size/out − ½, not less than 0. It panics if lengths disagree. Semantics: PyTorch's interpolate.
func Linear[T vec.Float](y []T, out int, x []T, outer, size, inner int, alignCorners bool) {
	checkLinear("Linear", len(y), out, len(x), outer, size, inner)
	for o := range outer {
		x, y := x[o*size*inner:][:size*inner], y[o*out*inner:][:out*inner]
		for i := range out {
			lo, hi, f := source(i, out, size, alignCorners)
			a, b, dst := x[lo*inner:][:inner], x[hi*inner:][:inner], y[i*inner:][:inner]
			if inner < 8 {
				for k := range dst {
					dst[k] = T(1-f)*a[k] + T(f)*b[k]
				}
				continue
			}
			vec.Scale(dst, T(1-f), a)
			vec.Axpy(dst, T(f), b)
		}
	}
}

// LinearBackward adds to dx the gradient with respect to the input of Linear.
func LinearBackward[T vec.Float](dx []T, outer, size, inner int, dy []T, out int, alignCorners bool) {
	checkLinear("LinearBackward", len(dy), out, len(dx), outer, size, inner)
	for o := range outer {
		dx, dy := dx[o*size*inner:][:size*inner], dy[o*out*inner:][:out*inner]
		for i := range out {
			lo, hi, f := source(i, out, size, alignCorners)
			a, b, src := dx[lo*inner:][:inner], dx[hi*inner:][:inner], dy[i*inner:][:inner]
			if inner < 8 {
				for k, g := range src {
					a[k] += T(1-f) * g
					b[k] += T(f) * g
				}
				continue
			}
			vec.Axpy(a, T(1-f), src)
			vec.Axpy(b, T(f), src)
		}
	}
}

// source returns the elements of size between which element i of out lies, and how far it is from the first.
func source(i, out, size int, alignCorners bool) (lo, hi int, f float64) {
	at := max(0, (float64(i)+0.5)*float64(size)/float64(out)-0.5)
	if alignCorners {
		at = float64(i) * float64(size-1) / float64(max(out-1, 1))
	}
	return between(at, size)
}

func checkLinear(op string, lenY, out, lenX, outer, size, inner int) {
	if size < 1 || out < 1 {
		panic(fmt.Sprintf("conv: %s: an axis of %d stretched to %d, want > 0", op, size, out))
	}
	length(op, "x", lenX, outer*size*inner)
	length(op, "y", lenY, outer*out*inner)
}
