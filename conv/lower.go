package conv

// This file copies images to panels (im2col) and adds panels to images (col2im, its adjoint).

import "github.com/tutti-ml/tutti/blas/vec"

// lower stores output rows [h0, h1) of one image's channels in the columns of a panel: row (c, r, q) of it holds the pixel
// under tap (r, q) of channel c for every output pixel, zero outside the image.
//
//	x [C/Groups, H, W]   panel [C/Groups·R·S, (h1-h0)·OutW], ld elements from a row to the next
func lower[T vec.Float](s Shape, panel []T, ld int, x []T, h0, h1 int) {
	outW := s.outW()
	same := s.StrideH == 1 && s.StrideW == 1 && outW == s.W
	for c := range s.C / s.Groups {
		plane := x[c*s.H*s.W : (c+1)*s.H*s.W]
		for r := range s.R {
			top := r*s.DilationH - s.PadH // image row under output row 0
			lo, hi := inside(top, s.StrideH, s.H, h0, h1)
			for q := range s.S {
				left := q*s.DilationW - s.PadW
				w0, w1 := inside(left, s.StrideW, s.W, 0, outW)
				row := panel[((c*s.R+r)*s.S+q)*ld:][:(h1-h0)*outW]
				clear(row[:(lo-h0)*outW])
				clear(row[(hi-h0)*outW:])
				row = row[(lo-h0)*outW : (hi-h0)*outW]
				if same {
					shift(row, plane, (lo+top)*s.W+left)
					clearEdges(row, outW, w0, w1)
					continue
				}
				for h := lo; h < hi; h++ {
					dst := row[(h-lo)*outW:][:outW]
					clear(dst[:w0])
					clear(dst[w1:])
					gather(dst[w0:w1], plane[(h*s.StrideH+top)*s.W:][:s.W], w0*s.StrideW+left, s.StrideW)
				}
			}
		}
	}
}

// raise adds a panel to output rows [h0, h1) of one image's channels: the adjoint of lower. It may write to the panel.
func raise[T vec.Float](s Shape, dx, panel []T, ld int, h0, h1 int) {
	outW := s.outW()
	same := s.StrideH == 1 && s.StrideW == 1 && outW == s.W
	for c := range s.C / s.Groups {
		plane := dx[c*s.H*s.W : (c+1)*s.H*s.W]
		for r := range s.R {
			top := r*s.DilationH - s.PadH
			lo, hi := inside(top, s.StrideH, s.H, h0, h1)
			for q := range s.S {
				left := q*s.DilationW - s.PadW
				w0, w1 := inside(left, s.StrideW, s.W, 0, outW)
				row := panel[((c*s.R+r)*s.S+q)*ld:][(lo-h0)*outW : (hi-h0)*outW]
				if same {
					clearEdges(row, outW, w0, w1)
					unshift(plane, row, (lo+top)*s.W+left)
					continue
				}
				for h := lo; h < hi; h++ {
					src := row[(h-lo)*outW:][w0:w1]
					scatter(plane[(h*s.StrideH+top)*s.W:][:s.W], src, w0*s.StrideW+left, s.StrideW)
				}
			}
		}
	}
}

// inside returns the outputs o of [lo, hi) whose pixel start + o·stride lies in an image of size pixels, as a range in
// [lo, hi].
func inside(start, stride, size, lo, hi int) (int, int) {
	first, last := lo, hi
	if start < 0 {
		first = max(first, ceil(-start, stride))
	}
	if start >= size {
		return hi, hi
	}
	last = min(last, (size-1-start)/stride+1)
	if first >= last {
		return hi, hi
	}
	return first, last
}

// shift copies plane[from:] to row. Where outputs are as wide as the image, all its rows move at once; what is read from
// neighbouring rows, or would be read from outside the plane, lies at edges that clearEdges clears.
func shift[T vec.Float](row, plane []T, from int) {
	skip := max(-from, 0)
	if skip < len(row) {
		copy(row[skip:], plane[from+skip:])
	}
}

// unshift adds row to plane[from:], leaving out what falls outside the plane.
func unshift[T vec.Float](plane, row []T, from int) {
	skip := max(-from, 0)
	if skip >= len(row) {
		return
	}
	row, plane = row[skip:], plane[from+skip:]
	n := min(len(row), len(plane))
	vec.AddTo(plane[:n], row[:n])
}

// clearEdges clears columns [0, w0) and [w1, width) of all rows.
func clearEdges[T vec.Float](rows []T, width, w0, w1 int) {
	if w0 == 0 && w1 == width {
		return
	}
	for ; len(rows) >= width; rows = rows[width:] {
		clear(rows[:w0])
		clear(rows[w1:width])
	}
}

// gather stores every stride-th element of x from start in dst.
func gather[T vec.Float](dst, x []T, start, stride int) {
	if len(dst) == 0 {
		return
	}
	if stride == 1 {
		copy(dst, x[start:])
		return
	}
	for i := range dst {
		dst[i] = x[start+i*stride]
	}
}

// scatter adds src to every stride-th element of dx from start.
func scatter[T vec.Float](dx, src []T, start, stride int) {
	if len(src) == 0 {
		return
	}
	if stride == 1 {
		dx = dx[start:][:len(src)]
		for i, v := range src {
			dx[i] += v
		}
		return
	}
	for i, v := range src {
		dx[start+i*stride] += v
	}
}
