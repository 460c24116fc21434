package layers

import (
	"fmt"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/internal/option"
	"github.com/tutti-ml/tutti/tensor"
)

// InstanceNorm normalises each channel of each sample over its positions, in training and in use alike. PyTorch's
// InstanceNorm1d, 2d and 3d are this one layer.
//
//	x [N, C, ...]   Weight, Bias [C] or nil   RunningMean, RunningVar [C] or nil   y as x
//
// With running statistics (see Track) a training tape still normalises by each sample's own, and moves the running ones towards
// their mean over the samples; an infer tape normalises by the running ones.
// Source: Ulyanov, Vedaldi and Lempitsky, arXiv:1607.08022.
type InstanceNorm struct {
	Weight, Bias *autograd.Param // as NewInstanceNorm leaves them nil: neither scaled nor shifted
	// RunningMean and RunningVar are nil unless Track has made them; NumBatchesTracked, an Int64 scalar, stays 0, as in PyTorch.
	RunningMean, RunningVar *autograd.Buffer
	NumBatchesTracked       *autograd.Buffer

	Eps      float64
	Momentum float64 // the share of the newest batch in the running statistics; 0 means 0.1
}

// NewInstanceNorm returns an InstanceNorm with Eps 1e-5; if affine, with gain 1 and bias 0, else with neither.
func NewInstanceNorm(channels int, affine bool) *InstanceNorm {
	positive("NewInstanceNorm", "channels", channels)
	l := &InstanceNorm{Eps: 1e-5}
	if affine {
		l.Weight, l.Bias = newParam(nil, Ones, channels), newParam(nil, Zeros, channels)
	}
	return l
}

// Track makes l keep running statistics of so many channels, as PyTorch does with track_running_stats. It returns l.
func (l *InstanceNorm) Track(channels int) *InstanceNorm {
	positive("InstanceNorm.Track", "channels", channels)
	l.RunningMean, l.RunningVar = autograd.NewBuffer(tensor.New(tensor.Float32, channels)), autograd.NewBuffer(ones(channels))
	l.NumBatchesTracked = autograd.NewBuffer(tensor.New(tensor.Int64))
	return l
}

// Forward returns x normalised.
func (l *InstanceNorm) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	if x.Rank() < 2 {
		panic(fmt.Sprintf("layers: InstanceNorm: x %v, want [N, C, ...]", x.Shape()))
	}
	gain, bias := useOrNil(t, l.Weight), useOrNil(t, l.Bias)
	switch {
	case l.RunningMean == nil:
	case x.Dim(1) != l.RunningMean.Value().Len():
		panic(fmt.Sprintf("layers: InstanceNorm: x %v, want [N, %d, ...]", x.Shape(), l.RunningMean.Value().Len()))
	case !t.Training():
		return autograd.BatchNorm(x, gain, bias, &autograd.BatchNormOptions{Eps: l.Eps, Running: true, Mean: l.RunningMean, Var: l.RunningVar})
	case x.Len() > 0:
		l.observe(t, autograd.Detach(x))
	}
	return autograd.GroupNorm(x, gain, bias, x.Dim(1), l.Eps)
}

// observe reports the samples' means and unbiased variances, averaged over the samples.
func (l *InstanceNorm) observe(t *autograd.Tape, x *autograd.Var) {
	positions := x.Len() / (x.Dim(0) * x.Dim(1))
	x = autograd.Reshape(x, x.Dim(0), x.Dim(1), positions)
	rate := option.Float(l.Momentum, 0.1)
	t.Observe(l.RunningMean, rate, autograd.Mean(x, 0, 2).Value())
	unbiased := autograd.Scale(autograd.VariancePop(x, 2), float64(positions)/float64(max(positions-1, 1)))
	t.Observe(l.RunningVar, rate, autograd.Mean(unbiased, 0).Value())
}
