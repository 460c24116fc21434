package optim

import (
	"cmp"
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/internal/option"
)

// Feedback is a Schedule that depends on how training goes: on a metric, such as the loss on the validation set. It stays a
// pure function, for what it remembers is a value that its user keeps, and saves with a checkpoint. Rate is that of the fresh
// state.
type Feedback interface {
	Schedule
	Fresh() FeedbackState                                              // before the first metric
	Next(state FeedbackState, metric float64) FeedbackState            // after another metric
	RateIn(state FeedbackState, base float64, step, total int) float64 // the learning rate of a step in a state
}

// FeedbackState is what a Feedback remembers: small, comparable, and the same after a way through JSON.
type FeedbackState struct {
	Best       float64 `json:"best"`       // the best metric so far, if Improved > 0
	Improved   int     `json:"improved"`   // metrics that were better than all before
	Bad        int     `json:"bad"`        // metrics since the last that was, or since the rate was lowered
	Cooling    int     `json:"cooling"`    // metrics to come that do not count
	Reductions int     `json:"reductions"` // how often the rate was lowered
}

// RateIn returns s's rate in a state if s is a Feedback, else RateAt(s, base, step, total).
func RateIn(s Schedule, state FeedbackState, base float64, step, total int) float64 {
	if f, ok := s.(Feedback); ok {
		return f.RateIn(state, base, step, total)
	}
	return RateAt(s, base, step, total)
}

// Plateau multiplies the rate by Factor whenever a metric has not improved for more than Patience times in a row. As PyTorch's
// ReduceLROnPlateau, without its eps, which leaves out reductions by less than 1e-8. A metric that is not finite is no
// improvement.
//
// It is the outermost schedule: others put a rate for it to lower in Of.
type Plateau struct {
	Factor    float64  // in [0, 1]; 0 means 0.1
	Patience  int      // metrics; 0 means 10; negative: none
	Threshold float64  // the least improvement that counts, >= 0: a fraction of the best metric; 0 means 1e-4
	Absolute  bool     // Threshold is a difference, not a fraction
	Cooldown  int      // metrics after a reduction that do not count; default 0
	MinLR     float64  // the lowest rate, where base and Of do not give a lower one; default 0
	Mode      string   // "min": smaller metrics are better, the default; or "max"
	Of        Schedule // of the rate that is lowered; nil means constant
}

// Validate reports the first field out of range, here or in Of.
func (s Plateau) Validate() error {
	switch s.Mode {
	case "", "min", "max":
	default:
		return fmt.Errorf("optim: Plateau.Mode = %q, want min or max", s.Mode)
	}
	if err := validateInner(s.Of); err != nil {
		return err
	}
	return check(upTo1("Plateau", "Factor", s.Factor), atLeast0("Plateau", "Threshold", s.Threshold),
		atLeast0("Plateau", "MinLR", s.MinLR))
}

// Rate returns the learning rate of a step before any metric.
func (s Plateau) Rate(base float64, step, total int) float64 {
	return s.RateIn(s.Fresh(), base, step, total)
}

// Fresh returns the state before the first metric.
func (Plateau) Fresh() FeedbackState { return FeedbackState{} }

// Next returns the state after another metric.
func (s Plateau) Next(state FeedbackState, metric float64) FeedbackState {
	if s.better(state, metric) {
		state.Best, state.Bad = metric, 0
		state.Improved++
	} else {
		state.Bad++
	}
	if state.Cooling > 0 {
		state.Cooling--
		state.Bad = 0
	}
	if state.Bad > max(cmp.Or(s.Patience, 10), 0) {
		state.Reductions++
		state.Cooling, state.Bad = max(s.Cooldown, 0), 0
	}
	return state
}

// better reports whether a metric improves on the best by more than the threshold.
func (s Plateau) better(state FeedbackState, metric float64) bool {
	if math.IsNaN(metric) || math.IsInf(metric, 0) {
		return false
	}
	if state.Improved == 0 {
		return true
	}
	threshold := option.Float(s.Threshold, 1e-4)
	if s.Mode == "max" {
		if s.Absolute {
			return metric > state.Best+threshold
		}
		return metric > state.Best*(1+threshold)
	}
	if s.Absolute {
		return metric < state.Best-threshold
	}
	return metric < state.Best*(1-threshold)
}

// RateIn returns the learning rate of a step in a state.
func (s Plateau) RateIn(state FeedbackState, base float64, step, total int) float64 {
	rate := RateAt(s.Of, base, step, total)
	low := rate * math.Pow(option.Float(s.Factor, 0.1), float64(state.Reductions))
	return max(low, min(rate, option.Float(s.MinLR, 0)))
}
