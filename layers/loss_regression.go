package layers

import (
	"math"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/internal/option"
	"github.com/tutti-ml/tutti/tensor"
)

// Losses of regression. The target has the result's shape and dtype; losses are those of elements.

// MSE is (y − target)².
type MSE struct{ Reduction Reduction }

// Loss returns the squared error.
func (l MSE) Loss(t *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	if l.Reduction == MeanReduction {
		return autograd.MSE(y, targetOf(t, "MSE", y, target))
	}
	d := difference(t, "MSE", y, target)
	return l.Reduction.of(autograd.Mul(d, d))
}

// L1 is |y − target|.
type L1 struct{ Reduction Reduction }

// Loss returns the absolute error.
func (l L1) Loss(t *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	return l.Reduction.of(autograd.SmoothL1(difference(t, "L1", y, target), 0))
}

// SmoothL1 is the squared error over 2·Beta where the error is below Beta, else the absolute error less Beta/2.
type SmoothL1 struct {
	Beta      float64 // > 0; default 1. For 0 take L1
	Reduction Reduction
}

// Loss returns the smoothed absolute error.
func (l SmoothL1) Loss(t *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	return l.Reduction.of(autograd.SmoothL1(difference(t, "SmoothL1", y, target), option.Float(l.Beta, 1)))
}

// Huber is half the squared error where the error is at most Delta, else Delta times the absolute error less Delta/2.
type Huber struct {
	Delta     float64 // > 0; default 1
	Reduction Reduction
}

// Loss returns Huber's loss.
func (l Huber) Loss(t *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	return l.Reduction.of(autograd.Huber(difference(t, "Huber", y, target), option.Float(l.Delta, 1)))
}

// PoissonNLL is the loss of counts: the negative log-likelihood of the target under a Poisson distribution whose rate has the
// logarithm y.
type PoissonNLL struct {
	Rates     bool    // y is the rate itself
	Full      bool    // add Stirling's approximation of log(target!) where the target is above 1
	Eps       float64 // added to a rate before its logarithm is taken; default 1e-8
	Reduction Reduction
}

// Loss returns the negative log-likelihood.
func (l PoissonNLL) Loss(t *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	var losses *autograd.Var
	goal := targetOf(t, "PoissonNLL", y, target)
	if l.Rates {
		losses = autograd.PoissonNLLOfRates(y, goal, option.Float(l.Eps, 1e-8))
	} else {
		losses = autograd.PoissonNLL(y, goal)
	}
	if l.Full {
		losses = autograd.Add(losses, t.Const(stirling(target)))
	}
	return l.Reduction.of(losses)
}

// stirling returns t·log t − t + ½·log(2πt) where t > 1, else zero.
func stirling(target *tensor.Tensor) *tensor.Tensor {
	x := target.Cast(tensor.Float64)
	for i, t := range tensor.Data[float64](x) {
		if t > 1 {
			t = t*math.Log(t) - t + math.Log(2*math.Pi*t)/2
		} else {
			t = 0
		}
		tensor.Data[float64](x)[i] = t
	}
	return x.Cast(target.DType())
}

// GaussianNLL is the loss of a model that also says how sure it is: the negative log-likelihood of the target under normal
// distributions of the given means and variances.
type GaussianNLL struct {
	Full      bool    // add the constant ½·log 2π
	Eps       float64 // > 0, the least variance; default 1e-6
	Reduction Reduction
}

// Loss returns ½·(log variance + (mean − target)²/variance). All three have one shape.
func (l GaussianNLL) Loss(t *autograd.Tape, mean, variance *autograd.Var, target *tensor.Tensor) *autograd.Var {
	losses := autograd.GaussianNLL(mean, targetOf(t, "GaussianNLL", mean, target), variance, option.Float(l.Eps, 1e-6))
	if l.Full {
		constant := tensor.New(mean.DType(), 1)
		constant.Fill(math.Log(2*math.Pi) / 2)
		losses = autograd.Add(losses, t.Const(constant))
	}
	return l.Reduction.of(losses)
}

// KLDiv is the Kullback–Leibler divergence: target·(log target − y), for logarithms y of the model's probabilities. Its mean
// over the elements is rarely what one wants: set BatchMean.
type KLDiv struct {
	LogTarget bool // the target is logarithms of probabilities too
	BatchMean bool // divide the sum by the batch, y's first axis, as the mathematics has it; Reduction is then not looked at
	Reduction Reduction
}

// Loss returns the divergence.
func (l KLDiv) Loss(t *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	divergence := autograd.KLDiv
	if l.LogTarget {
		divergence = autograd.KLDivLog
	}
	losses := divergence(y, targetOf(t, "KLDiv", y, target))
	if l.BatchMean {
		return MeanReduction.over(losses, float64(y.Dim(0)))
	}
	return l.Reduction.of(losses)
}

// difference returns y − target.
func difference(t *autograd.Tape, loss string, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	return autograd.Sub(y, targetOf(t, loss, y, target))
}
