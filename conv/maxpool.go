package conv

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
)

// MaxPool stores in y the largest element of every window of x, and in argmax, unless nil, where it stood: h·W + w in its
// plane, the first of equals.
//
//	x [N, C, H, W]   y, argmax [N, C, OutH, OutW]
//
// Padding counts as -Inf: it never wins, and a window that sees nothing else (possible with dilation) gives -Inf and -1.
// A NaN wins over all. It panics if the shape is not valid or a length disagrees with it. Semantics: PyTorch's MaxPool2d.
func MaxPool[T vec.Float](s PoolShape, y []T, argmax []int32, x []T) {
	s = s.normal("MaxPool")
	length("MaxPool", "y", len(y), s.LenY())
	length("MaxPool", "x", len(x), s.LenX())
	if argmax != nil {
		length("MaxPool", "argmax", len(argmax), s.LenY())
	}
	j := newPoolJob(s, x, y)
	j.argmax = argmax
	j.spread(j.max)
}

func (j *poolJob[T]) doMax(lo, hi int) {
	s := j.s
	if s.R == 2 && s.S == 2 && s.PadH == 0 && s.PadW == 0 && s.DilationH == 1 && s.DilationW == 1 && !s.Ceil {
		j.maxOfFour(lo, hi)
		return
	}
	outH, outW := s.outH(), s.outW()
	for p := lo; p < hi; p++ {
		x, y, at := j.planes(p)
		for oh := range outH {
			h0, h1 := reach(oh*s.StrideH-s.PadH, s.R, s.DilationH, s.H)
			for ow := range outW {
				w0, w1 := reach(ow*s.StrideW-s.PadW, s.S, s.DilationW, s.W)
				best, won := T(math.Inf(-1)), -1
				for h := h0; h < h1; h += s.DilationH {
					for w := w0; w < w1; w += s.DilationW {
						if v := x[h*s.W+w]; v > best || v != v || won < 0 {
							best, won = v, h*s.W+w
						}
					}
				}
				i := oh*outW + ow
				y[i] = best
				if j.argmax != nil {
					j.argmax[at+i] = int32(won)
				}
			}
		}
	}
}

// maxOfFour is doMax for the usual windows, 2×2 without padding, which are compared in the same order.
func (j *poolJob[T]) maxOfFour(lo, hi int) {
	s := j.s
	outH, outW := s.outH(), s.outW()
	for p := lo; p < hi; p++ {
		x, y, at := j.planes(p)
		for oh := range outH {
			above := x[oh*s.StrideH*s.W:][:s.W]
			below := x[(oh*s.StrideH+1)*s.W:][:s.W]
			if j.argmax == nil { // without branches, which data of no pattern makes slow
				row := y[oh*outW:][:outW]
				for ow := range row {
					w := ow * s.StrideW
					row[ow] = max(max(above[w], above[w+1]), max(below[w], below[w+1]))
				}
				continue
			}
			for ow := range outW {
				w := ow * s.StrideW
				best, won := above[w], w
				if v := above[w+1]; v > best || v != v {
					best, won = v, w+1
				}
				if v := below[w]; v > best || v != v {
					best, won = v, w+s.W
				}
				if v := below[w+1]; v > best || v != v {
					best, won = v, w+s.W+1
				}
				i := oh*outW + ow
				y[i] = best
				j.argmax[at+i] = int32(oh*s.StrideH*s.W + won)
			}
		}
	}
}

// reach returns the pixels lo, lo+dilation, … < hi that a window from start sees in an image of size pixels.
func reach(start, taps, dilation, size int) (lo, hi int) {
	hi = min(start+taps*dilation, size)
	if start < 0 {
		start += ceil(-start, dilation) * dilation
	}
	return start, hi
}

// MaxPoolBackward adds every element of dy to the element of dx that won its window.
//
//	dx [N, C, H, W]   dy, argmax [N, C, OutH, OutW], argmax as MaxPool left it
//
// It panics if the shape is not valid or a length disagrees with it.
func MaxPoolBackward[T vec.Float](s PoolShape, dx, dy []T, argmax []int32) {
	s = s.normal("MaxPoolBackward")
	length("MaxPoolBackward", "dx", len(dx), s.LenX())
	length("MaxPoolBackward", "dy", len(dy), s.LenY())
	length("MaxPoolBackward", "argmax", len(argmax), s.LenY())
	j := newPoolJob(s, dx, dy)
	j.argmax = argmax
	j.spread(j.maxBackward)
}

func (j *poolJob[T]) doMaxBackward(lo, hi int) {
	for p := lo; p < hi; p++ {
		dx, dy, at := j.planes(p)
		for i, won := range j.argmax[at:][:len(dy)] {
			if won >= 0 {
				dx[won] += dy[i]
			}
		}
	}
}
