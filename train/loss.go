package train

import (
	"reflect"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// An objective is what a run minimises: the loss of a partition, and how the losses of partitions make that of the
// batch.
//
// The loss of a partition is S/w for a sum S over its samples and their weight w. The batch's is ΣS/Σw, so each
// partition counts w/Σw. Where w is the number of samples, Σw is known before the step. Else the sums of the step
// carry it, in terms of the number n of samples: a partition's loss and gradient count w/n at first, and the whole is
// multiplied by n/Σw when the step is taken.
type objective struct {
	loss  func(t *autograd.Tape, b *dataset.Batch) (loss, output *autograd.Var)
	weigh func(b *dataset.Batch) float64 // nil: their number
	sum   bool                           // the loss is a sum: all partitions count 1, and nothing is divided
	yes   *float64                       // the output from which on it is a yes, of a loss of one yes-or-no question
}

// newObjective makes the objective of a model whose parameters are of that dtype: floating-point columns of a batch are
// cast to it.
func newObjective(c Config, dtype tensor.DType) objective {
	if c.LossFunc != nil {
		return objective{
			loss: func(t *autograd.Tape, b *dataset.Batch) (*autograd.Var, *autograd.Var) {
				return c.LossFunc(t, b),
					nil
			},
			weigh: c.LossWeight,
		}
	}
	o := objective{
		loss: func(t *autograd.Tape, b *dataset.Batch) (*autograd.Var, *autograd.Var) {
			output := layers.Apply(t, c.Model, b, b.X, dtype)
			return c.Loss.Loss(t, output, castTo(b.Y, dtype)), output
		},
		sum: reductionOf(c.Loss) == layers.SumReduction,
	}
	if w, ok := c.Loss.(layers.Weigher); ok && !o.sum {
		if of := w.Weigh(); of != nil {
			o.weigh = func(b *dataset.Batch) float64 { return of(b.Y) }
		}
	}
	if t, ok := c.Loss.(layers.Decider); ok {
		o.yes = new(t.Yes())
	}
	return o
}

// weight is that of a batch of n samples or a part of it, of which weighed is the sum of what weigh gives: what the
// mean is over.
func (o objective) weight(n int, weighed float64) float64 {
	switch {
	case o.sum:
		return 1
	case o.weigh != nil:
		return weighed
	}
	return float64(n)
}

// reductionOf gives the field Reduction of a loss, if it has one of the type that those of package layers have; else
// a mean.
func reductionOf(l layers.Loss) layers.Reduction {
	if k, ok := l.(layers.KLDiv); ok && k.BatchMean {
		return layers.MeanReduction
	}
	v := reflect.Indirect(reflect.ValueOf(l))
	if v.Kind() != reflect.Struct {
		return layers.MeanReduction
	}
	if f := v.FieldByName("Reduction"); f.IsValid() && f.Type() == reflect.TypeFor[layers.Reduction]() {
		return layers.Reduction(f.Int())
	}
	return layers.MeanReduction
}

// correct counts the samples whose largest output [N, C] is at their label, or, of a yes-or-no question, whose output
// [N] or [N, 1] is on the target's side of yes; and those whose label is of no class. 0 where targets are neither.
func (o objective) correct(output, target *tensor.Tensor) (hits, ignored int) {
	if target == nil || !floating(output) {
		return 0, 0
	}
	if o.yes != nil && floating(target) && output.Len() == target.Len() {
		if target = castTo(target, output.DType()); output.DType() == tensor.Float64 {
			return decided[float64](output, target, *o.yes), 0
		}
		return decided[float32](output, target, *o.yes), 0
	}
	return correct(output, target)
}

// decided counts the elements of output that are on the target's side of yes.
func decided[T float](output, target *tensor.Tensor, yes float64) (hits int) {
	goal := tensor.Data[T](target)
	for i, y := range tensor.Data[T](output) {
		if (float64(y) > yes) == (goal[i] > 0.5) {
			hits++
		}
	}
	return hits
}

func floating(x *tensor.Tensor) bool {
	return x.DType() == tensor.Float32 || x.DType() == tensor.Float64
}

// castTo gives x in that floating-point dtype, where it is in another.
func castTo(x *tensor.Tensor, dtype tensor.DType) *tensor.Tensor {
	if x == nil || !floating(x) || x.DType() == dtype {
		return x
	}
	return x.Cast(dtype)
}

// labelled says whether a run's outputs are right or wrong about the samples of spec.
func (o objective) labelled(c Config, spec dataset.Spec) bool {
	if c.LossFunc != nil || len(c.Phases) > 0 {
		return false
	}
	if spec.Classes() > 0 {
		return true
	}
	one := 1
	target, ok := spec.Output()
	for _, d := range target.Shape {
		one *= d
	}
	return ok && o.yes != nil && one == 1
}
