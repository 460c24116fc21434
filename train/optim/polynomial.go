package optim

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/internal/option"
)

// Polynomial lowers the rate from base to Floor·base in Steps steps: with p = step/Steps, base·(Floor + (1-Floor)·(1-p)^Power).
// It keeps the last rate after them. As PyTorch's PolynomialLR, whose floor is 0.
type Polynomial struct {
	Steps int     // 0 means the run
	Power float64 // >= 0; 0 means 1, a straight line; Zero drops to the floor with the last step
	Floor float64 // the last rate as a fraction of base, in [0, 1]; default 0
}

// Validate reports the first field out of range.
func (s Polynomial) Validate() error {
	if s.Steps < 0 {
		return fmt.Errorf("optim: Polynomial.Steps = %d, want Steps >= 0", s.Steps)
	}
	return check(atLeast0("Polynomial", "Power", s.Power), upTo1("Polynomial", "Floor", s.Floor))
}

// Rate returns the learning rate of a step.
func (s Polynomial) Rate(base float64, step, total int) float64 {
	steps := s.Steps
	if steps == 0 {
		steps = max(total, 1)
	}
	left := 1 - float64(min(clamp(step, total), steps))/float64(steps)
	fall := 0.0
	if left > 0 {
		fall = math.Pow(left, option.Float(s.Power, 1))
	}
	floor := option.Float(s.Floor, 0)
	return base * (floor + (1-floor)*fall)
}
