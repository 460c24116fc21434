package optim

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/internal/option"
)

// Restarts is Cosine over and over: each cycle starts again from base, and is Mult times as long as the one before. With p the
// part of the cycle that is over, base·(Floor + (1-Floor)·(1+cos πp)/2).
//
// Source: Loshchilov and Hutter, arXiv:1608.03983; PyTorch's CosineAnnealingWarmRestarts.
type Restarts struct {
	Every int     // steps of the first cycle; 0 means a third of the run, rounded up
	Mult  int     // >= 0; 0 means 1
	Floor float64 // the lowest rate as a fraction of base, in [0, 1]; default 0
}

// Validate reports the first field out of range.
func (s Restarts) Validate() error {
	if s.Every < 0 {
		return fmt.Errorf("optim: Restarts.Every = %d, want Every >= 0", s.Every)
	}
	if s.Mult < 0 {
		return fmt.Errorf("optim: Restarts.Mult = %d, want Mult >= 0", s.Mult)
	}
	return check(upTo1("Restarts", "Floor", s.Floor))
}

// Rate returns the learning rate of a step.
func (s Restarts) Rate(base float64, step, total int) float64 {
	length := s.Every
	if length == 0 {
		length = max((total+2)/3, 1)
	}
	step = clamp(step, total)
	if s.Mult <= 1 {
		step %= length
	}
	for step >= length {
		step -= length
		length *= s.Mult
	}
	floor := option.Float(s.Floor, 0)
	return base * (floor + (1-floor)*(1+math.Cos(math.Pi*float64(step)/float64(length)))/2)
}
