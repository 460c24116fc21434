package layers

import "github.com/tutti-ml/tutti/autograd"

// Pooling to a given size, whatever the size of what comes in (see autograd.AdaptiveAvgPool2D).

// AdaptiveAvgPool1D is the mean of Out shares of signals: x [N, C, L] becomes [N, C, Out].
type AdaptiveAvgPool1D struct{ Out int }

// Forward returns the pooled signals.
func (l AdaptiveAvgPool1D) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.AdaptiveAvgPool1D(x, l.Out)
}

// AdaptiveAvgPool2D is the mean of H×W shares of images: x [N, C, ., .] becomes [N, C, H, W].
type AdaptiveAvgPool2D struct{ H, W int }

// Forward returns the pooled images.
func (l AdaptiveAvgPool2D) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.AdaptiveAvgPool2D(x, l.H, l.W)
}

// AdaptiveAvgPool3D is the mean of D×H×W shares of volumes: x [N, C, ., ., .] becomes [N, C, D, H, W].
type AdaptiveAvgPool3D struct{ D, H, W int }

// Forward returns the pooled volumes.
func (l AdaptiveAvgPool3D) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.AdaptiveAvgPool3D(x, l.D, l.H, l.W)
}

// AdaptiveMaxPool1D is the largest element of Out shares of signals: x [N, C, L] becomes [N, C, Out].
type AdaptiveMaxPool1D struct{ Out int }

// Forward returns the pooled signals.
func (l AdaptiveMaxPool1D) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.AdaptiveMaxPool1D(x, l.Out)
}

// AdaptiveMaxPool2D is the largest element of H×W shares of images: x [N, C, ., .] becomes [N, C, H, W].
type AdaptiveMaxPool2D struct{ H, W int }

// Forward returns the pooled images.
func (l AdaptiveMaxPool2D) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.AdaptiveMaxPool2D(x, l.H, l.W)
}

// AdaptiveMaxPool3D is the largest element of D×H×W shares of volumes: x [N, C, ., ., .] becomes [N, C, D, H, W].
type AdaptiveMaxPool3D struct{ D, H, W int }

// Forward returns the pooled volumes.
func (l AdaptiveMaxPool3D) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.AdaptiveMaxPool3D(x, l.D, l.H, l.W)
}

// GlobalAvgPool is the mean of every channel, of signals, images or volumes: x [N, C, ...] becomes [N, C].
type GlobalAvgPool struct{}

// Forward returns the means.
func (GlobalAvgPool) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Mean(channelRows(x), 2)
}

// GlobalMaxPool is the largest element of every channel, of signals, images or volumes: x [N, C, ...] becomes [N, C].
type GlobalMaxPool struct{}

// Forward returns the largest elements.
func (GlobalMaxPool) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Max(channelRows(x), 2)
}

// channelRows returns x [N, C, ...] as [N, C, elements of a channel].
func channelRows(x *autograd.Var) *autograd.Var {
	area := 1
	for _, d := range x.Shape()[2:] {
		area *= d
	}
	return autograd.Reshape(x, x.Dim(0), x.Dim(1), area)
}
