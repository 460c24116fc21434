package conv

import (
	"fmt"

	"github.com/tutti-ml/tutti/blas/vec"
)

// AvgPool stores in y the mean of every window of x.
//
//	x [N, C, H, W]   y [N, C, OutH, OutW]
//
// With countPad the padding counts as zeros, so every mean divides by R·S; without, it divides by the number of pixels the
// window sees. It panics if the shape is not valid, dilated, or a length disagrees with it. Semantics: PyTorch's
// AvgPool2d, where countPad is count_include_pad.
func AvgPool[T vec.Float](s PoolShape, y, x []T, countPad bool) {
	s = s.normal("AvgPool")
	s.undilated("AvgPool")
	length("AvgPool", "y", len(y), s.LenY())
	length("AvgPool", "x", len(x), s.LenX())
	j := newPoolJob(s, x, y)
	j.countPad = countPad
	j.spread(j.avg)
}

func (j *poolJob[T]) doAvg(lo, hi int) {
	s := j.s
	outH, outW := s.outH(), s.outW()
	for p := lo; p < hi; p++ {
		x, y, _ := j.planes(p)
		for oh := range outH {
			h0, h1 := clip(oh*s.StrideH-s.PadH, s.R, s.H)
			for ow := range outW {
				w0, w1 := clip(ow*s.StrideW-s.PadW, s.S, s.W)
				var sum float64
				for h := h0; h < h1; h++ {
					for _, v := range x[h*s.W+w0 : h*s.W+w1] {
						sum += float64(v)
					}
				}
				y[oh*outW+ow] = T(sum / float64(s.count(oh, ow, h1-h0, w1-w0, j.countPad)))
			}
		}
	}
}

// AvgPoolBackward adds to dx the gradient with respect to the input of AvgPool: each element of dy, divided as the mean
// was, goes to every pixel of its window.
//
//	dx [N, C, H, W]   dy [N, C, OutH, OutW]
//
// It panics if the shape is not valid, dilated, or a length disagrees with it.
func AvgPoolBackward[T vec.Float](s PoolShape, dx, dy []T, countPad bool) {
	s = s.normal("AvgPoolBackward")
	s.undilated("AvgPoolBackward")
	length("AvgPoolBackward", "dx", len(dx), s.LenX())
	length("AvgPoolBackward", "dy", len(dy), s.LenY())
	j := newPoolJob(s, dx, dy)
	j.countPad = countPad
	j.spread(j.avgBackward)
}

func (j *poolJob[T]) doAvgBackward(lo, hi int) {
	s := j.s
	outH, outW := s.outH(), s.outW()
	for p := lo; p < hi; p++ {
		dx, dy, _ := j.planes(p)
		for oh := range outH {
			h0, h1 := clip(oh*s.StrideH-s.PadH, s.R, s.H)
			for ow := range outW {
				w0, w1 := clip(ow*s.StrideW-s.PadW, s.S, s.W)
				g := dy[oh*outW+ow] / T(s.count(oh, ow, h1-h0, w1-w0, j.countPad))
				for h := h0; h < h1; h++ {
					row := dx[h*s.W+w0 : h*s.W+w1]
					for i := range row {
						row[i] += g
					}
				}
			}
		}
	}
}

// clip returns the part [lo, hi) of a window of n pixels from start that lies in an image of size pixels.
func clip(start, n, size int) (lo, hi int) {
	lo = min(max(start, 0), size)
	return lo, max(lo, min(start+n, size))
}

// count returns what the mean over window (oh, ow), which sees h×w pixels, divides by: of the padding only what lies within it.
func (s PoolShape) count(oh, ow, h, w int, countPad bool) int {
	if countPad {
		h = min(s.R, s.H+2*s.PadH-oh*s.StrideH)
		w = min(s.S, s.W+2*s.PadW-ow*s.StrideW)
	}
	return h * w
}

// undilated panics if the window of a normal shape has holes.
func (s PoolShape) undilated(op string) {
	if s.DilationH != 1 || s.DilationW != 1 {
		panic(fmt.Sprintf("conv: %s: dilation %dx%d, want 1x1", op, s.DilationH, s.DilationW))
	}
}
