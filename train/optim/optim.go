// Package optim holds the rules that turn gradients into new weights, and the schedules of their learning rate.
//
// An Optimizer is a recipe: a plain struct of hyper-parameters, safe to copy and to share. Its New makes a Stepper, which
// holds the state (moments) of n consecutive elements of a model's flat parameter vector: all of them, or, under
// shuffle-broadcast, the slice one rank owns. Every rule but the two that are LayerWise is elementwise, so any cut of the vector
// into slices gives the same bits; and no product is fused with a sum, so every machine gives the same bits. L-BFGS, which
// asks for losses and gradients as it goes, is no such rule: see NewLBFGS.
//
// A field's zero value means its default, which its comment names; for a number that is really zero say [Zero].
package optim

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Optimizer is a recipe for updating parameters.
type Optimizer interface {
	Name() string                   // as a user writes it: "sgd", "adam"
	Validate() error                // nil, or what is wrong: field, value and range
	Rate() float64                  // the base learning rate, the default filled in
	New(n int) Stepper              // fresh state for n elements of float32; the recipe must be valid
	New64(n int) StepperOf[float64] // the same for float64
}

// Stepper is a StepperOf float32, the element type of most models.
type Stepper = StepperOf[float32]

// StepperOf updates n elements, step after step. It is not safe for use by several goroutines at once.
type StepperOf[T vec.Float] interface {
	// Step subtracts one update, computed from gradient g at learning rate lr, from weights w. It reads g only, and keeps
	// neither slice. It panics unless w and g have the length the Stepper was made for.
	Step(w, g []T, lr float64)
	// State returns the live state: writing to it changes the Stepper, and so does putting another slice of the same length in
	// a slot. So a checkpoint is a copy of it, a resumed run copies it back, and several Steppers can share one vector.
	State() *StateOf[T]
}

// State is the state of a Stepper.
type State = StateOf[float32]

// StateOf is all that a Stepper remembers from step to step.
type StateOf[T vec.Float] struct {
	Steps int64       // taken so far
	Slots []SlotOf[T] // in a fixed order; none for rules without memory
}

// Slot is a slot of a State.
type Slot = SlotOf[float32]

// SlotOf is one moment of every element.
type SlotOf[T vec.Float] struct {
	Name string // PyTorch's name for it: "momentum_buffer", "exp_avg", "exp_avg_sq"
	Data []T    // [n]
}

// NewOf returns o.New(n) or o.New64(n), for code that is written once for both element types. It panics for a type that
// is only made of one of them.
func NewOf[T vec.Float](o Optimizer, n int) StepperOf[T] {
	var z T
	switch any(z).(type) {
	case float32:
		return any(o.New(n)).(StepperOf[T])
	case float64:
		return any(o.New64(n)).(StepperOf[T])
	}
	panic(fmt.Sprintf("optim: NewOf: elements of type %T, want float32 or float64", z))
}

// All lists the optimizers, each with its defaults, in order of age.
var All = []Optimizer{
	SGD{},
	Adagrad{},
	RMSprop{},
	Adadelta{},
	FTRL{},
	Adam{},
	Adamax{},
	NAdam{},
	LARS{},
	AdamW{},
	LAMB{},
	RAdam{},
	Lion{},
}

// ByName returns the optimizer of All with the given name and default hyper-parameters.
func ByName(name string) (Optimizer, error) {
	var names []string
	for _, o := range All {
		if o.Name() == name {
			return o, nil
		}
		names = append(names, o.Name())
	}
	return nil, unknown("no optimizer", name, names)
}

// field is one hyper-parameter and whether it lies in the range it must.
type field struct {
	name  string
	value float64
	want  string
	ok    bool
}

// atLeast0 wants 0 <= v < ∞.
func atLeast0(rule, name string, v float64) field {
	return field{rule + "." + name, v, "0 <= " + name + " < Inf", v >= 0 && !math.IsInf(v, 0)}
}

// below1 wants 0 <= v < 1.
func below1(rule, name string, v float64) field {
	return field{rule + "." + name, v, "0 <= " + name + " < 1", v >= 0 && v < 1}
}

// upTo1 wants 0 <= v <= 1.
func upTo1(rule, name string, v float64) field {
	return field{rule + "." + name, v, "0 <= " + name + " <= 1", v >= 0 && v <= 1}
}

// check returns an error about the first field out of range.
func check(fields ...field) error {
	for _, f := range fields {
		if !f.ok {
			return fmt.Errorf("optim: %s = %v, want %s", f.name, f.value, f.want)
		}
	}
	return nil
}

// lengths panics unless weights and gradient have the n elements a Stepper was made for.
func lengths(op string, w, g, n int) {
	if w != n || g != n {
		panic(fmt.Sprintf("optim: %s: Step: %d weights and %d gradients for a state of %d", op, w, g, n))
	}
}
