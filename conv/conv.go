package conv

import (
	"unsafe"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Forward computes y = w ⋆ x + b, the cross-correlation of images x with filters w. What y held is overwritten.
//
//	x [N, C, H, W]   w [K, C/Groups, R, S]   b [K] or nil   y [N, K, OutH, OutW]
//
// y must not overlap an operand. It panics if the shape is not valid or a length disagrees with it.
// Cost: 2·N·K·OutH·OutW·C/Groups·R·S flops. Source: Dumoulin and Visin, arXiv:1603.07285.
func Forward[T vec.Float](s Shape, y, x, w, b []T) {
	s = s.Normal()
	length("Forward", "y", len(y), s.LenY())
	length("Forward", "x", len(x), s.LenX())
	length("Forward", "w", len(w), s.LenW())
	if b != nil {
		length("Forward", "b", len(b), s.K)
	}
	if s.N == 0 || s.C == 0 {
		sumNothing(s, y, b)
		return
	}
	a := choose(s)
	if single[T]() {
		a.F32.Forward(s, cast[float32](y), cast[float32](x), cast[float32](w), cast[float32](b))
	} else {
		a.F64.Forward(s, cast[float64](y), cast[float64](x), cast[float64](w), cast[float64](b))
	}
}

// sumNothing stores what there is without a channel: the bias.
func sumNothing[T vec.Float](s Shape, y, b []T) {
	clear(y)
	for i, size := 0, s.outH()*s.outW(); i < s.N*s.K && b != nil; i++ {
		vec.Fill(y[i*size:(i+1)*size], b[i%s.K])
	}
}

// BackwardData adds to dx the gradient with respect to the images, given the gradient dy with respect to the output:
// the adjoint of Forward in x.
//
//	dx [N, C, H, W]   dy [N, K, OutH, OutW]   w [K, C/Groups, R, S]
//
// dx must not overlap an operand. It panics if the shape is not valid or a length disagrees with it. Cost: as Forward.
func BackwardData[T vec.Float](s Shape, dx, dy, w []T) {
	s = s.Normal()
	length("BackwardData", "dx", len(dx), s.LenX())
	length("BackwardData", "dy", len(dy), s.LenY())
	length("BackwardData", "w", len(w), s.LenW())
	if s.N == 0 || s.C == 0 {
		return
	}
	a := choose(s)
	if single[T]() {
		a.F32.BackwardData(s, cast[float32](dx), cast[float32](dy), cast[float32](w))
	} else {
		a.F64.BackwardData(s, cast[float64](dx), cast[float64](dy), cast[float64](w))
	}
}

// BackwardFilter adds to dw and db the gradients with respect to filters and bias, given the gradient dy with respect to
// the output: the adjoint of Forward in w and b. db may be nil.
//
//	dw [K, C/Groups, R, S]   db [K] or nil   x [N, C, H, W]   dy [N, K, OutH, OutW]
//
// dw and db must not overlap an operand. It panics if the shape is not valid or a length disagrees with it.
// Cost: as Forward.
func BackwardFilter[T vec.Float](s Shape, dw, db, x, dy []T) {
	s = s.Normal()
	length("BackwardFilter", "dw", len(dw), s.LenW())
	length("BackwardFilter", "x", len(x), s.LenX())
	length("BackwardFilter", "dy", len(dy), s.LenY())
	if db != nil {
		length("BackwardFilter", "db", len(db), s.K)
	}
	if s.N == 0 || s.C == 0 {
		for i, size := 0, s.outH()*s.outW(); i < s.N*s.K && db != nil; i++ {
			db[i%s.K] += vec.Sum(dy[i*size : (i+1)*size])
		}
		return
	}
	a := choose(s)
	if single[T]() {
		a.F32.BackwardFilter(s, cast[float32](dw), cast[float32](db), cast[float32](x), cast[float32](dy))
	} else {
		a.F64.BackwardFilter(s, cast[float64](dw), cast[float64](db), cast[float64](x), cast[float64](dy))
	}
}

// single reports whether T is float32 or a type made of it.
func single[T vec.Float]() bool {
	var z T
	return unsafe.Sizeof(z) == 4
}

// cast returns x seen as a slice of U, T's underlying type.
func cast[U, T vec.Float](x []T) []U {
	return unsafe.Slice((*U)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}
