package models

import (
	"math"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// What the convolutional networks of this package have in common.

// convolution returns a convolution without bias, as goes before a BatchNorm, drawn by Kaiming's rule for gradients, as
// torchvision does.
func convolution(rng *rand.Rand, in, out, kernel, stride, groups int) *layers.Conv2D {
	return filters(rng, layers.ScaledNormal(layers.FanOut, layers.GainReLU), in, out, kernel, stride, groups)
}

// filters returns a convolution without bias whose filters are drawn by init. Its border keeps the size of the images, but for the
// stride.
func filters(rng *rand.Rand, init layers.Init, in, out, kernel, stride, groups int) *layers.Conv2D {
	w := tensor.New(tensor.Float32, out, in/groups, kernel, kernel)
	init(rng, w)
	pad := (kernel - 1) / 2
	return &layers.Conv2D{Weight: autograd.NewParam(w), Options: autograd.Conv2DOptions{
		StrideH: stride, StrideW: stride, PadH: pad, PadW: pad, Groups: groups,
	}}
}

// globalMean is the mean of each channel: x [N, C, H, W] becomes [N, C].
func globalMean(x *autograd.Var) *autograd.Var { return autograd.Mean(x, 2, 3) }

// maxPoolCeil is max-pooling whose last window may reach past the image, by PyTorch's ceil_mode; a window never begins there.
func maxPoolCeil(x *autograd.Var, kernel, stride int) *autograd.Var {
	grow := func(size int) int { // rows or columns short of a whole number of windows
		if rest := (size - kernel) % stride; size > kernel && rest > 0 && rest+kernel > stride {
			return stride - rest
		}
		return max(0, kernel-size)
	}
	if h, w := grow(x.Dim(2)), grow(x.Dim(3)); h > 0 || w > 0 {
		x = autograd.Pad(x, math.Inf(-1), 0, w, 0, h)
	}
	return autograd.MaxPool2D(x, autograd.Pool2DOptions{R: kernel, S: kernel, StrideH: stride, StrideW: stride})
}
