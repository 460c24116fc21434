package conv

// This file says the shape that max and average pooling share.

import "fmt"

// PoolShape says the sizes of one two-dimensional pooling. A zero stride means the window's size, as in PyTorch; zero
// dilations mean one.
type PoolShape struct {
	N, C, H, W           int // images, their channels, height and width
	R, S                 int // height and width of the window
	StrideH, StrideW     int // step of the window, in pixels
	PadH, PadW           int // border imagined on each side of the image, in pixels, at most half the window
	DilationH, DilationW int // distance of neighbouring pixels of a window; MaxPool only

	// Ceil rounds the output's size up, not down: a last window that reaches beyond the padding counts, if it begins before the
	// padding behind the image.
	Ceil bool
}

// Validate panics, naming both values, unless s describes a pooling with at least one output pixel. N may be zero.
func (s PoolShape) Validate() { s.normal("PoolShape") }

// OutH returns the height of the output: ⌊(H + 2·PadH - DilationH·(R-1) - 1)/StrideH⌋ + 1, unless Ceil is set.
func (s PoolShape) OutH() int { return s.normal("PoolShape").outH() }

// OutW returns the width of the output, by the formula of OutH.
func (s PoolShape) OutW() int { return s.normal("PoolShape").outW() }

// LenX returns the number of elements of the input, N·C·H·W.
func (s PoolShape) LenX() int { return s.N * s.C * s.H * s.W }

// LenY returns the number of elements of the output, N·C·OutH·OutW.
func (s PoolShape) LenY() int { return s.N * s.C * s.OutH() * s.OutW() }

// normal returns s with its defaults filled in, or panics if s is not valid.
func (s PoolShape) normal(op string) PoolShape {
	if s.N < 0 {
		panic(fmt.Sprintf("conv: %s: N = %d, want >= 0", op, s.N))
	}
	positive(op, "C", s.C)
	if s.StrideH == 0 {
		s.StrideH = s.R
	}
	if s.StrideW == 0 {
		s.StrideW = s.S
	}
	s.StrideH, s.DilationH = alongH.window(op, s.H, s.R, s.StrideH, s.PadH, s.DilationH)
	s.StrideW, s.DilationW = alongW.window(op, s.W, s.S, s.StrideW, s.PadW, s.DilationW)
	if 2*s.PadH > s.R {
		panic(fmt.Sprintf("conv: %s: PadH = %d is more than half the window, R = %d", op, s.PadH, s.R))
	}
	if 2*s.PadW > s.S {
		panic(fmt.Sprintf("conv: %s: PadW = %d is more than half the window, S = %d", op, s.PadW, s.S))
	}
	return s
}

// outH and outW return the output's size of a normal shape.
func (s PoolShape) outH() int { return s.windows(s.H, s.R, s.StrideH, s.PadH, s.DilationH) }
func (s PoolShape) outW() int { return s.windows(s.W, s.S, s.StrideW, s.PadW, s.DilationW) }

// windows returns the number of windows along an axis.
func (s PoolShape) windows(size, taps, stride, pad, dilation int) int {
	n := outSize(size, taps, stride, pad, dilation)
	if s.Ceil && n*stride < size+pad && (size+2*pad-dilation*(taps-1)-1)%stride != 0 {
		n++
	}
	return n
}
