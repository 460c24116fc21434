package tensor

import (
	"fmt"
	"slices"
)

// BroadcastShapes returns the shape that a and b broadcast to: axes are aligned from the last, and each pair must be equal
// or hold a 1, which is stretched. ok is false if they do not fit. The result is appended to dst, which may be nil.
//
//	[8, 1, 6] and [7, 1] give [8, 7, 6];  [2, 3] and [4] do not fit
func BroadcastShapes(dst, a, b []int) (shape []int, ok bool) {
	r := max(len(a), len(b))
	base := len(dst)
	for i := range r {
		x, y := fromLast(a, r-1-i), fromLast(b, r-1-i)
		switch {
		case x == y || y == 1:
			dst = append(dst, x)
		case x == 1:
			dst = append(dst, y)
		default:
			return dst[:base], false
		}
	}
	return dst, true
}

// MustBroadcast is BroadcastShapes for the op of the named package: it panics with both shapes where they do not fit.
func MustBroadcast(pkg, op string, dst, a, b []int) []int {
	shape, ok := BroadcastShapes(dst, a, b)
	if !ok {
		panic(fmt.Sprintf("%s: %s: shapes %v and %v do not broadcast", pkg, op, slices.Clone(a), slices.Clone(b)))
	}
	return shape
}

// fromLast returns the length of the axis i from the last, 1 where there is none.
func fromLast(shape []int, i int) int {
	if i >= len(shape) {
		return 1
	}
	return shape[len(shape)-1-i]
}
