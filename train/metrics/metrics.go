package metrics

import (
	"hash/fnv"

	"github.com/tutti-ml/tutti/tensor"
)

// A Metric says how good predictions are. It is a recipe, a plain struct of options whose zero value is useful.
type Metric interface {
	Name() string      // short, lower case: "accuracy", "ndcg@10"; what curves and columns are called
	Better() Direction // of the scalar
	New() Accumulator  // an empty one; panics if an option makes no sense
}

// An Accumulator is the state of a metric. One goroutine at a time may use it.
type Accumulator interface {
	// Add counts a batch: what the model returned, and the targets as the loss takes them. It reads both and keeps
	// neither. After an error, which names the metric and what disagrees, part of the batch may have been counted.
	Add(output, target *tensor.Tensor) error
	// State returns all that was added, for another rank or a checkpoint. Equal samples give equal states, but for
	// the order of scores. The slice is the caller's. Each metric says its size.
	State() []int64
	// Merge adds what another accumulator of the same metric returned from State. After an error nothing was added.
	Merge(state []int64) error
	// Value returns the result so far. More may be added afterwards.
	Value() Value
}

// Value is what a metric says.
type Value struct {
	Scalar float64 // NaN if nothing was counted
	Parts  []Named // what stands behind it, if anything: one for each class, for example
}

// Named is a number and what it is of.
type Named struct {
	Name  string
	Value float64
}

// Results returns the value as named numbers: the scalar under name, and each part under name/part.
func (v Value) Results(name string) []Named {
	all := make([]Named, 0, 1+len(v.Parts))
	all = append(all, Named{name, v.Scalar})
	for _, p := range v.Parts {
		all = append(all, Named{name + "/" + p.Name, p.Value})
	}
	return all
}

// Direction says which way a metric is better.
type Direction int

const (
	Neither Direction = iota // no value is better than another
	Higher
	Lower
)

// String returns "neither", "higher" or "lower".
func (d Direction) String() string {
	switch d {
	case Higher:
		return "higher"
	case Lower:
		return "lower"
	}
	return "neither"
}

// Improves reports whether value is better than best. Any number is better than NaN.
func (d Direction) Improves(value, best float64) bool {
	switch {
	case d == Neither || value != value:
		return false
	case best != best:
		return true
	case d == Higher:
		return value > best
	}
	return value < best
}

// tag is the first word of a state, by which Merge knows a state of another metric.
func tag(name string) int64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return int64(h.Sum64())
}
