package autograd

import "math"

// Pool1DOptions says what window moves how along the signal. A zero stride means the window's size, a zero dilation one.
type Pool1DOptions struct {
	Size, Stride, Pad int
	Dilation          int  // MaxPool1D only
	ExcludePad        bool // AvgPool1D only: divide by the elements that the window sees
	Ceil              bool // as in Pool2DOptions
}

func (o Pool1DOptions) plane() Pool2DOptions {
	return Pool2DOptions{R: 1, S: o.Size, StrideW: o.Stride, PadW: o.Pad, DilationW: o.Dilation, ExcludePad: o.ExcludePad, Ceil: o.Ceil}
}

// MaxPool1D is MaxPool2D of images one pixel high: x [N, C, L] becomes [N, C, OutL].
func MaxPool1D(x *Var, o Pool1DOptions) *Var {
	return Squeeze(MaxPool2D(Unsqueeze(x, 2), o.plane()), 2)
}

// AvgPool1D is AvgPool2D of images one pixel high: x [N, C, L] becomes [N, C, OutL].
func AvgPool1D(x *Var, o Pool1DOptions) *Var {
	return Squeeze(AvgPool2D(Unsqueeze(x, 2), o.plane()), 2)
}

// Pool3DOptions says what window moves how through the volumes: depth, height, width. Zero strides mean the window's size, zero
// dilations one.
type Pool3DOptions struct {
	Size, Stride, Pad [3]int
	Dilation          [3]int // MaxPool3D only
	ExcludePad        bool   // AvgPool3D only
	Ceil              bool   // as in Pool2DOptions
}

// MaxPool3D returns the largest element of every window of volumes, as MaxPool2D does of images.
//
//	x [N, C, D, H, W]   result [N, C, OutD, OutH, OutW]
func MaxPool3D(x *Var, o Pool3DOptions) *Var { return pool3D(MaxPool2D, maxPoolOp, x, o) }

// AvgPool3D returns the mean of every window of volumes, as AvgPool2D does of images.
//
//	x [N, C, D, H, W]   result [N, C, OutD, OutH, OutW]
func AvgPool3D(x *Var, o Pool3DOptions) *Var { return pool3D(AvgPool2D, avgPoolOp, x, o) }

// pool3D pools height and width first, and what remains along the depth: a maximum of maxima, a mean of means that count alike.
func pool3D(pool func(*Var, Pool2DOptions) *Var, named *op, x *Var, o Pool3DOptions) *Var {
	if x.Rank() != 5 {
		named.panicf("of volumes: x %v: want [N, C, D, H, W]", x.Shape())
	}
	n, c, d := x.Dim(0), x.Dim(1), x.Dim(2)
	y := pool(Reshape(x, n, c*d, x.Dim(3), x.Dim(4)), Pool2DOptions{R: o.Size[1], S: o.Size[2], StrideH: o.Stride[1], StrideW: o.Stride[2],
		PadH: o.Pad[1], PadW: o.Pad[2], DilationH: o.Dilation[1], DilationW: o.Dilation[2], ExcludePad: o.ExcludePad, Ceil: o.Ceil})
	h, w := y.Dim(2), y.Dim(3)
	y = pool(Reshape(y, n, c, d, h*w), Pool2DOptions{R: o.Size[0], S: 1, StrideH: o.Stride[0], PadH: o.Pad[0], DilationH: o.Dilation[0],
		ExcludePad: o.ExcludePad, Ceil: o.Ceil})
	return Reshape(y, n, c, y.Dim(2), h, w)
}

// LpPool2D returns (Σ xᵖ)^(1/p) of every window: the sum for p = 1, for even p the norm. It panics unless p > 0. Padding and
// dilation there are none. (PyTorch's LPPool2d.)
//
//	x [N, C, H, W]   result [N, C, OutH, OutW]
func LpPool2D(x *Var, p float64, o Pool2DOptions) *Var {
	if !(p > 0) || math.IsInf(p, 1) || o.PadH != 0 || o.PadW != 0 {
		avgPoolOp.panicf("LpPool2D: p = %v and padding %dx%d: want a finite p > 0 and no padding", p, o.PadH, o.PadW)
	}
	return Pow(Scale(AvgPool2D(Pow(x, p), o), float64(o.R*o.S)), 1/p)
}

// LpPool1D is LpPool2D of images one pixel high: x [N, C, L] becomes [N, C, OutL].
func LpPool1D(x *Var, p float64, o Pool1DOptions) *Var {
	return Squeeze(LpPool2D(Unsqueeze(x, 2), p, o.plane()), 2)
}
