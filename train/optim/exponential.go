package optim

import (
	"math"

	"github.com/tutti-ml/tutti/internal/option"
)

// Exponential multiplies the rate by Gamma in every step: base·Gammaˢᵗᵉᵖ. As PyTorch's ExponentialLR, counted in steps.
type Exponential struct {
	Gamma float64 // in [0, 1]; 0 means what brings the run to a hundredth of base: 0.01^(1/total)
}

// Validate reports the first field out of range.
func (s Exponential) Validate() error { return check(upTo1("Exponential", "Gamma", s.Gamma)) }

// Rate returns the learning rate of a step.
func (s Exponential) Rate(base float64, step, total int) float64 {
	step = clamp(step, total)
	if s.Gamma == 0 {
		return base * math.Pow(0.01, float64(step)/float64(max(total, 1)))
	}
	return base * math.Pow(option.Float(s.Gamma, 0), float64(step))
}
