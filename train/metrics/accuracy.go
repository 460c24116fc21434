package metrics

import (
	"fmt"

	"github.com/tutti-ml/tutti/tensor"
)

// Accuracy is the share of labels that are predicted, from 0 to 1. State: 4 words.
type Accuracy struct{ Options }

// Name returns "accuracy".
func (Accuracy) Name() string { return "accuracy" }

// Better returns Higher.
func (Accuracy) Better() Direction { return Higher }

// New returns an empty accumulator.
func (m Accuracy) New() Accumulator { return newHits(m.Name(), m.Options, 1) }

// TopK is the share of labels that are among the K classes of highest score. Equal scores are ranked from the first
// class on, so that TopK{K: 1} is Accuracy; scikit-learn's top_k_accuracy_score ranks them from the last. With K
// classes or fewer it is 1. State: 4 words.
type TopK struct {
	K int // 1 or more; 0 means 5
	Options
}

func (m TopK) k() int {
	if m.K == 0 {
		return 5
	}
	return m.K
}

// Name returns "top5" for K = 5.
func (m TopK) Name() string { return fmt.Sprintf("top%d", m.k()) }

// Better returns Higher.
func (TopK) Better() Direction { return Higher }

// New returns an empty accumulator. It panics if K < 0.
func (m TopK) New() Accumulator {
	if m.K < 0 {
		panic(fmt.Sprintf("metrics: TopK: K = %d, want 1 or more", m.K))
	}
	return newHits(m.Name(), m.Options, m.k())
}

// hits counts the labels among the first k, and all labels.
type hits struct {
	tally
	in batch
	k  int
}

func newHits(name string, o Options, k int) *hits {
	h := &hits{tally: tally{name: name, per: func(int) int { return 2 }}, in: batch{name: name, Options: o}, k: k}
	return h
}

// Add counts a batch.
func (h *hits) Add(output, target *tensor.Tensor) error {
	if err := h.in.read(output, target); err != nil {
		return err
	}
	if err := h.sized(h.in.classesOf()); err != nil {
		return err
	}
	for r, label := range h.in.labels {
		if label < 0 {
			continue
		}
		hit, err := h.in.within(r, int(label), h.k)
		if err != nil {
			return err
		}
		h.n[1]++
		if hit {
			h.n[0]++
		}
	}
	return nil
}

// within reports whether a label is among the k best of row r.
func (b *batch) within(r, label, k int) (bool, error) {
	if k == 1 {
		said, err := b.said(r)
		return said == label, err
	}
	scores, err := b.row(r)
	if err != nil || len(scores) == 1 {
		return true, err // of two answers both are among the first two
	}
	before := 0
	for c, s := range scores {
		if s > scores[label] || s == scores[label] && c < label {
			before++
		}
	}
	return before < k, nil
}

// Value returns the share of hits.
func (h *hits) Value() Value {
	if h.classes == 0 {
		return Value{Scalar: ratio(0, 0)}
	}
	return Value{Scalar: ratio(h.n[0], h.n[1])}
}
