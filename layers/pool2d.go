package layers

import "github.com/tutti-ml/tutti/autograd"

// MaxPool2D is the largest element of every window (see autograd.MaxPool2D).
//
//	x [N, C, H, W]   y [N, C, OutH, OutW]
type MaxPool2D struct {
	Kernel int // height and width of the window, in pixels
	Stride int // its step, in pixels; default Kernel
	Pad    int // border on each side, in pixels, that never wins; at most Kernel/2
	// Dilation is the distance of neighbouring pixels of a window; default 1.
	Dilation int
	// Ceil rounds the result's size up, not down.
	Ceil bool
}

// Forward returns the pooled images.
func (l MaxPool2D) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	o := square(l.Kernel, l.Stride, l.Pad)
	o.DilationH, o.DilationW, o.Ceil = l.Dilation, l.Dilation, l.Ceil
	return autograd.MaxPool2D(x, o)
}

// AvgPool2D is the mean of every window, in which padding counts as zeros (see autograd.AvgPool2D).
//
//	x [N, C, H, W]   y [N, C, OutH, OutW]
type AvgPool2D struct {
	Kernel     int  // height and width of the window, in pixels
	Stride     int  // its step, in pixels; default Kernel
	Pad        int  // border of zeros on each side, in pixels; at most Kernel/2
	ExcludePad bool // divide by the pixels that the window sees
	Ceil       bool // round the result's size up, not down
}

// Forward returns the pooled images.
func (l AvgPool2D) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	o := square(l.Kernel, l.Stride, l.Pad)
	o.ExcludePad, o.Ceil = l.ExcludePad, l.Ceil
	return autograd.AvgPool2D(x, o)
}

func square(kernel, stride, pad int) autograd.Pool2DOptions {
	return autograd.Pool2DOptions{R: kernel, S: kernel, StrideH: stride, StrideW: stride, PadH: pad, PadW: pad}
}
