package metrics

import (
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/tensor"
)

// readColumns takes a batch in which each of C columns is a yes-or-no question: output and target are [N, C] or [N,
// C, ...]. A target is a yes above ½. One of integers that is negative or ignored does not count.
func (b *batch) readColumns(output, target *tensor.Tensor) error {
	if err := b.readScores(output); err != nil {
		return err
	}
	switch {
	case target == nil:
		return fmt.Errorf("metrics: %s: the target is nil: has the data labels?", b.name)
	case output.Rank() < 2 || !output.SameShape(target):
		return fmt.Errorf("metrics: %s: output %v and target %v: several labels a sample want one shape [N, C]", b.name,
			slices.Clone(output.Shape()), slices.Clone(target.Shape()))
	}
	axis := 1
	if b.ClassesLast {
		axis = output.Rank() - 1
	}
	b.classes, b.step = output.Dim(axis), 1
	if b.classes == 0 {
		return fmt.Errorf("metrics: %s: the output %v has no classes", b.name, slices.Clone(output.Shape()))
	}
	for _, s := range output.Shape()[axis+1:] {
		b.step *= s
	}
	b.rows, b.block = output.Len()/b.classes, b.step*b.classes
	b.goal = floats(b.goal, target)
	b.soft = b.goal
	whole := !isFloat(target)
	for i, v := range b.goal {
		switch {
		case v != v:
			return fmt.Errorf("metrics: %s: target %d is NaN", b.name, i)
		case whole && b.ignores(int64(v)):
			b.goal[i] = -1
		case whole && v > 1:
			return fmt.Errorf("metrics: %s: target %d is %v, want 0 or 1", b.name, i, v)
		case !whole && v < 0:
			b.goal[i] = 0
		}
	}
	return nil
}

// column returns the answer to question c of row r, and whether it does not count.
func (b *batch) column(r, c int) (yes, ignored bool) {
	v := b.soft[b.place(r)+c*b.step]
	return v > 0.5, v < 0
}
