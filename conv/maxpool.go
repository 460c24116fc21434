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
	outH, outW := s.outH(), s.outW()
	for p := range s.N * s.C {
		plane := x[p*s.H*s.W : (p+1)*s.H*s.W]
		for oh := range outH {
			for ow := range outW {
				best, at := T(math.Inf(-1)), int32(-1)
				for r := range s.R {
					h := oh*s.StrideH - s.PadH + r*s.DilationH
					if h < 0 || h >= s.H {
						continue
					}
					for q := range s.S {
						w := ow*s.StrideW - s.PadW + q*s.DilationW
						if w < 0 || w >= s.W {
							continue
						}
						if v := plane[h*s.W+w]; v > best || v != v || at < 0 {
							best, at = v, int32(h*s.W+w)
						}
					}
				}
				i := (p*outH+oh)*outW + ow
				y[i] = best
				if argmax != nil {
					argmax[i] = at
				}
			}
		}
	}
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
	area, outArea := s.H*s.W, s.outH()*s.outW()
	for p := range s.N * s.C {
		plane := dx[p*area : (p+1)*area]
		for i := p * outArea; i < (p+1)*outArea; i++ {
			if at := argmax[i]; at >= 0 {
				plane[at] += dy[i]
			}
		}
	}
}
