package metrics

import (
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/tensor"
)

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
