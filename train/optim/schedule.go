package optim

import "fmt"

// Schedule says which learning rate each step takes. A nil Schedule is a constant rate: see RateAt. Of one that is a Feedback
// the rate depends on a metric, too: see RateIn.
type Schedule interface {
	// Rate returns the learning rate of step (from 0) of total, for the base rate of the optimizer. It is a pure function,
	// so a resumed run continues it. Steps past total keep the last rate.
	Rate(base float64, step, total int) float64
}

// Schedules lists the schedules under their names, each with its defaults.
var Schedules = []struct {
	Name     string
	Schedule Schedule
}{
	{"constant", Constant{}},
	{"step", Step{}},
	{"multi-step", MultiStep{}},
	{"exponential", Exponential{}},
	{"polynomial", Polynomial{}},
	{"cosine", Cosine{}},
	{"cosine-restarts", Restarts{}},
	{"one-cycle", OneCycle{}},
	{"cyclic", Cyclic{}},
	{"plateau", Plateau{}},
	{"warmup", Warmup{}},
	{"chain", Chain{}},
}

// RateAt returns s.Rate(base, step, total), or base if s is nil.
func RateAt(s Schedule, base float64, step, total int) float64 {
	if s == nil {
		return base
	}
	return s.Rate(base, step, total)
}

// ValidateSchedule returns the error of s.Validate() if s has such a method, as all schedules here do that can be wrong;
// else nil.
func ValidateSchedule(s Schedule) error {
	if v, ok := s.(interface{ Validate() error }); ok {
		return v.Validate()
	}
	return nil
}

// validateInner validates a schedule inside another, which cannot hear of metrics.
func validateInner(s Schedule) error {
	if _, ok := s.(Feedback); ok {
		return fmt.Errorf("optim: %T inside another schedule: want it outermost, with the other one in its Of", s)
	}
	return ValidateSchedule(s)
}

// clamp returns the step whose rate a step past the end keeps.
func clamp(step, total int) int { return min(step, max(total-1, 0)) }

// Constant keeps the base rate: the same as a nil Schedule.
type Constant struct{}

// Rate returns base.
func (Constant) Rate(base float64, _, _ int) float64 { return base }
