package optim

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/internal/option"
)

// OneCycle raises the rate from Start·base to base in the first part of the run and lowers it to End·base in the rest; with
// ThreePhase it comes down to Start·base as slowly as it rose, and then to End·base.
//
// It is PyTorch's OneCycleLR with max_lr the base rate, Rise its pct_start, Start its 1/div_factor and End its
// 1/(div_factor·final_div_factor). The momentum stays as it is: PyTorch's cycle_momentum=False.
//
// Source: Smith and Topin, arXiv:1708.07120.
type OneCycle struct {
	Rise       float64 // the part of the run that the rate rises in, in [0, 1]; 0 means 0.3; at most 0.5 with ThreePhase
	Start      float64 // as a fraction of base, in [0, 1]; 0 means 1/25
	End        float64 // as a fraction of base, in [0, 1]; 0 means 1/250,000
	Linear     bool    // along straight lines, not half cosines
	ThreePhase bool
}

// Validate reports the first field out of range.
func (s OneCycle) Validate() error {
	if s.ThreePhase && s.Rise > 0.5 {
		return fmt.Errorf("optim: OneCycle.Rise = %v with ThreePhase, want 0 <= Rise <= 0.5", s.Rise)
	}
	return check(upTo1("OneCycle", "Rise", s.Rise), upTo1("OneCycle", "Start", s.Start), upTo1("OneCycle", "End", s.End))
}

// Rate returns the learning rate of a step.
func (s OneCycle) Rate(base float64, step, total int) float64 {
	rise := option.Float(s.Rise, 0.3) * float64(total)
	low, end := base*option.Float(s.Start, 1.0/25), base*option.Float(s.End, 1.0/25/1e4)
	last := float64(total - 1)
	at := float64(clamp(step, total))
	switch {
	case at <= rise-1:
		return s.between(low, base, at, 0, rise-1)
	case !s.ThreePhase:
		return s.between(base, end, at, rise-1, last)
	case at <= 2*rise-2:
		return s.between(base, low, at, rise-1, 2*rise-2)
	}
	return s.between(low, end, at, 2*rise-2, last)
}

// between goes from one rate to another while a step goes from lo to hi.
func (s OneCycle) between(from, to, at, lo, hi float64) float64 {
	p := 1.0
	if hi > lo {
		p = (at - lo) / (hi - lo)
	}
	if s.Linear {
		return from + (to-from)*p
	}
	return to + (from-to)/2*(1+math.Cos(math.Pi*p))
}
