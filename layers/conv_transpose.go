package layers

import (
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
)

// ConvTransposeConfig says what a transposed convolution looks like, of signals, images or volumes. In, Out and Kernel are needed; the
// zero value of the others is the usual. Kernel 4, Stride 2, Pad 1 doubles a size.
type ConvTransposeConfig struct {
	In, Out  int  // channels
	Kernel   int  // size of the filters along every axis, in pixels
	Stride   int  // pixels of the result from one of the input to the next; default 1
	Pad      int  // pixels cut off each side of the result; default 0
	OutPad   int  // pixels added behind it; default 0, less than Stride or Dilation
	Dilation int  // distance of neighbouring filter taps, in pixels; default 1
	Groups   int  // in how many parts channels are cut that do not see each other; default 1
	NoBias   bool // leave out the bias
}

// ConvTranspose1D is the adjoint of a Conv1D, with a bias (see autograd.ConvTranspose1D).
//
//	x [N, In, L]   Weight [In, Out/Groups, S]   Bias [Out] or nil   y [N, Out, OutL]
type ConvTranspose1D struct {
	Weight, Bias *autograd.Param
	Options      autograd.Conv1DOptions
	OutPad       int
}

// NewConvTranspose1D returns a ConvTranspose1D with PyTorch's initial parameters. It panics if a field is out of range.
func NewConvTranspose1D(rng *rand.Rand, c ConvTransposeConfig) *ConvTranspose1D {
	l := &ConvTranspose1D{OutPad: c.OutPad, Options: autograd.Conv1DOptions{Stride: c.Stride, Pad: c.Pad, Dilation: c.Dilation, Groups: c.Groups}}
	l.Weight, l.Bias = transposedFilters("NewConvTranspose1D", rng, c.In, c.Out, c.Groups, c.NoBias, c.Kernel)
	return l
}

// Forward returns the transposed convolution of x.
func (l *ConvTranspose1D) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.ConvTranspose1D(x, t.Use(l.Weight), useOrNil(t, l.Bias), l.Options, l.OutPad)
}

// ConvTranspose2D is the adjoint of a Conv2D, with a bias (see autograd.ConvTranspose2D).
//
//	x [N, In, H, W]   Weight [In, Out/Groups, R, S]   Bias [Out] or nil   y [N, Out, OutH, OutW]
type ConvTranspose2D struct {
	Weight, Bias *autograd.Param
	Options      autograd.ConvTranspose2DOptions
}

// NewConvTranspose2D returns a ConvTranspose2D with PyTorch's initial parameters. It panics if a field is out of range.
func NewConvTranspose2D(rng *rand.Rand, c ConvTransposeConfig) *ConvTranspose2D {
	l := &ConvTranspose2D{Options: autograd.ConvTranspose2DOptions{OutPadH: c.OutPad, OutPadW: c.OutPad,
		Conv2DOptions: autograd.Conv2DOptions{StrideH: c.Stride, StrideW: c.Stride, PadH: c.Pad, PadW: c.Pad,
			DilationH: c.Dilation, DilationW: c.Dilation, Groups: c.Groups}}}
	l.Weight, l.Bias = transposedFilters("NewConvTranspose2D", rng, c.In, c.Out, c.Groups, c.NoBias, c.Kernel, c.Kernel)
	return l
}

// Forward returns the transposed convolution of x.
func (l *ConvTranspose2D) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.ConvTranspose2D(x, t.Use(l.Weight), useOrNil(t, l.Bias), l.Options)
}

// ConvTranspose3D is the adjoint of a Conv3D, with a bias (see autograd.ConvTranspose3D).
//
//	x [N, In, D, H, W]   Weight [In, Out/Groups, T, R, S]   Bias [Out] or nil   y [N, Out, OutD, OutH, OutW]
type ConvTranspose3D struct {
	Weight, Bias *autograd.Param
	Options      autograd.Conv3DOptions
	OutPad       [3]int
}

// NewConvTranspose3D returns a ConvTranspose3D with PyTorch's initial parameters. It panics if a field is out of range.
func NewConvTranspose3D(rng *rand.Rand, c ConvTransposeConfig) *ConvTranspose3D {
	l := &ConvTranspose3D{OutPad: cube(c.OutPad), Options: autograd.Conv3DOptions{
		Stride: cube(c.Stride), Pad: cube(c.Pad), Dilation: cube(c.Dilation), Groups: c.Groups}}
	l.Weight, l.Bias = transposedFilters("NewConvTranspose3D", rng, c.In, c.Out, c.Groups, c.NoBias, c.Kernel, c.Kernel, c.Kernel)
	return l
}

// Forward returns the transposed convolution of x.
func (l *ConvTranspose3D) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.ConvTranspose3D(x, t.Use(l.Weight), useOrNil(t, l.Bias), l.Options, l.OutPad)
}
