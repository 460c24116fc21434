package layers

import (
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// CrossEntropy is the loss of classification: −log softmax(y)[label], averaged over the batch.
//
//	y [N, C] or [N, C, ...] logits
//	target [N] or [N, ...] Int64 or Int32 labels from 0, or class probabilities of y's shape and dtype
//
// The mean is weighted: with labels, the sum of the losses is divided by the sum of the labels' weights.
type CrossEntropy struct {
	Weight         *tensor.Tensor // [C], of each class; nil means 1
	LabelSmoothing float64        // 0 to 1: this share of each label is spread over all classes. Source: Szegedy et al., arXiv:1512.00567
	Ignore         []int64        // labels that do not count, such as −100, where PyTorch has its ignore_index by default, or a padding's
	Reduction      Reduction
}

// Loss returns the cross-entropy. It panics with an *autograd.LabelError if a label is out of range.
func (l CrossEntropy) Loss(t *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	if !(l.LabelSmoothing >= 0 && l.LabelSmoothing <= 1) {
		panic(fmt.Sprintf("layers: CrossEntropy: LabelSmoothing = %v, want 0 to 1", l.LabelSmoothing))
	}
	mustHaveTarget("CrossEntropy", target)
	plain := l.Weight == nil && l.LabelSmoothing == 0 && l.Ignore == nil && l.Reduction == MeanReduction
	if plain && y.Rank() == 2 && areLabels(target) {
		return autograd.SoftmaxCrossEntropy(y, target)
	}
	rows := classesLast(y)
	if !areLabels(target) {
		return l.ofProbabilities(t, y, rows, target)
	}
	labels := rowLabels(t, "layers: CrossEntropy", y, target)
	var losses *autograd.Var
	if l.LabelSmoothing == 0 {
		losses = autograd.NLL(autograd.LogSoftmax(rows), labels, l.Weight, l.Ignore)
	} else {
		a := smoothLabels(labels, rows.Dim(1), l)
		losses = autograd.SoftCrossEntropy(rows, a.Cast(y.DType()))
	}
	return l.Reduction.over(likeLabels(losses, target), labelWeight(labels, l.Weight, l.Ignore))
}

// Weigh returns what gives the sum of the labels' weights, or nil if every label counts 1. It implements [Weigher].
func (l CrossEntropy) Weigh() func(target *tensor.Tensor) float64 {
	if l.Reduction != MeanReduction {
		return nil
	}
	of := weighLabels(l.Weight, l.Ignore)
	if of == nil {
		return nil
	}
	return func(target *tensor.Tensor) float64 {
		if areLabels(target) {
			return of(target)
		}
		return float64(target.Len() / max(target.Dim(1), 1)) // class probabilities: their rows
	}
}

// ofProbabilities is Loss for a target of class probabilities. The mean is over the rows, whatever their weights.
func (l CrossEntropy) ofProbabilities(t *autograd.Tape, y, rows *autograd.Var, target *tensor.Tensor) *autograd.Var {
	if d := target.DType(); haveLabelsShape(y, target) || d != tensor.Float32 && d != tensor.Float64 {
		panic(fmt.Sprintf("layers: CrossEntropy: labels are %v, want int64 or int32: take target.Cast(tensor.Int64)", d))
	}
	if !slices.Equal(target.Shape(), y.Shape()) {
		panic(fmt.Sprintf("layers: CrossEntropy: logits %v and target %v: want labels [N, ...], int64, or class "+
			"probabilities of the logits' shape", y.Shape(), target.Shape()))
	}
	if target.DType() != y.DType() {
		panic(fmt.Sprintf("layers: CrossEntropy: logits are %v, class probabilities %v: take target.Cast(y.DType())",
			y.DType(), target.DType()))
	}
	a := classesLast(t.Const(target))
	if c := float64(y.Dim(1)); l.LabelSmoothing > 0 {
		even := tensor.New(y.DType(), 1)
		even.Fill(l.LabelSmoothing / c)
		a = autograd.Add(autograd.Scale(a, 1-l.LabelSmoothing), t.Const(even))
	}
	losses := autograd.SoftCrossEntropy(rows, weighted(t, a, l.Weight).Value())
	if l.Reduction == NoReduction && y.Rank() != 2 {
		losses = autograd.Reshape(losses, slices.Delete(slices.Clone(y.Shape()), 1, 2)...)
	}
	return l.Reduction.of(losses)
}

// smoothLabels returns what each class of each row weighs, as float64: (1−ε)·w[label] for the label, and ε/C·w for all.
func smoothLabels(labels *tensor.Tensor, classes int, l CrossEntropy) *tensor.Tensor {
	x := tensor.New(tensor.Float64, labels.Len(), classes)
	a, w := tensor.Data[float64](x), make([]float64, classes)
	for c := range w {
		w[c] = 1
	}
	if l.Weight != nil {
		mustBeWeights("CrossEntropy", l.Weight, classes)
		copy(w, tensor.Data[float64](l.Weight.Cast(tensor.Float64)))
	}
	for i, label := range tensor.Data[int64](labels) {
		if slices.Contains(l.Ignore, label) {
			continue
		}
		if label < 0 || label >= int64(classes) {
			panic(&autograd.LabelError{Op: "SoftCrossEntropy", Row: i, Label: label, Classes: classes})
		}
		row := a[i*classes : (i+1)*classes]
		for c := range row {
			row[c] = l.LabelSmoothing / float64(classes) * w[c]
		}
		row[label] += (1 - l.LabelSmoothing) * w[label]
	}
	return x
}

// NLL is CrossEntropy for logarithms of probabilities, as LogSoftmax returns them.
//
//	y [N, C] or [N, C, ...]   target [N] or [N, ...] Int64 or Int32 labels from 0
type NLL struct {
	Weight    *tensor.Tensor // [C], of each class; nil means 1
	Ignore    []int64        // labels that do not count
	Reduction Reduction
}

// Loss returns −Weight[label]·y[label]. It panics with an *autograd.LabelError if a label is out of range.
func (l NLL) Loss(t *autograd.Tape, y *autograd.Var, target *tensor.Tensor) *autograd.Var {
	mustHaveTarget("NLL", target)
	labels := rowLabels(t, "layers: NLL", y, target)
	losses := autograd.NLL(classesLast(y), labels, l.Weight, l.Ignore)
	return l.Reduction.over(likeLabels(losses, target), labelWeight(labels, l.Weight, l.Ignore))
}

// Weigh returns what gives the sum of the labels' weights, or nil if every label counts 1. It implements [Weigher].
func (l NLL) Weigh() func(target *tensor.Tensor) float64 {
	if l.Reduction != MeanReduction {
		return nil
	}
	return weighLabels(l.Weight, l.Ignore)
}

// classesLast returns x [N, C, ...] as rows [N·..., C].
func classesLast(x *autograd.Var) *autograd.Var {
	if x.Rank() <= 2 {
		return x
	}
	n, c := x.Dim(0), x.Dim(1)
	rest := 1
	for _, s := range x.Shape()[2:] {
		rest *= s
	}
	return autograd.Reshape(autograd.Transpose(autograd.Reshape(x, n, c, rest), 1, 2), n*rest, c)
}

// areLabels reports whether a target is labels, not class probabilities.
func areLabels(target *tensor.Tensor) bool {
	return target.DType() == tensor.Int64 || target.DType() == tensor.Int32
}

// rowLabels returns the labels of y [N, C, ...] as contiguous Int64 [N·...].
func rowLabels(t *autograd.Tape, loss string, y *autograd.Var, labels *tensor.Tensor) *tensor.Tensor {
	labels = t.Integers(loss, "labels", labels)
	switch {
	case haveLabelsShape(y, labels):
	case y.Rank() >= 2 && labels.Len()*y.Dim(1) == y.Len():
		panic(fmt.Sprintf("%s: y %v and labels %v: reshape the labels to %v", loss, y.Shape(), labels.Shape(),
			slices.Delete(slices.Clone(y.Shape()), 1, 2)))
	default:
		panic(fmt.Sprintf("%s: y %v and labels %v: want [N, C, ...] and [N, ...]", loss, y.Shape(), labels.Shape()))
	}
	if labels.Rank() == 1 {
		return labels
	}
	return labels.Reshape(labels.Len())
}

// haveLabelsShape reports whether target has the shape of labels of y [N, C, ...].
func haveLabelsShape(y *autograd.Var, target *tensor.Tensor) bool {
	return y.Rank() >= 2 && slices.Equal(target.Shape(), slices.Delete(slices.Clone(y.Shape()), 1, 2))
}

// likeLabels gives losses of rows the shape of the labels.
func likeLabels(losses *autograd.Var, labels *tensor.Tensor) *autograd.Var {
	if labels.Rank() == 1 {
		return losses
	}
	return autograd.Reshape(losses, labels.Shape()...)
}

// labelWeight returns the sum of the weights of labels, contiguous Int64.
func labelWeight(labels, w *tensor.Tensor, ignore []int64) float64 {
	if w != nil {
		w = w.Cast(tensor.Float64)
	}
	sum := 0.0
	for _, label := range tensor.Data[int64](labels) {
		switch {
		case slices.Contains(ignore, label):
		case w == nil:
			sum++
		default:
			sum += tensor.Data[float64](w)[label]
		}
	}
	return sum
}

// weighLabels returns what gives the sum of the labels' weights, or nil if each is 1.
func weighLabels(w *tensor.Tensor, ignore []int64) func(labels *tensor.Tensor) float64 {
	if w == nil && len(ignore) == 0 {
		return nil
	}
	return func(labels *tensor.Tensor) float64 {
		if labels.DType() == tensor.Int32 {
			labels = labels.Cast(tensor.Int64)
		}
		return labelWeight(labels.Contiguous(), w, ignore)
	}
}

func mustBeWeights(loss string, w *tensor.Tensor, classes int) {
	if w.Rank() != 1 || w.Dim(0) != classes {
		panic(fmt.Sprintf("layers: %s: weights %v of %d classes: want [%d]", loss, w.Shape(), classes, classes))
	}
}
