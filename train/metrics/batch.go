package metrics

import (
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/tensor"
)

// batch reads outputs and labels of a classifier as rows: one for each label, with the scores of the classes. It keeps its
// memory from batch to batch.
type batch struct {
	name string
	Options

	rows, classes int // classes is 1 for a yes-or-no question
	step, block   int // score c of row r is at r/step·block + r%step + c·step
	f32           []float32
	f64           []float64 // of these two the one that is not nil holds the scores
	soft          []float64 // a target of class probabilities, laid out as the scores are; else nil
	labels        []int64   // one for each row; -1 for all that do not count
	scores        []float64 // the row that was read last
	goal          []float64 // a target of floats as it came, memory for soft
	floatGoal     bool      // the target was of floats
}

// read takes a batch. It fails if shapes do not fit, or a label is out of range.
func (b *batch) read(output, target *tensor.Tensor) error {
	if err := b.readScores(output); err != nil {
		return err
	}
	if err := b.readShape(output, target); err != nil {
		return err
	}
	return b.readLabels(target)
}

// readScores takes the outputs as they lie in memory.
func (b *batch) readScores(output *tensor.Tensor) error {
	if output == nil {
		return fmt.Errorf("metrics: %s: the output is nil", b.name)
	}
	switch output.DType() {
	case tensor.Float16, tensor.BFloat16:
		output = output.Cast(tensor.Float32)
	case tensor.Float32, tensor.Float64:
	default:
		return fmt.Errorf("metrics: %s: the output is %v, want float32 or float64", b.name, output.DType())
	}
	b.f32, b.f64 = nil, nil
	if output = output.Contiguous(); output.DType() == tensor.Float32 {
		b.f32 = tensor.Data[float32](output)
	} else {
		b.f64 = tensor.Data[float64](output)
	}
	return nil
}

// readShape finds the rows and classes of an output, and whether the target fits.
func (b *batch) readShape(output, target *tensor.Tensor) error {
	if target == nil {
		return fmt.Errorf("metrics: %s: the target is nil: has the data labels?", b.name)
	}
	shape, labels := output.Shape(), target.Shape()
	axis := 1
	switch {
	case len(shape) == 0:
		return fmt.Errorf("metrics: %s: the output is a scalar, want [N], [N, C] or [N, C, ...]", b.name)
	case b.ClassesLast || len(shape) == 1:
		axis = len(shape) - 1
	}
	b.classes = shape[axis]
	if len(shape) == 1 {
		b.classes = 1
	}
	if b.classes == 0 {
		return fmt.Errorf("metrics: %s: the output %v has no classes", b.name, shape)
	}
	b.rows = output.Len() / b.classes
	b.step = 1
	if !b.ClassesLast {
		for _, s := range shape[min(2, len(shape)):] {
			b.step *= s
		}
	}
	b.block = b.step * b.classes
	soft := isFloat(target)
	switch {
	case slices.Equal(labels, shape) && (b.classes == 1 || soft):
	case len(shape) > 1 && sameBut(labels, shape, axis) && !(soft && b.classes > 1):
	case b.classes == 1 && len(labels) > 0 && target.Len() == output.Len() && len(labels) <= 2 && labels[0] == shape[0]:
	case soft && b.classes > 1:
		return fmt.Errorf("metrics: %s: output %v and a %v target %v: want labels, or class probabilities of the output's "+
			"shape", b.name, slices.Clone(shape), target.DType(), slices.Clone(labels))
	case len(shape) > 2 && !b.ClassesLast && sameBut(labels, shape, len(shape)-1):
		return fmt.Errorf("metrics: %s: output %v and labels %v: are the classes the last axis? set ClassesLast", b.name,
			slices.Clone(shape), slices.Clone(labels))
	default:
		return fmt.Errorf("metrics: %s: output %v and labels %v: want [N, C, ...] and [N, ...]", b.name,
			slices.Clone(shape), slices.Clone(labels))
	}
	return nil
}

// sameBut reports whether labels is shape without an axis.
func sameBut(labels, shape []int, axis int) bool {
	return len(labels) == len(shape)-1 && slices.Equal(labels[:axis], shape[:axis]) &&
		slices.Equal(labels[axis:], shape[axis+1:])
}

func isFloat(t *tensor.Tensor) bool { return t.DType().IsFloat() }

