package layers

import (
	"fmt"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
)

// Conv2D is a layer of filters moved over images: y = w ⋆ x + b (see autograd.Conv2D).
//
//	x [N, In, H, W]   Weight [Out, In/Groups, R, S]   Bias [Out] or nil   y [N, Out, OutH, OutW]
type Conv2D struct {
	Weight, Bias *autograd.Param
	Options      autograd.Conv2DOptions
}

// Conv2DConfig says what a Conv2D looks like. In, Out and Kernel are needed; the zero value of the others is the usual. Where
// height and width are to differ in more than the kernel, change the layer's Options.
type Conv2DConfig struct {
	In, Out int // channels
	Kernel  int // height of the filters, in pixels
	KernelW int // their width; default Kernel
	Stride  int // step of the filters, in pixels; default 1
	Pad     int // zeros on each side of the image, in pixels; default 0. (Kernel−1)/2 keeps the image's size
	// Dilation is the distance of neighbouring filter taps, in pixels; default 1.
	Dilation int
	// Groups is in how many parts channels are cut that do not see each other; default 1. In makes it depthwise.
	Groups int
	NoBias bool // leave out the bias, as before a normalisation that subtracts the mean
}

// NewConv2D returns a Conv2D whose parameters are drawn evenly from ±1/√(In/Groups·R·S), as PyTorch does.
// It panics if a field is out of range.
func NewConv2D(rng *rand.Rand, c Conv2DConfig) *Conv2D {
	positive("NewConv2D", "In", c.In)
	positive("NewConv2D", "Out", c.Out)
	positive("NewConv2D", "Kernel", c.Kernel)
	groups := max(c.Groups, 1)
	if c.In%groups != 0 || c.Out%groups != 0 {
		panic(fmt.Sprintf("layers: NewConv2D: In = %d and Out = %d, not multiples of Groups = %d", c.In, c.Out, groups))
	}
	kernelW := c.KernelW
	if kernelW == 0 {
		kernelW = c.Kernel
	}
	l := &Conv2D{Options: autograd.Conv2DOptions{
		StrideH: c.Stride, StrideW: c.Stride, PadH: c.Pad, PadW: c.Pad,
		DilationH: c.Dilation, DilationW: c.Dilation, Groups: c.Groups,
	}}
	init := defaultInit(c.In / groups * c.Kernel * kernelW)
	l.Weight = newParam(rng, init, c.Out, c.In/groups, c.Kernel, kernelW)
	if !c.NoBias {
		l.Bias = newParam(rng, init, c.Out)
	}
	return l
}

// Forward returns w ⋆ x + b.
func (l *Conv2D) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Conv2D(x, t.Use(l.Weight), useOrNil(t, l.Bias), l.Options)
}
