package metrics

import (
	"fmt"
	"math"
	"slices"

	"github.com/tutti-ml/tutti/tensor"
)

// curve is the scores of one question's samples, those whose answer is yes and those whose answer is no. In ascending
// order they are all that a curve over thresholds depends on.
type curve struct{ yes, no []float64 }

func (c *curve) add(score float64, yes bool) {
	if yes {
		c.yes = append(c.yes, score)
	} else {
		c.no = append(c.no, score)
	}
}

// curves is the accumulator of metrics over thresholds. It keeps every score, 8 bytes for each sample and class. As
// words: tag, the number of curves, for each of them how many yes and how many no, and then their scores' bits.
type curves struct {
	in         batch
	multilabel bool
	sets       []curve
	area       func(c *curve) float64
}

func newCurves(name string, o Options, multilabel bool, area func(*curve) float64) *curves {
	return &curves{in: batch{name: name, Options: o}, multilabel: multilabel, area: area}
}

// Add keeps a batch's scores.
func (a *curves) Add(output, target *tensor.Tensor) error {
	if a.multilabel {
		return a.addColumns(output, target)
	}
	if err := a.in.read(output, target); err != nil {
		return err
	}
	n := a.in.classes
	if n <= 2 {
		n = 1
	}
	if err := a.sized(n); err != nil {
		return err
	}
	for r, label := range a.in.labels {
		if label < 0 {
			continue
		}
		scores, err := a.in.row(r)
		if err != nil {
			return err
		}
		if n == 1 {
			score, err := a.in.yesScore(r, scores)
			if err != nil {
				return err
			}
			a.sets[0].add(score, label == 1)
			continue
		}
		p, err := a.in.probabilities(r, scores)
		if err != nil {
			return err
		}
		for c := range a.sets {
			a.sets[c].add(p[c], int(label) == c)
		}
	}
	return nil
}

func (a *curves) addColumns(output, target *tensor.Tensor) error {
	if err := a.in.readColumns(output, target); err != nil {
		return err
	}
	if err := a.sized(a.in.classes); err != nil {
		return err
	}
	for r := range a.in.rows {
		scores, err := a.in.row(r)
		if err != nil {
			return err
		}
		for c, s := range scores {
			if yes, ignored := a.in.column(r, c); !ignored {
				a.sets[c].add(s, yes)
			}
		}
	}
	return nil
}

func (a *curves) sized(n int) error {
	if a.sets == nil {
		a.sets = make([]curve, n)
	}
	if len(a.sets) != n {
		return fmt.Errorf("metrics: %s: %d curves after %d", a.in.name, n, len(a.sets))
	}
	return nil
}

// yesScore returns what grows with the probability of a yes: the score itself, or of two classes the second's
// probability, or by how much its logit is the larger.
func (b *batch) yesScore(r int, scores []float64) (float64, error) {
	switch {
	case len(scores) == 1:
		return scores[0], nil
	case b.Probabilities:
		return scores[1], nil
	}
	d := scores[1] - scores[0]
	if d != d {
		return 0, fmt.Errorf("metrics: %s: row %d has logits %v and %v, which have no difference", b.name, r, scores[0],
			scores[1])
	}
	return d, nil
}

// probabilities returns the row itself, or its softmax in place.
func (b *batch) probabilities(r int, scores []float64) ([]float64, error) {
	if b.Probabilities {
		return scores, nil
	}
	return softmax(b.name, r, scores)
}

// State returns all scores.
func (a *curves) State() []int64 {
	state := []int64{tag(a.in.name), int64(len(a.sets))}
	for i := range a.sets {
		state = append(state, int64(len(a.sets[i].yes)), int64(len(a.sets[i].no)))
	}
	for i := range a.sets {
		for _, list := range [][]float64{a.sets[i].yes, a.sets[i].no} {
			for _, s := range list {
				state = append(state, int64(math.Float64bits(s)))
			}
		}
	}
	return state
}

// Merge adds another accumulator's scores.
func (a *curves) Merge(state []int64) error {
	if err := checkTag(a.in.name, state, 2); err != nil {
		return err
	}
	n, rest := state[1], state[2:]
	if n < 0 || n > int64(len(rest)/2) {
		return fmt.Errorf("metrics: %s: a state of %d curves in %d words", a.in.name, n, len(state))
	}
	lengths, bits := rest[:2*n], rest[2*n:]
	left := int64(len(bits))
	for _, l := range lengths {
		if l < 0 || l > left {
			return fmt.Errorf("metrics: %s: a list of %d scores in a state that has %d more", a.in.name, l, left)
		}
		left -= l
	}
	if left != 0 {
		return fmt.Errorf("metrics: %s: a state with %d scores too many", a.in.name, left)
	}
	for i, b := range bits {
		if s := math.Float64frombits(uint64(b)); s != s {
			return fmt.Errorf("metrics: %s: score %d of a state is NaN", a.in.name, i)
		}
	}
	if n == 0 {
		return nil
	}
	if err := a.sized(int(n)); err != nil {
		return err
	}
	for i := range a.sets {
		for j, yes := range []bool{true, false} {
			l := lengths[2*i+j]
			for _, b := range bits[:l] {
				a.sets[i].add(math.Float64frombits(uint64(b)), yes)
			}
			bits = bits[l:]
		}
	}
	return nil
}

// Value returns the area, or the mean of those of the classes that have one.
func (a *curves) Value() Value {
	var v Value
	sum, n := 0.0, 0
	for i := range a.sets {
		slices.Sort(a.sets[i].yes)
		slices.Sort(a.sets[i].no)
		area := a.area(&a.sets[i])
		if area == area {
			sum += area
			n++
		}
		v.Parts = append(v.Parts, Named{className(i), area})
	}
	if !a.multilabel && len(v.Parts) == 1 {
		v.Parts = nil
	}
	v.Scalar = sum / float64(n)
	return v
}
