package layers

import (
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
)

// Conv2D is a layer of filters moved over images: y = w ⋆ x + b (see autograd.Conv2D).
//
//	x [N, In, H, W]   Weight [Out, In/Groups, R, S]   Bias [Out] or nil   y [N, Out, OutH, OutW]
type Conv2D struct {
	Weight, Bias *autograd.Param
	Options      autograd.Conv2DOptions
	Same         bool // pad with zeros so that the image's size stays
}

// Conv2DConfig says what a Conv2D looks like. In, Out and Kernel are needed; the zero value of the others is the usual. Where
// height and width are to differ in more than the kernel, change the layer's Options.
type Conv2DConfig struct {
	In, Out int // channels
	Kernel  int // height of the filters, in pixels
	KernelW int // their width; default Kernel
	Stride  int // step of the filters, in pixels; default 1
	Pad     int // zeros on each side of the image, in pixels; default 0. (Kernel−1)/2 keeps the image's size
	// Same is, in place of Pad, as many zeros as keep the image's size, one more behind if odd; stride 1 only.
	Same bool
	// Dilation is the distance of neighbouring filter taps, in pixels; default 1.
	Dilation int
	// Groups is in how many parts channels are cut that do not see each other; default 1. In makes it depthwise.
	Groups int
	NoBias bool // leave out the bias, as before a normalisation that subtracts the mean
}

// NewConv2D returns a Conv2D whose parameters are drawn evenly from ±1/√(In/Groups·R·S), as PyTorch does.
// It panics if a field is out of range.
func NewConv2D(rng *rand.Rand, c Conv2DConfig) *Conv2D {
	mustSame("NewConv2D", c.Same, c.Stride, c.Pad)
	kernelW := c.KernelW
	if kernelW == 0 {
		kernelW = c.Kernel
	}
	l := &Conv2D{Same: c.Same, Options: autograd.Conv2DOptions{
		StrideH: c.Stride, StrideW: c.Stride, PadH: c.Pad, PadW: c.Pad,
		DilationH: c.Dilation, DilationW: c.Dilation, Groups: c.Groups,
	}}
	l.Weight, l.Bias = filters("NewConv2D", rng, c.In, c.Out, c.Groups, c.NoBias, c.Kernel, kernelW)
	if c.Same && c.Kernel%2 == 1 && kernelW%2 == 1 { // alike on both sides: the convolution pads by itself
		l.Same = false
		l.Options.PadH, l.Options.PadW = max(c.Dilation, 1)*(c.Kernel/2), max(c.Dilation, 1)*(kernelW/2)
	}
	return l
}

// Forward returns w ⋆ x + b.
func (l *Conv2D) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	if l.Same {
		x = autograd.PadSame(x, l.Weight.Value().Shape()[2:], []int{max(l.Options.DilationH, 1), max(l.Options.DilationW, 1)})
	}
	return autograd.Conv2D(x, t.Use(l.Weight), useOrNil(t, l.Bias), l.Options)
}
