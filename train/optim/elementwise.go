package optim

// This file is the Stepper of all rules that update each element from that element's numbers alone. A rule says how a step
// begins and what it does to a run of elements; threads, rows and state are the same for all.

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
)

// rule is what one optimizer has that others have not.
type rule[T vec.Float] interface {
	// begin makes ready for a step, the first of which is 1, at a learning rate.
	begin(step int64, lr float64)
	// update steps elements w with gradient g and moments m. It is called for disjoint elements from several goroutines.
	update(w, g []T, m moments[T])
}

// rowRule is a rule that does something else by rows. beginRows is called after begin.
type rowRule interface{ beginRows() }

// moments are the elements of the slots, in their order, that belong to some weights.
type moments[T vec.Float] [3][]T

type elementwise[T vec.Float] struct {
	name  string
	n     int
	rule  rule[T]
	state StateOf[T]

	w, g []T              // of the step in hand
	do   func(lo, hi int) // elements, bound once, so that a step allocates nothing
}

// newElementwise returns a Stepper of n elements with the slots named, all zeros.
func newElementwise[T vec.Float](name string, n int, r rule[T], slots ...string) *elementwise[T] {
	s := &elementwise[T]{name: name, n: n, rule: r}
	for _, slot := range slots {
		s.state.Slots = append(s.state.Slots, SlotOf[T]{slot, make([]T, n)})
	}
	s.do = s.elements
	return s
}

func (s *elementwise[T]) State() *StateOf[T] { return &s.state }

func (s *elementwise[T]) Step(w, g []T, lr float64) {
	lengths(s.name, len(w), len(g), s.n)
	s.begin(lr)
	s.w, s.g = w, g
	parallel.For(s.n, 8<<10, s.do)
	s.w, s.g = nil, nil
}

func (s *elementwise[T]) StepRows(w []T, cols int, rows []int64, g []T, lr float64) {
	checkRows(s.name, s.n, w, cols, rows, g)
	s.begin(lr)
	if r, ok := s.rule.(rowRule); ok {
		r.beginRows()
	}
	for i, r := range rows {
		lo := int(r) * cols
		s.rule.update(w[lo:lo+cols], g[i*cols:(i+1)*cols], s.moments(lo, lo+cols))
	}
}

func (s *elementwise[T]) begin(lr float64) {
	s.state.Steps++
	s.rule.begin(s.state.Steps, lr)
}

// elements steps those from lo to hi.
func (s *elementwise[T]) elements(lo, hi int) {
	s.rule.update(s.w[lo:hi], s.g[lo:hi], s.moments(lo, hi))
}

func (s *elementwise[T]) moments(lo, hi int) (m moments[T]) {
	for i := range s.state.Slots {
		m[i] = s.state.Slots[i].Data[lo:hi]
	}
	return m
}
