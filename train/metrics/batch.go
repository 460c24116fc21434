package metrics

import (
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// batch reads outputs and labels of a classifier as rows: one for each label, with the scores of the classes. It
// keeps its memory from batch to batch.
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
		return fmt.Errorf("metrics: %s: output %v and a %v target %v: want labels, or class probabilities of the "+
			"output's shape", b.name, slices.Clone(shape), target.DType(), slices.Clone(labels))
	case len(shape) > 2 && !b.ClassesLast && sameBut(labels, shape, len(shape)-1):
		return fmt.Errorf("metrics: %s: output %v and labels %v: are the classes the last axis? set ClassesLast",
			b.name,
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

// said returns the class that row r predicts: of one score, whether it says yes.
func (b *batch) said(r int) (int, error) {
	if b.step == 1 && b.classes > 1 {
		at := b.place(r)
		var best int
		var nan bool
		if b.f64 != nil {
			best, nan = largest(b.f64[at : at+b.classes])
		} else {
			best, nan = largest(b.f32[at : at+b.classes])
		}
		if !nan {
			return best, nil
		}
	}
	scores, err := b.row(r)
	switch {
	case err != nil:
		return 0, err
	case len(scores) > 1:
		return argMax(scores), nil
	case b.yes(scores[0]):
		return 1, nil
	}
	return 0, nil
}

// largest returns the place of the largest number, the first of equal ones, and whether there is a NaN.
func largest[T float32 | float64](x []T) (at int, nan bool) {
	if len(x) > 32 { // a kernel pays
		at = vec.ArgMax(x)
		return at, x[at] != x[at]
	}
	best := x[0]
	for i, v := range x {
		if v > best {
			best, at = v, i
		}
		if v != v {
			nan = true
		}
	}
	return at, nan
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
	at, _ := largest(x)
	return at
}

// classesOf is the number of classes that a batch tells apart: 2 for a yes-or-no question.
func (b *batch) classesOf() int { return max(b.classes, 2) }
