package layers

import (
	"fmt"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/internal/option"
	"github.com/tutti-ml/tutti/tensor"
)

// BatchNorm normalises each channel over the batch and all positions, y = (x − mean)/√(var + Eps)·Weight + Bias. PyTorch's
// BatchNorm1d, 2d and 3d are this one layer; the number of axes may be any.
//
//	x [N, C, ...]   Weight, Bias, RunningMean, RunningVar [C]   y as x
//
// On a training tape mean and var are the batch's own, and the running ones follow them; on an infer tape they are the
// running ones. A batch without samples changes nothing. Source: Ioffe and Szegedy, arXiv:1502.03167.
//
// Replicas that share the layer each normalise with the statistics of their own part of the batch. Used on tapes by hand,
// each moves the running statistics when its forward pass gets there, one at a time; train.Run collects what the partitions saw
// and averages it in their order once a step, so that the running statistics are a function of the partitions alone.
type BatchNorm struct {
	Weight, Bias *autograd.Param // both nil: neither scaled nor shifted
	// RunningMean and RunningVar, if both are set to nil, are not kept: infer tapes normalise by the batch's own
	// statistics too, as PyTorch does with track_running_stats=False.
	RunningMean, RunningVar *autograd.Buffer
	NumBatchesTracked       *autograd.Buffer // Int64 scalar; may be nil, unless Momentum is 0

	Eps float64 // added to the variance
	// Momentum is the share of the newest batch in the running statistics; 0 averages over all batches alike, Zero keeps them
	// as they are.
	Momentum float64
	// Fixed takes the running statistics on training tapes too, and leaves them alone, as PyTorch's eval() of this
	// layer: for fine-tuning. FreezeStatistics sets it for all batch norms of a model.
	Fixed bool
	// Sync, if not nil, lets replicas that run at the same time normalise over all their samples together. See autograd.StatSync.
	// Default: the tape's, which train.Config.SyncBatchNorm sets.
	Sync autograd.StatSync
}

// NewBatchNorm returns a BatchNorm as PyTorch makes it: gain 1, bias 0, Eps 1e-5, Momentum 0.1, running mean 0 and variance 1.
func NewBatchNorm(channels int) *BatchNorm {
	positive("NewBatchNorm", "channels", channels)
	return &BatchNorm{
		Weight: newParam(nil, Ones, channels), Bias: newParam(nil, Zeros, channels),
		RunningMean:       autograd.NewBuffer(tensor.New(tensor.Float32, channels)),
		RunningVar:        autograd.NewBuffer(ones(channels)),
		NumBatchesTracked: autograd.NewBuffer(tensor.New(tensor.Int64)),
		Eps:               1e-5, Momentum: 0.1,
	}
}

func ones(n int) *tensor.Tensor {
	x := tensor.New(tensor.Float32, n)
	x.Fill(1)
	return x
}

// Forward returns x normalised.
func (l *BatchNorm) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	tracked := l.RunningMean != nil
	switch {
	case tracked != (l.RunningVar != nil):
		panic("layers: BatchNorm: one of RunningMean and RunningVar is nil: want both or neither")
	case tracked && (x.Rank() < 2 || x.Dim(1) != l.RunningMean.Value().Len()):
		panic(fmt.Sprintf("layers: BatchNorm: x %v, want [N, %d, ...]", x.Shape(), l.RunningMean.Value().Len()))
	case l.Fixed && !tracked:
		panic("layers: BatchNorm: Fixed without running statistics")
	case tracked && l.Momentum == 0 && l.NumBatchesTracked == nil:
		panic("layers: BatchNorm: Momentum = 0 averages over all batches, and NumBatchesTracked, which counts " +
			"them, is nil")
	}
	o := &autograd.BatchNormOptions{Eps: l.Eps, Mean: l.RunningMean, Var: l.RunningVar, Sync: l.Sync}
	o.Rate = option.Float(l.Momentum, 0)
	if o.Sync == nil {
		o.Sync = t.StatSync()
	}
	o.Running = tracked && (l.Fixed || !t.Training())
	if tracked && !o.Running && x.Len() > 0 {
		if l.Momentum == 0 {
			o.Rate = 1 / float64(l.NumBatchesTracked.Count()+1)
		}
		if l.NumBatchesTracked != nil {
			t.Observe(l.NumBatchesTracked, 1, nil)
		}
	}
	return autograd.BatchNorm(x, useOrNil(t, l.Weight), useOrNil(t, l.Bias), o)
}
