package layers

import (
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
)

// Conv3D is a layer of filters moved through volumes: y = w ⋆ x + b (see autograd.Conv3D).
//
//	x [N, In, D, H, W]   Weight [Out, In/Groups, T, R, S]   Bias [Out] or nil   y [N, Out, OutD, OutH, OutW]
type Conv3D struct {
	Weight, Bias *autograd.Param
	Options      autograd.Conv3DOptions
	Same         bool // pad with zeros so that the size stays
}

// Conv3DConfig says what a Conv3D looks like. In, Out and Kernel are needed; the zero value of the others is the usual. Where depth,
// height and width are to differ in more than the kernel, change the layer's Options.
type Conv3DConfig struct {
	In, Out  int    // channels
	Kernel   [3]int // depth, height and width of the filters, in voxels
	Stride   int    // step of the filters, in voxels; default 1
	Pad      int    // zeros on each side of the volume, in voxels; default 0
	Same     bool   // in place of Pad: as many zeros as keep the size; stride 1 only
	Dilation int    // distance of neighbouring filter taps, in voxels; default 1
	Groups   int    // in how many parts channels are cut that do not see each other; default 1
	NoBias   bool   // leave out the bias
}

// NewConv3D returns a Conv3D whose parameters are drawn evenly from ±1/√(In/Groups·T·R·S), as PyTorch does.
// It panics if a field is out of range.
func NewConv3D(rng *rand.Rand, c Conv3DConfig) *Conv3D {
	mustSame("NewConv3D", c.Same, c.Stride, c.Pad)
	l := &Conv3D{Same: c.Same, Options: autograd.Conv3DOptions{
		Stride: cube(c.Stride), Pad: cube(c.Pad), Dilation: cube(c.Dilation), Groups: c.Groups}}
	l.Weight, l.Bias = filters("NewConv3D", rng, c.In, c.Out, c.Groups, c.NoBias, c.Kernel[:]...)
	return l
}

// Forward returns w ⋆ x + b.
func (l *Conv3D) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	if l.Same {
		dilation := l.Options.Dilation
		x = autograd.PadSame(x, l.Weight.Value().Shape()[2:], dilation[:])
	}
	return autograd.Conv3D(x, t.Use(l.Weight), useOrNil(t, l.Bias), l.Options)
}

// cube returns v for depth, height and width.
func cube(v int) [3]int { return [3]int{v, v, v} }
