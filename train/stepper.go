package train

import "github.com/tutti-ml/tutti/train/optim"

// A stepper is an optimizer's state for elements of type T.
type stepper[T float] struct{ optim.Stepper }

// step updates w with gradient g at learning rate lr.
func (s stepper[T]) step(w, g []T, lr float64) {
	s.Stepper.Step(any(w).([]float32), any(g).([]float32), lr)
}

// stepRows is step for some of the rows of w.
func (s stepper[T]) stepRows(w []T, width int, index []int64, g []T, lr float64) {
	s.Stepper.(optim.RowStepper).StepRows(any(w).([]float32), width, index, any(g).([]float32), lr)
}

// slots gives the moments' own memory, in the optimizer's order.
func (s stepper[T]) slots() [][]T {
	var list [][]T
	for _, slot := range s.State().Slots {
		list = append(list, any(slot.Data).([]T))
	}
	return list
}
