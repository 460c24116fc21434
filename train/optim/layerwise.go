package optim

// This file is the Stepper of the rules that scale a parameter's update by norms over the whole parameter: LARS and LAMB.

import (
	"fmt"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
)

// LayerWise is a Stepper that scales the update of each parameter by norms over the whole parameter, of which the Stepper may
// hold a part. A step of it is Begin once, Measure for all pieces of all parameters, and, with the sums of the pieces of the
// whole parameter, on whichever ranks they lie, Apply for all pieces:
//
//	s.Begin(lr)
//	for each parameter: for lo, hi := range Pieces(its bounds):  weights[i], update[i] = s.Measure(lo, hi, w[lo:hi], g[lo:hi])
//	for each parameter: for lo, hi := range Pieces(its bounds):  s.Apply(lo, hi, w[lo:hi], g[lo:hi], lr, SumTree(weights), SumTree(update))
//
// A result has the same bits however the vector is cut if no piece is: slices of ranks begin at multiples of PieceLen.
//
// Step takes all n elements of the Stepper for one parameter, so it is for a Stepper of one parameter.
type LayerWise[T vec.Float] interface {
	StepperOf[T]
	// Begin counts a step and makes ready for it.
	Begin(lr float64)
	// Measure returns the sums of squares of w and of the direction in which the weights would move: elements [lo, hi) of
	// the Stepper's, at most PieceLen and of one parameter, whose weights and gradients w and g [hi-lo] are. The moments of
	// these elements move here. Calls for disjoint elements may come from several goroutines, in any order.
	Measure(lo, hi int, w, g []T) (weights, update float64)
	// Apply updates the same elements, at Begin's rate lr, with the sums of Measure's results over the whole parameter. The
	// gradient is Measure's. Calls may be concurrent as Measure's.
	Apply(lo, hi int, w, g []T, lr, weights, update float64)
}

// layerRule is what one layer-wise optimizer has that others have not.
type layerRule[T vec.Float] interface {
	begin(step int64)
	measure(w, g []T, m moments[T]) (weights, update float64)
	apply(w, g []T, m moments[T], lr, weights, update float64)
}

type layerwise[T vec.Float] struct {
	name  string
	n     int
	rule  layerRule[T]
	state StateOf[T]

	w, g           []T          // of Step
	lr             float64      // of Step
	sums           [2][]float64 // of the pieces, for Step
	measure, apply func(lo, hi int)
	whole          [2]float64
}

// newLayerwise returns a Stepper of n elements with the slots named, all zeros.
func newLayerwise[T vec.Float](name string, n int, r layerRule[T], slots ...string) *layerwise[T] {
	s := &layerwise[T]{name: name, n: n, rule: r}
	for _, slot := range slots {
		s.state.Slots = append(s.state.Slots, SlotOf[T]{slot, make([]T, n)})
	}
	s.measure, s.apply = s.measurePieces, s.applyPieces
	return s
}

func (s *layerwise[T]) State() *StateOf[T] { return &s.state }

func (s *layerwise[T]) Begin(float64) {
	s.state.Steps++
	s.rule.begin(s.state.Steps)
}

func (s *layerwise[T]) Measure(lo, hi int, w, g []T) (weights, update float64) {
	s.check("Measure", lo, hi, w, g)
	return s.rule.measure(w, g, s.moments(lo, hi))
}

func (s *layerwise[T]) Apply(lo, hi int, w, g []T, lr, weights, update float64) {
	s.check("Apply", lo, hi, w, g)
	s.rule.apply(w, g, s.moments(lo, hi), lr, weights, update)
}

func (s *layerwise[T]) Step(w, g []T, lr float64) {
	lengths(s.name, len(w), len(g), s.n)
	pieces := (s.n + PieceLen - 1) / PieceLen
	if s.sums[0] == nil {
		s.sums = [2][]float64{make([]float64, pieces), make([]float64, pieces)}
	}
	s.Begin(lr)
	s.w, s.g, s.lr = w, g, lr
	parallel.For(pieces, 2, s.measure)
	s.whole = [2]float64{SumTree(s.sums[0]), SumTree(s.sums[1])}
	parallel.For(pieces, 2, s.apply)
	s.w, s.g = nil, nil
}

// measurePieces does Step's pieces from i to end.
func (s *layerwise[T]) measurePieces(i, end int) {
	for ; i < end; i++ {
		lo, hi := i*PieceLen, min((i+1)*PieceLen, s.n)
		s.sums[0][i], s.sums[1][i] = s.Measure(lo, hi, s.w[lo:hi], s.g[lo:hi])
	}
}

func (s *layerwise[T]) applyPieces(i, end int) {
	for ; i < end; i++ {
		lo, hi := i*PieceLen, min((i+1)*PieceLen, s.n)
		s.Apply(lo, hi, s.w[lo:hi], s.g[lo:hi], s.lr, s.whole[0], s.whole[1])
	}
}

func (s *layerwise[T]) moments(lo, hi int) (m moments[T]) {
	for i := range s.state.Slots {
		m[i] = s.state.Slots[i].Data[lo:hi]
	}
	return m
}

// check panics unless [lo, hi) is a piece of the state and w and g are its elements.
func (s *layerwise[T]) check(op string, lo, hi int, w, g []T) {
	if lo < 0 || hi < lo || hi > s.n || hi-lo > PieceLen || len(w) != hi-lo || len(g) != hi-lo {
		panic(fmt.Sprintf("optim: %s: %s: elements [%d, %d) with %d weights and %d gradients, for a state of %d in pieces of %d",
			s.name, op, lo, hi, len(w), len(g), s.n, PieceLen))
	}
}
