package layers

import "github.com/tutti-ml/tutti/autograd"

// Layers that disturb what goes through them while training, and leave it alone otherwise.

// Dropout sets each element to zero with probability P while training and multiplies the others by 1/(1−P); otherwise it
// does nothing (see autograd.Dropout).
type Dropout struct {
	P float64 // 0 to 1; 0.5 is usual before wide linear layers, 0.1 in transformers
}

// Forward returns x with elements dropped, if t trains.
func (l Dropout) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Dropout(x, l.P)
}

// ChannelDropout is Dropout of whole channels, PyTorch's Dropout1d, 2d and 3d (see autograd.ChannelDropout).
//
//	x [N, C, ...]   y as x
type ChannelDropout struct {
	P float64 // 0 to 1; 0.1 to 0.3 is usual between convolutions
}

// Forward returns x with channels dropped, if t trains.
func (l ChannelDropout) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.ChannelDropout(x, l.P)
}

// AlphaDropout is Dropout for nets of SELU, whose mean and variance it keeps (see autograd.AlphaDropout).
type AlphaDropout struct {
	P float64 // 0 to 1; 0.05 to 0.1 is usual
}

// Forward returns x with elements dropped, if t trains.
func (l AlphaDropout) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.AlphaDropout(x, l.P)
}

// GaussianDropout multiplies by normal noise of mean 1 and variance P/(1−P) (see autograd.GaussianDropout).
type GaussianDropout struct {
	P float64 // 0 to below 1
}

// Forward returns x with noise, if t trains.
func (l GaussianDropout) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.GaussianDropout(x, l.P)
}

// GaussianNoise adds normal noise of mean 0 and standard deviation Std.
type GaussianNoise struct {
	Std float64 // in units of x
}

// Forward returns x with noise, if t trains.
func (l GaussianNoise) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.GaussianNoise(x, l.Std)
}
