package optim

import (
	"cmp"
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/option"
)

// LBFGS is a quasi-Newton method: it learns the curvature from its last steps and so takes few, but each needs the loss and
// the gradient of all data at several points. It suits small models, full batches and losses without noise.
//
// It is no Optimizer, for one gradient a step is not enough for it: see NewLBFGS. The fields are PyTorch's, and so are the
// steps.
//
// Source: Liu and Nocedal, Mathematical Programming 45 (1989); the line search, Nocedal and Wright, Numerical Optimization,
// algorithms 3.5 and 3.6, with cubic interpolation; PyTorch's torch.optim.LBFGS.
type LBFGS struct {
	LR              float64 // the first length of a step along the direction; 0 means 1
	Iterations      int     // directions in a Step, >= 0; 0 means 20
	Evaluations     int     // calls of the closure in a Step, >= 0, which may be passed by one; 0 means 5/4 of Iterations
	GradTolerance   float64 // a Step ends where no element of the gradient is larger, >= 0; 0 means 1e-7
	ChangeTolerance float64 // a Step ends where loss and weights change by less, >= 0; 0 means 1e-9
	History         int     // steps that are remembered, two vectors each, >= 0; 0 means 100
	StrongWolfe     bool    // search along the direction for a point that fulfils the strong Wolfe conditions
}

// Validate reports the first field out of range.
func (o LBFGS) Validate() error {
	for _, f := range []struct {
		name  string
		value int
	}{{"Iterations", o.Iterations}, {"Evaluations", o.Evaluations}, {"History", o.History}} {
		if f.value < 0 {
			return fmt.Errorf("optim: LBFGS.%s = %d, want %s >= 0", f.name, f.value, f.name)
		}
	}
	return check(
		atLeast0("LBFGS", "LR", o.LR),
		atLeast0("LBFGS", "GradTolerance", o.GradTolerance),
		atLeast0("LBFGS", "ChangeTolerance", o.ChangeTolerance),
	)
}

// LBFGSState is all that an LBFGSStepper remembers from step to step: a checkpoint is a copy of it.
type LBFGSState[T vec.Float] struct {
	Iterations, Evaluations int64
	Length                  float64 // of the last step, in directions
	Scale                   float64 // of the first guess of the inverse curvature
	Direction, Gradient     []T     // of the last step, and where it began; nil before the first
	Changes                 [][]T   // of the gradient, in the steps remembered, oldest first
	Steps                   [][]T   // the same of the weights
	Inverse                 []float64
}

// LBFGSStepper takes the steps of L-BFGS. It is not safe for use by several goroutines at once.
type LBFGSStepper[T vec.Float] struct {
	o     LBFGS
	n     int
	state LBFGSState[T]

	grad  []T       // at the weights
	along []float64 // the steps' parts in the direction
	spare [2][]T    // of a step not remembered
	start []T       // of a line search
	room  [3][]T    // gradients of its points: at most two are kept while another is tried
}

// NewLBFGS returns the state of n weights before their first step. It panics unless o is valid.
//
// It is used with a model's flat weights, and a closure that computes loss and flat gradient where they are:
//
//	l := optim.NewLBFGS[float32](optim.LBFGS{StrongWolfe: true}, len(weights))
//	for range steps {
//		loss := l.Step(weights, func() (float64, []float32) { … forward and backward …; return loss, grad })
//	}
func NewLBFGS[T vec.Float](o LBFGS, n int) *LBFGSStepper[T] {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	o.Iterations = cmp.Or(o.Iterations, 20)
	o.Evaluations = cmp.Or(o.Evaluations, o.Iterations*5/4)
	o.History = cmp.Or(o.History, 100)
	o.LR, o.GradTolerance = option.Float(o.LR, 1), option.Float(o.GradTolerance, 1e-7)
	o.ChangeTolerance = option.Float(o.ChangeTolerance, 1e-9)
	return &LBFGSStepper[T]{o: o, n: n, grad: make([]T, n)}
}

// State returns the live state: a checkpoint is a copy of it, and a resumed run copies it back.
func (l *LBFGSStepper[T]) State() *LBFGSState[T] { return &l.state }

