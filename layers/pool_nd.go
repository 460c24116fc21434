package layers

import "github.com/tutti-ml/tutti/autograd"

// Pooling of signals and volumes, and by other means than windows' mean and maximum.

// MaxPool1D is the largest element of every window of signals: x [N, C, L] becomes [N, C, OutL] (see autograd.MaxPool1D).
type MaxPool1D struct {
	Kernel   int  // length of the window, in elements
	Stride   int  // its step, in elements; default Kernel
	Pad      int  // border on each side that never wins, in elements; at most Kernel/2
	Dilation int  // distance of neighbouring elements of a window; default 1
	Ceil     bool // round the result's length up, not down
}

// Forward returns the pooled signals.
func (l MaxPool1D) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.MaxPool1D(x, autograd.Pool1DOptions{Size: l.Kernel, Stride: l.Stride, Pad: l.Pad, Dilation: l.Dilation, Ceil: l.Ceil})
}

// AvgPool1D is the mean of every window of signals: x [N, C, L] becomes [N, C, OutL] (see autograd.AvgPool1D).
type AvgPool1D struct {
	Kernel     int  // length of the window, in elements
	Stride     int  // its step, in elements; default Kernel
	Pad        int  // border of zeros on each side, in elements; at most Kernel/2
	ExcludePad bool // divide by the elements that the window sees
	Ceil       bool // round the result's length up, not down
}

// Forward returns the pooled signals.
func (l AvgPool1D) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.AvgPool1D(x, autograd.Pool1DOptions{Size: l.Kernel, Stride: l.Stride, Pad: l.Pad, ExcludePad: l.ExcludePad, Ceil: l.Ceil})
}

// MaxPool3D is the largest element of every window of volumes: x [N, C, D, H, W] becomes [N, C, OutD, OutH, OutW] (see
// autograd.MaxPool3D).
type MaxPool3D struct {
	Kernel   int  // depth, height and width of the window, in voxels
	Stride   int  // its step, in voxels; default Kernel
	Pad      int  // border on each side that never wins, in voxels; at most Kernel/2
	Dilation int  // distance of neighbouring voxels of a window; default 1
	Ceil     bool // round the result's size up, not down
}

// Forward returns the pooled volumes.
func (l MaxPool3D) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.MaxPool3D(x, autograd.Pool3DOptions{
		Size: cube(l.Kernel), Stride: cube(l.Stride), Pad: cube(l.Pad), Dilation: cube(l.Dilation), Ceil: l.Ceil})
}

// AvgPool3D is the mean of every window of volumes: x [N, C, D, H, W] becomes [N, C, OutD, OutH, OutW] (see autograd.AvgPool3D).
type AvgPool3D struct {
	Kernel     int  // depth, height and width of the window, in voxels
	Stride     int  // its step, in voxels; default Kernel
	Pad        int  // border of zeros on each side, in voxels; at most Kernel/2
	ExcludePad bool // divide by the voxels that the window sees
	Ceil       bool // round the result's size up, not down
}

// Forward returns the pooled volumes.
func (l AvgPool3D) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.AvgPool3D(x, autograd.Pool3DOptions{
		Size: cube(l.Kernel), Stride: cube(l.Stride), Pad: cube(l.Pad), ExcludePad: l.ExcludePad, Ceil: l.Ceil})
}

// LpPool1D is (Σ xᵖ)^(1/p) of every window of signals: x [N, C, L] becomes [N, C, OutL] (see autograd.LpPool1D).
type LpPool1D struct {
	P              float64 // > 0
	Kernel, Stride int     // in elements; Stride defaults to Kernel
	Ceil           bool    // round the result's length up, not down
}

// Forward returns the pooled signals.
func (l LpPool1D) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.LpPool1D(x, l.P, autograd.Pool1DOptions{Size: l.Kernel, Stride: l.Stride, Ceil: l.Ceil})
}

// LpPool2D is (Σ xᵖ)^(1/p) of every window of images: x [N, C, H, W] becomes [N, C, OutH, OutW] (see autograd.LpPool2D).
type LpPool2D struct {
	P              float64 // > 0
	Kernel, Stride int     // in pixels; Stride defaults to Kernel
	Ceil           bool    // round the result's size up, not down
}

// Forward returns the pooled images.
func (l LpPool2D) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	o := square(l.Kernel, l.Stride, 0)
	o.Ceil = l.Ceil
	return autograd.LpPool2D(x, l.P, o)
}
