package optim

import "fmt"

// Chain follows one schedule after another, each of which counts its own steps from 0, out of those that it has. As PyTorch's
// SequentialLR.
type Chain struct {
	Schedules []Schedule // none means a constant rate; a nil one is constant
	// At are the steps at which the second, third, … schedule begins: ascending, one fewer than Schedules. nil means that
	// all get an equal part of the run.
	At []int
}

// Validate reports the first field out of range, here or in a schedule.
func (s Chain) Validate() error {
	if s.At != nil && len(s.At) != max(len(s.Schedules)-1, 0) {
		return fmt.Errorf("optim: Chain.At has %d steps for %d schedules, want one fewer than these", len(s.At), len(s.Schedules))
	}
	last := 0
	for i, at := range s.At {
		if at < last {
			return fmt.Errorf("optim: Chain.At[%d] = %d after %d, want ascending steps from 0", i, at, last)
		}
		last = at
	}
	for i, inner := range s.Schedules {
		if err := validateInner(inner); err != nil {
			return fmt.Errorf("optim: Chain.Schedules[%d]: %w", i, err)
		}
	}
	return nil
}

// Rate returns the learning rate of a step.
func (s Chain) Rate(base float64, step, total int) float64 {
	if len(s.Schedules) == 0 {
		return base
	}
	lo, i := 0, 0
	for i < len(s.Schedules)-1 && s.begin(i+1, total) <= step {
		i++
		lo = s.begin(i, total)
	}
	hi := max(total, lo)
	if i < len(s.Schedules)-1 {
		hi = s.begin(i+1, total)
	}
	return RateAt(s.Schedules[i], base, step-lo, hi-lo)
}

// begin is the step at which schedule i > 0 begins.
func (s Chain) begin(i, total int) int {
	if s.At == nil {
		return int(int64(total) * int64(i) / int64(len(s.Schedules)))
	}
	return s.At[i-1]
}
