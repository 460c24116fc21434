package optim

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/internal/option"
)

// Step multiplies the rate by Gamma every Every steps: base·Gamma^⌊step/Every⌋. As PyTorch's StepLR, counted in steps.
type Step struct {
	Every int     // steps, > 0; 0 means a third of the run, rounded up
	Gamma float64 // in [0, 1]; 0 means 0.1
}

// Validate reports the first field out of range.
func (s Step) Validate() error {
	if s.Every < 0 {
		return fmt.Errorf("optim: Step.Every = %d, want Every >= 0", s.Every)
	}
	return check(upTo1("Step", "Gamma", s.Gamma))
}

// Rate returns the learning rate of a step.
func (s Step) Rate(base float64, step, total int) float64 {
	every := s.Every
	if every == 0 {
		every = max((total+2)/3, 1)
	}
	step = clamp(step, total)
	return base * math.Pow(option.Float(s.Gamma, 0.1), float64(step/every))
}