// readLabels takes the labels of all rows.
func (b *batch) readLabels(target *tensor.Tensor) error {
	b.labels = slices.Grow(b.labels[:0], b.rows)[:b.rows]
	b.soft, b.floatGoal = nil, isFloat(target)
	if isFloat(target) {
		return b.readGoal(target)
	}
	target = target.Contiguous()
	switch target.DType() {
	case tensor.Int64:
		copy(b.labels, tensor.Data[int64](target))
	case tensor.Int32:
		convert(b.labels, tensor.Data[int32](target))
	case tensor.Uint8:
		convert(b.labels, tensor.Data[uint8](target))
	case tensor.Int8:
		convert(b.labels, tensor.Data[int8](target))
	case tensor.Bool:
		for i, yes := range tensor.Data[bool](target) {
			b.labels[i] = 0
			if yes {
				b.labels[i] = 1
			}
		}
	}
	most := int64(max(b.classes, 2))
	for r, label := range b.labels {
		switch {
		case b.ignores(label):
			b.labels[r] = -1
		case label >= most:
			return fmt.Errorf("metrics: %s: label %d of row %d is out of range [0, %d)", b.name, label, r, most)
		}
	}
	return nil
}

func convert[D, S int64 | int32 | uint8 | int8 | float32 | float64](dst []D, src []S) {
	for i, v := range src {
		dst[i] = D(v)
	}
}

// readGoal takes labels that are floats.
func (b *batch) readGoal(target *tensor.Tensor) error {
	b.goal = floats(b.goal, target)
	for i, v := range b.goal {
		if v != v {
			return fmt.Errorf("metrics: %s: target %d is NaN", b.name, i)
		}
		if b.classes > 1 && (v < 0 || v > 1) {
			return fmt.Errorf("metrics: %s: target %d is %v, want a class probability from 0 to 1", b.name, i, v)
		}
	}
	if b.classes == 1 {
		for r, v := range b.goal {
			b.labels[r] = 0
			if v > 0.5 {
				b.labels[r] = 1
			}
			if b.ignores(b.labels[r]) {
				b.labels[r] = -1
			}
		}
		return nil
	}
	b.soft = b.goal
	b.scores = slices.Grow(b.scores[:0], b.classes)[:b.classes]
	for r := range b.labels {
		for c := range b.scores {
			b.scores[c] = b.soft[b.place(r)+c*b.step]
		}
		if b.labels[r] = int64(argMax(b.scores)); b.ignores(b.labels[r]) {
			b.labels[r] = -1
		}
	}
	return nil
}

// place is where row r's first score lies.
func (b *batch) place(r int) int { return r/b.step*b.block + r%b.step }

// row returns the scores of row r, until the next call.
func (b *batch) row(r int) ([]float64, error) {
	b.scores = slices.Grow(b.scores[:0], b.classes)[:b.classes]
	at := b.place(r)
	switch {
	case b.f64 != nil:
		for c := range b.scores {
			b.scores[c] = b.f64[at+c*b.step]
		}
	case b.step == 1:
		for c, v := range b.f32[at : at+b.classes] {
			b.scores[c] = float64(v)
		}
	default:
		for c := range b.scores {
			b.scores[c] = float64(b.f32[at+c*b.step])
		}
	}
	for c, v := range b.scores {
		if v != v {
			return nil, fmt.Errorf("metrics: %s: score %d of row %d is NaN", b.name, c, r)
		}
	}
	return b.scores, nil
}

// predicted returns the class of a row of scores: of one score, whether it says yes.
func (b *batch) predicted(scores []float64) int {
	if len(scores) > 1 {
		return argMax(scores)
	}
	if b.yes(scores[0]) {
		return 1
	}
	return 0
}

// yes reports whether a score by itself says yes.
func (b *batch) yes(score float64) bool {
	if b.Probabilities {
		return score > 0.5
	}
	return score > 0
}

// argMax returns the place of the largest number, the first of equal ones.
func argMax(x []float64) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}

// classesOf is the number of classes that a batch tells apart: 2 for a yes-or-no question.
func (b *batch) classesOf() int { return max(b.classes, 2) }

// floats reads any tensor of numbers into dst, which it grows.
func floats(dst []float64, t *tensor.Tensor) []float64 {
	switch t.DType() {
	case tensor.Float16, tensor.BFloat16:
		t = t.Cast(tensor.Float32)
	case tensor.Bool:
		t = t.Cast(tensor.Uint8)
	}
	t = t.Contiguous()
	dst = slices.Grow(dst[:0], t.Len())[:t.Len()]
	switch t.DType() {
	case tensor.Float32:
		convert(dst, tensor.Data[float32](t))
	case tensor.Float64:
		copy(dst, tensor.Data[float64](t))
	case tensor.Int64:
		convert(dst, tensor.Data[int64](t))
	case tensor.Int32:
		convert(dst, tensor.Data[int32](t))
	case tensor.Uint8:
		convert(dst, tensor.Data[uint8](t))
	case tensor.Int8:
		convert(dst, tensor.Data[int8](t))
	}
	return dst
}
