package metrics

import (
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/tensor"
)

// ConfusionMatrix counts how often each class was taken for each. Its scalar is the accuracy; its parts are the
// counts that are not 0, "3 as 5" for a sample of class 3 that was predicted as 5. State: 2 + C² words.
type ConfusionMatrix struct{ Options }

// Name returns "confusion".
func (ConfusionMatrix) Name() string { return "confusion" }

// Better returns Higher.
func (ConfusionMatrix) Better() Direction { return Higher }

// New returns an empty accumulator, a *Confusion.
func (m ConfusionMatrix) New() Accumulator {
	return &Confusion{tally: tally{name: m.Name(), per: func(c int) int { return c * c }},
		in: batch{name: m.Name(), Options: m.Options}}
}

// Confusion is the accumulator of ConfusionMatrix.
type Confusion struct {
	tally
	in batch
}

// Add counts a batch.
func (a *Confusion) Add(output, target *tensor.Tensor) error {
	if err := a.in.read(output, target); err != nil {
		return err
	}
	classes := a.in.classesOf()
	if err := a.sized(classes); err != nil {
		return err
	}
	for r, label := range a.in.labels {
		if label < 0 {
			continue
		}
		said, err := a.in.said(r)
		if err != nil {
			return err
		}
		a.n[int(label)*classes+said]++
	}
	return nil
}

// Matrix returns the counts [C, C] as Int64: the row is the label, the column the prediction. Before any batch it is
// [0, 0].
func (a *Confusion) Matrix() *tensor.Tensor {
	return tensor.FromSlice(slices.Clone(a.n), a.classes, a.classes)
}

// Value returns the accuracy and the counts.
func (a *Confusion) Value() Value {
	var v Value
	var right, all int64
	for i, n := range a.n {
		if n == 0 {
			continue
		}
		label, said := i/a.classes, i%a.classes
		if all += n; label == said {
			right += n
		}
		v.Parts = append(v.Parts, Named{fmt.Sprintf("%d as %d", label, said), float64(n)})
	}
	v.Scalar = ratio(right, all)
	return v
}
