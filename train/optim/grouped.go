package optim

import (
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Run is a number of consecutive elements of a parameter vector that belong to one group.
type Run struct {
	N     int
	Group int // an index; -1 means none, the optimizer as it is
}

// NewGrouped returns the state, before their first step, of the elements of all runs, one run after the other, each stepped as
// its group changes o. The groups must be valid for o.
//
// The state is o's own: whole vectors over all runs. So it does not show how the elements are grouped, and grouping changes the
// bits of no element whose rates it does not change. A step costs o's, and a few function calls a run.
//
// If o's Steppers are LayerWise, so is the one returned, and a piece lies in one run. Its Step, too, takes each run for one
// parameter: it is not for runs of several.
func NewGrouped[T vec.Float](o Optimizer, groups []Group, runs []Run) StepperOf[T] {
	total := 0
	for _, r := range runs {
		total += r.N
	}
	s := &grouped[T]{n: total}
	for _, slot := range NewOf[T](o, 0).State().Slots {
		s.state.Slots = append(s.state.Slots, SlotOf[T]{slot.Name, make([]T, total)})
	}
	at := 0
	for _, r := range runs {
		p := part[T]{lo: at, hi: at + r.N, factor: 1}
		recipe := o
		if r.Group >= 0 {
			recipe, p.factor = groups[r.Group].recipe(o), groups[r.Group].factor(o)
		}
		p.stepper = NewOf[T](recipe, r.N)
		s.share(recipe, p)
		s.parts = append(s.parts, p)
		at = p.hi
	}
	if _, ok := NewOf[T](o, 0).(LayerWise[T]); ok {
		return &groupedLayers[T]{s}
	}
	return s
}

// grouped is the Stepper of several groups. Its parts hold no memory of their own: their slots are views of its.
type grouped[T vec.Float] struct {
	n     int
	parts []part[T]
	state StateOf[T]
}

type part[T vec.Float] struct {
	lo, hi  int
	factor  float64 // of the learning rate
	stepper StepperOf[T]
}

// share makes the slots of p, whose recipe it is told, views of the whole, which take on what they hold.
func (s *grouped[T]) share(recipe Optimizer, p part[T]) {
	own := p.stepper.State().Slots
	if len(own) != len(s.state.Slots) {
		panic(fmt.Sprintf("optim: NewGrouped: %s keeps %d slots in a group, %d without", recipe.Name(), len(own), len(s.state.Slots)))
	}
	for i, whole := range s.state.Slots {
		if own[i].Name != whole.Name {
			panic(fmt.Sprintf("optim: NewGrouped: %s keeps slot %q in a group, %q without", recipe.Name(), own[i].Name, whole.Name))
		}
		view := whole.Data[p.lo:p.hi:p.hi]
		copy(view, own[i].Data)
		own[i].Data = view
	}
}

func (s *grouped[T]) State() *StateOf[T] { return &s.state }

func (s *grouped[T]) Step(w, g []T, lr float64) {
	lengths("Grouped", len(w), len(g), s.n)
	for i := range s.parts {
		p := &s.parts[i]
		p.stepper.State().Steps = s.state.Steps
		p.stepper.Step(w[p.lo:p.hi], g[p.lo:p.hi], lr*p.factor)
	}
	s.state.Steps++
}

// groupedLayers is the Stepper of several groups of a layer-wise rule.
type groupedLayers[T vec.Float] struct{ *grouped[T] }

func (s *groupedLayers[T]) Begin(lr float64) {
	for i := range s.parts {
		p := &s.parts[i]
		p.stepper.State().Steps = s.state.Steps
		p.stepper.(LayerWise[T]).Begin(lr * p.factor)
	}
	s.state.Steps++
}

func (s *groupedLayers[T]) Measure(lo, hi int, w, g []T) (weights, update float64) {
	p := s.part(lo, hi)
	return p.stepper.(LayerWise[T]).Measure(lo-p.lo, hi-p.lo, w, g)
}

func (s *groupedLayers[T]) Apply(lo, hi int, w, g []T, lr, weights, update float64) {
	p := s.part(lo, hi)
	p.stepper.(LayerWise[T]).Apply(lo-p.lo, hi-p.lo, w, g, lr*p.factor, weights, update)
}

// part returns the part that elements [lo, hi) lie in.
func (s *groupedLayers[T]) part(lo, hi int) *part[T] {
	i, _ := slices.BinarySearchFunc(s.parts, lo, func(p part[T], lo int) int {
		if p.hi <= lo {
			return -1
		}
		return 1
	})
	if i == len(s.parts) || lo < 0 || hi < lo || hi > s.parts[i].hi {
		panic(fmt.Sprintf("optim: Grouped: elements [%d, %d) of %d are not of one run", lo, hi, s.n))
	}
	return &s.parts[i]
}
