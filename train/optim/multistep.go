package optim

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/internal/option"
)

// MultiStep multiplies the rate by Gamma at each of its milestones. As PyTorch's MultiStepLR, counted in steps.
type MultiStep struct {
	Milestones []int   // steps, >= 0, in any order; nil means after a half and three quarters of the run
	Gamma      float64 // in [0, 1]; 0 means 0.1
}

// Validate reports the first field out of range.
func (s MultiStep) Validate() error {
	for i, m := range s.Milestones {
		if m < 0 {
			return fmt.Errorf("optim: MultiStep.Milestones[%d] = %d, want Milestones >= 0", i, m)
		}
	}
	return check(upTo1("MultiStep", "Gamma", s.Gamma))
}

// Rate returns the learning rate of a step.
func (s MultiStep) Rate(base float64, step, total int) float64 {
	step = clamp(step, total)
	passed := 0
	for _, m := range s.Milestones {
		if m <= step {
			passed++
		}
	}
	if s.Milestones == nil {
		for _, m := range [2]int{total / 2, total - total/4} {
			if m > 0 && m <= step {
				passed++
			}
		}
	}
	return base * math.Pow(option.Float(s.Gamma, 0.1), float64(passed))
}
