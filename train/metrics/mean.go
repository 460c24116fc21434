package metrics

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/tensor"
)

// Mean is a metric of the caller's: the mean of what Of adds, one number or more for each sample. State: 1 +
// 2·SumWords words.
type Mean struct {
	Title string    // what Name returns
	Up    Direction // what Better returns
	// Of calls add for what counts, with a weight, 1 as a rule. What it adds must depend on the samples one by one,
	// and not on how they were put into batches.
	Of func(output, target *tensor.Tensor, add func(value, weight float64)) error
}

// Name returns the title.
func (m Mean) Name() string { return m.Title }

// Better returns Up.
func (m Mean) Better() Direction { return m.Up }

// New returns an empty accumulator. It panics if the title is empty or Of is nil.
func (m Mean) New() Accumulator {
	if m.Title == "" || m.Of == nil {
		panic(fmt.Sprintf("metrics: Mean: Title = %q and Of = nil: %v: want both", m.Title, m.Of == nil))
	}
	a := &mean{name: m.Title}
	a.of = func(output, target *tensor.Tensor) error {
		if err := m.Of(output, target, a.add); err != nil {
			return fmt.Errorf("metrics: %s: %w", m.Title, err)
		}
		return a.failed
	}
	return a
}

// mean is the accumulator of all metrics that are a mean: an exact sum over an exact weight, and what is made of it
// at the end.
type mean struct {
	name   string
	of     func(output, target *tensor.Tensor) error // adds a batch
	finish func(mean float64) float64                // nil: the mean itself
	sum    Sum
	weight Sum
	failed error // what add found
}

func (m *mean) add(value, weight float64) {
	if value != value || !(weight >= 0) || math.IsInf(weight, 0) {
		m.failed = fmt.Errorf("metrics: %s: value %v of weight %v, want a number and a weight of 0 or more", m.name,
			value, weight)
		return
	}
	m.sum.Add(float64(value * weight))
	m.weight.Add(weight)
}

// Add adds a batch.
func (m *mean) Add(output, target *tensor.Tensor) error {
	m.failed = nil
	return m.of(output, target)
}

// State returns both sums.
func (m *mean) State() []int64 {
	state := append(make([]int64, 0, 1+2*SumWords), tag(m.name))
	return m.weight.Words(m.sum.Words(state))
}

// Merge adds both sums.
func (m *mean) Merge(state []int64) error {
	if err := checkTag(m.name, state, 1); err != nil {
		return err
	}
	sums, err := readSums(m.name, state[1:], 2)
	if err != nil {
		return err
	}
	m.sum.Merge(&sums[0])
	m.weight.Merge(&sums[1])
	return nil
}

// Value returns what the mean comes to.
func (m *mean) Value() Value {
	v := m.sum.Value() / m.weight.Value()
	if m.finish != nil {
		v = m.finish(v)
	}
	return Value{Scalar: v}
}

// readSums reads n sums, which are all that words hold.
func readSums(name string, words []int64, n int) ([]Sum, error) {
	if len(words) != n*SumWords {
		return nil, fmt.Errorf("metrics: %s: a state has %d words for %d sums, want %d", name, len(words), n,
			n*SumWords)
	}
	sums := make([]Sum, n)
	for i := range sums {
		if err := sums[i].Read(words[i*SumWords:]); err != nil {
			return nil, fmt.Errorf("metrics: %s: %w", name, err)
		}
	}
	return sums, nil
}
