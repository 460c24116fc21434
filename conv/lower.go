package conv

// This file copies images to panels (im2col) and adds panels to images (col2im, its adjoint).

import "github.com/tutti-ml/tutti/blas/vec"

// lower stores output rows [h0, h1) of one image's channels in the columns of a panel: row (c, r, q) of it holds the pixel
// under tap (r, q) of channel c for every output pixel, zero outside the image.
//
//	x [C/Groups, H, W]   panel [C/Groups·R·S, (h1-h0)·OutW], ld elements from a row to the next
func lower[T vec.Float](s Shape, panel []T, ld int, x []T, h0, h1 int) {
	outW := s.outW()
	area := s.H * s.W
	for r := range s.R {
		for q := range s.S {
			v := see(s, r, q, h0, h1, outW)
			for c := range s.C / s.Groups {
				row := panel[((c*s.R+r)*s.S+q)*ld:][:(h1-h0)*outW]
				clear(row[:v.lo])
				clear(row[v.hi:])
				gather(row[v.lo:v.hi], x[c*area:][:area], &v)
			}
		}
	}
}

// raise adds a panel to output rows [h0, h1) of one image's channels: the adjoint of lower. It may write to the panel.
func raise[T vec.Float](s Shape, dx, panel []T, ld int, h0, h1 int) {
	outW := s.outW()
	area := s.H * s.W
	for r := range s.R {
		for q := range s.S {
			v := see(s, r, q, h0, h1, outW)
			for c := range s.C / s.Groups {
				row := panel[((c*s.R+r)*s.S+q)*ld:][:(h1-h0)*outW]
				scatter(dx[c*area:][:area], row[v.lo:v.hi], &v)
			}
		}
	}
}

// view is what one tap of a filter sees of a plane: the pixels under it while the filter moves over some output rows. Those
// of an output row are contiguous in the plane or evenly spaced.
type view struct {
	lo, hi int // the part of a panel's row, whole output rows, whose pixels lie in image rows
	w0, w1 int // the part of each output row whose pixels lie in image columns
	width  int // of an output row
	from   int // the pixel under element lo+w0
	step   int // from pixel to pixel in an output row
	stride int // from output row to output row, in pixels
	whole  bool
}

// see returns what tap (r, q) sees for output rows [h0, h1).
func see(s Shape, r, q, h0, h1, outW int) view {
	top, left := r*s.DilationH-s.PadH, q*s.DilationW-s.PadW // the pixel under output (0, 0)
	lo, hi := inside(top, s.StrideH, s.H, h0, h1)
	w0, w1 := inside(left, s.StrideW, s.W, 0, outW)
	return view{
		lo: (lo - h0) * outW, hi: (hi - h0) * outW,
		w0: w0, w1: w1, width: outW,
		from:   (lo*s.StrideH+top)*s.W + w0*s.StrideW + left,
		step:   s.StrideW,
		stride: s.StrideH * s.W,
		whole:  s.StrideH == 1 && s.StrideW == 1 && outW == s.W,
	}
}

// inside returns the outputs o of [lo, hi) whose pixel start + o·stride lies in an image of size pixels, as a range in
// [lo, hi], empty at hi if there are none.
func inside(start, stride, size, lo, hi int) (int, int) {
	if start >= size {
		return hi, hi
	}
	first, last := lo, min(hi, (size-1-start)/stride+1)
	if start < 0 {
		first = max(lo, ceil(-start, stride))
	}
	if first >= last {
		return hi, hi
	}
	return first, last
}

// gather stores in row, the part [lo, hi) of a panel's row, the pixels of plane that v sees, and zero where it sees none.
func gather[T vec.Float](row, plane []T, v *view) {
	switch n := v.w1 - v.w0; {
	case n <= 0 || len(row) == 0:
		clear(row)
		return
	case v.whole: // all rows at once; what comes from neighbouring rows lies at edges, which are cleared
		from := v.from - v.w0
		skip := max(-from, 0)
		copy(row[skip:], plane[from+skip:])
	case v.step == 1:
		for i, j := v.w0, v.from; i < len(row); i, j = i+v.width, j+v.stride {
			copy(row[i:i+n], plane[j:j+n])
		}
	default:
		for i, j := v.w0, v.from; i < len(row); i, j = i+v.width, j+v.stride {
			dst, src := row[i:i+n], plane[j:]
			for k := range dst {
				dst[k] = src[k*v.step]
			}
		}
	}
	clearEdges(row, v)
}

// scatter adds row, the part [lo, hi) of a panel's row, to the pixels of plane that v sees. It may write to row.
func scatter[T vec.Float](plane, row []T, v *view) {
	switch n := v.w1 - v.w0; {
	case n <= 0 || len(row) == 0:
	case v.whole:
		clearEdges(row, v)
		from := v.from - v.w0
		skip := max(-from, 0)
		dst := plane[from+skip:]
		dst = dst[:min(len(dst), len(row)-skip)]
		vec.AddTo(dst, row[skip:skip+len(dst)])
	case v.step == 1:
		for i, j := v.w0, v.from; i < len(row); i, j = i+v.width, j+v.stride {
			src := row[i : i+n]
			dst := plane[j:][:len(src)]
			for k := range src {
				dst[k] += src[k]
			}
		}
	default:
		for i, j := v.w0, v.from; i < len(row); i, j = i+v.width, j+v.stride {
			dst := plane[j:]
			for k, x := range row[i : i+n] {
				dst[k*v.step] += x
			}
		}
	}
}

// clearEdges clears the part of each output row that v does not see. It is a pixel or two: a loop, not a call of memclr.
func clearEdges[T vec.Float](row []T, v *view) {
	if v.w0 == 0 && v.w1 == v.width {
		return
	}
	for ; len(row) >= v.width; row = row[v.width:] {
		for i := 0; i < v.w0; i++ {
			row[i] = 0
		}
		for i := v.w1; i < v.width; i++ {
			row[i] = 0
		}
	}
}
