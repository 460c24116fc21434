package optim

import (
	"cmp"
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/internal/option"
)

// Cyclic lets the rate climb from Floor·base to base in Up steps and fall back in Down steps, over and over. The height of a
// cycle shrinks by half with every cycle if Halve, and by Gamma with every step.
//
// It is PyTorch's CyclicLR with max_lr the base rate and base_lr Floor of it: mode triangular, with Halve triangular2, with
// Gamma exp_range. The momentum stays as it is: PyTorch's cycle_momentum=False.
//
// Source: Smith, arXiv:1506.01186.
type Cyclic struct {
	Up    int     // steps, >= 0; 0 means 2000
	Down  int     // steps, >= 0; 0 means Up
	Floor float64 // the lowest rate as a fraction of base, in [0, 1]; 0 means 0.1
	Halve bool
	Gamma float64 // in [0, 1]; 0 means 1
}

// Validate reports the first field out of range.
func (s Cyclic) Validate() error {
	if s.Up < 0 || s.Down < 0 {
		return fmt.Errorf("optim: Cyclic.Up = %d and Down = %d, want both >= 0", s.Up, s.Down)
	}
	return check(upTo1("Cyclic", "Floor", s.Floor), upTo1("Cyclic", "Gamma", s.Gamma))
}

// Rate returns the learning rate of a step.
func (s Cyclic) Rate(base float64, step, total int) float64 {
	step = clamp(step, total)
	up := cmp.Or(s.Up, 2000)
	down := cmp.Or(s.Down, up)
	cycle, at := step/(up+down), step%(up+down)
	height := float64(at) / float64(up)
	if at > up {
		height = float64(up+down-at) / float64(down)
	}
	if s.Halve {
		height /= math.Pow(2, float64(cycle))
	}
	height *= math.Pow(option.Float(s.Gamma, 1), float64(step))
	floor := option.Float(s.Floor, 0.1)
	return base * (floor + (1-floor)*height)
}