// Step takes up to Iterations steps of the weights w and returns the loss where it began. The closure returns loss and gradient
// at w as it is when called; the gradient is read before the next call, and not kept. It panics unless w and the gradients have
// the length that the Stepper was made for.
//
// With StrongWolfe a loss that is not a number is taken for a point too far away; without, nothing is checked. Sums are
// vec.Dot's, so the bits do not depend on the number of threads. Cost of an iteration: a call, or some with StrongWolfe, and
// passes over 4·History vectors.
func (l *LBFGSStepper[T]) Step(w []T, closure func() (loss float64, grad []T)) float64 {
	if len(w) != l.n {
		panic(fmt.Sprintf("optim: LBFGS: Step: %d weights for a state of %d", len(w), l.n))
	}
	first := l.evaluate(l.grad, closure)
	calls, loss, s := 1, first, &l.state
	l.state.Evaluations++
	if largest(l.grad) <= l.o.GradTolerance || math.IsNaN(first) {
		return first
	}
	for i := 1; ; i++ {
		s.Iterations++
		if s.Iterations == 1 {
			l.descend()
			s.Length = l.o.LR * min(1, 1/float64(vec.SumAbs(l.grad)))
		} else {
			l.remember()
			l.direct()
			s.Length = l.o.LR
		}
		copy(s.Gradient, l.grad)
		slope := float64(vec.Dot(l.grad, s.Direction))
		if slope > -l.o.ChangeTolerance {
			return first
		}
		before, more := loss, 0
		if l.o.StrongWolfe {
			s.Length, loss, more = l.search(w, closure, loss, slope, l.o.Evaluations-calls)
		}
		vec.Axpy(w, T(s.Length), s.Direction)
		if !l.o.StrongWolfe && i < l.o.Iterations { // the last one's gradient would not be used
			loss, more = l.evaluate(l.grad, closure), 1
		}
		calls += more
		s.Evaluations += int64(more)
		if i == l.o.Iterations || calls >= l.o.Evaluations || largest(l.grad) <= l.o.GradTolerance ||
			largest(s.Direction)*s.Length <= l.o.ChangeTolerance || math.Abs(loss-before) < l.o.ChangeTolerance {
			return first
		}
	}
}

// evaluate calls the closure and copies the gradient to grad.
func (l *LBFGSStepper[T]) evaluate(grad []T, closure func() (float64, []T)) float64 {
	loss, g := closure()
	if len(g) != l.n {
		panic(fmt.Sprintf("optim: LBFGS: Step: a gradient of %d for a state of %d", len(g), l.n))
	}
	copy(grad, g)
	return loss
}

// descend makes the direction that of steepest descent.
func (l *LBFGSStepper[T]) descend() {
	l.state.Direction, l.state.Gradient, l.state.Scale = make([]T, l.n), make([]T, l.n), 1
	vec.Neg(l.state.Direction, l.grad)
}

// remember takes the last step and its change of the gradient into the history, unless they say nothing about curvature.
func (l *LBFGSStepper[T]) remember() {
	s := &l.state
	change, step := l.spare[0], l.spare[1]
	if change == nil {
		change, step = make([]T, l.n), make([]T, l.n)
	}
	vec.Sub(change, l.grad, s.Gradient)
	vec.Scale(step, T(s.Length), s.Direction)
	l.spare = [2][]T{change, step}
	curvature := float64(vec.Dot(change, step))
	if !(curvature > 1e-10) {
		return
	}
	l.spare = [2][]T{}
	if len(s.Changes) == l.o.History {
		l.spare = [2][]T{s.Changes[0], s.Steps[0]}
		s.Changes, s.Steps, s.Inverse = s.Changes[1:], s.Steps[1:], s.Inverse[1:]
	}
	s.Changes, s.Steps, s.Inverse = append(s.Changes, change), append(s.Steps, step), append(s.Inverse, 1/curvature)
	s.Scale = curvature / float64(vec.SumSq(change))
}

// direct makes the direction minus the inverse curvature times the gradient, by the two loops over the history.
func (l *LBFGSStepper[T]) direct() {
	s := &l.state
	l.along = append(l.along[:0], s.Inverse...)
	d := s.Direction
	vec.Neg(d, l.grad)
	for i := len(s.Steps) - 1; i >= 0; i-- {
		l.along[i] = float64(vec.Dot(s.Steps[i], d)) * s.Inverse[i]
		vec.Axpy(d, T(-l.along[i]), s.Changes[i])
	}
	vec.Scale(d, T(s.Scale), d)
	for i, step := range s.Steps {
		vec.Axpy(d, T(l.along[i]-float64(vec.Dot(s.Changes[i], d))*s.Inverse[i]), step)
	}
}

// largest returns the largest absolute value of x.
func largest[T vec.Float](x []T) float64 {
	var m T
	for _, v := range x {
		m = max(m, max(v, -v))
	}
	return float64(m)
}
