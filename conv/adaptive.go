package conv

// This file pools to a given size: the window of an output is what lies between its share of the image's edges.

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
)

// share returns the pixels [lo, hi) of an axis of size that output i of out stands for: ⌊i·size/out⌋ to ⌈(i+1)·size/out⌉. Windows of
// neighbours overlap where out does not divide size.
func share(i, size, out int) (lo, hi int) { return i * size / out, ceil((i+1)*size, out) }

// adaptive checks the lengths of a pooling of planes [H, W] to [OutH, OutW], and returns the number of planes.
func adaptive(op string, lenX, h, w, lenY, outH, outW int) int {
	if h < 1 || w < 1 || outH < 1 || outW < 1 {
		panic(fmt.Sprintf("conv: %s: from %dx%d to %dx%d, want > 0", op, h, w, outH, outW))
	}
	length(op, "x", lenX, lenX/(h*w)*h*w)
	length(op, "y", lenY, lenX/(h*w)*outH*outW)
	return lenX / (h * w)
}

// AdaptiveAvgPool stores in y the mean of each output's share of x, added up in float64.
//
//	x [planes, H, W]   y [planes, OutH, OutW]
//
// It panics if lengths disagree. Semantics: PyTorch's AdaptiveAvgPool2d.
func AdaptiveAvgPool[T vec.Float](y []T, outH, outW int, x []T, h, w int) {
	planes := adaptive("AdaptiveAvgPool", len(x), h, w, len(y), outH, outW)
	parallel.For(planes, ceil(8<<10, h*w), func(lo, hi int) {
		for p := lo; p < hi; p++ {
			x, y := x[p*h*w:][:h*w], y[p*outH*outW:][:outH*outW]
			for oh := range outH {
				h0, h1 := share(oh, h, outH)
				for ow := range outW {
					w0, w1 := share(ow, w, outW)
					var sum float64
					for r := h0; r < h1; r++ {
						for _, v := range x[r*w+w0 : r*w+w1] {
							sum += float64(v)
						}
					}
					y[oh*outW+ow] = T(sum / float64((h1-h0)*(w1-w0)))
				}
			}
		}
	})
}

// AdaptiveAvgPoolBackward adds to dx the gradient with respect to the input of AdaptiveAvgPool.
func AdaptiveAvgPoolBackward[T vec.Float](dx []T, h, w int, dy []T, outH, outW int) {
	planes := adaptive("AdaptiveAvgPoolBackward", len(dx), h, w, len(dy), outH, outW)
	parallel.For(planes, ceil(8<<10, h*w), func(lo, hi int) {
		for p := lo; p < hi; p++ {
			dx, dy := dx[p*h*w:][:h*w], dy[p*outH*outW:][:outH*outW]
			for oh := range outH {
				h0, h1 := share(oh, h, outH)
				for ow := range outW {
					w0, w1 := share(ow, w, outW)
					g := dy[oh*outW+ow] / T((h1-h0)*(w1-w0))
					for r := h0; r < h1; r++ {
						row := dx[r*w+w0 : r*w+w1]
						for i := range row {
							row[i] += g
						}
					}
				}
			}
		}
	})
}

// AdaptiveMaxPool stores in y the largest element of each output's share of x, and in argmax where it stood in its plane, the first of
// equals; a NaN wins over all.
//
//	x [planes, H, W]   y, argmax [planes, OutH, OutW]
//
// It panics if lengths disagree. Semantics: PyTorch's AdaptiveMaxPool2d.
func AdaptiveMaxPool[T vec.Float](y []T, argmax []int32, outH, outW int, x []T, h, w int) {
	planes := adaptive("AdaptiveMaxPool", len(x), h, w, len(y), outH, outW)
	length("AdaptiveMaxPool", "argmax", len(argmax), len(y))
	parallel.For(planes, ceil(8<<10, h*w), func(lo, hi int) {
		for p := lo; p < hi; p++ {
			x, at := x[p*h*w:][:h*w], p*outH*outW
			for oh := range outH {
				h0, h1 := share(oh, h, outH)
				for ow := range outW {
					w0, w1 := share(ow, w, outW)
					best, won := T(math.Inf(-1)), -1
					for r := h0; r < h1; r++ {
						for i := r*w + w0; i < r*w+w1; i++ {
							if v := x[i]; v > best || v != v || won < 0 {
								best, won = v, i
							}
						}
					}
					y[at+oh*outW+ow], argmax[at+oh*outW+ow] = best, int32(won)
				}
			}
		}
	})
}

// AdaptiveMaxPoolBackward adds every element of dy to the element of dx, in planes of area elements, that won its share.
func AdaptiveMaxPoolBackward[T vec.Float](dx []T, area int, dy []T, argmax []int32, outArea int) {
	length("AdaptiveMaxPoolBackward", "argmax", len(argmax), len(dy))
	for i, won := range argmax {
		dx[i/outArea*area+int(won)] += dy[i]
	}
}
