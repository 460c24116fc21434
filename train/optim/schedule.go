package optim

// Schedule says which learning rate each step takes. A nil Schedule is a constant rate: see RateAt.
type Schedule interface {
	Name() string    // as a user writes it: "cosine"
	Validate() error // nil, or what is wrong: field, value and range
	// Rate returns the learning rate of step (from 0) of total, for the base rate of the optimizer. It is a pure function,
	// so a resumed run continues it. Steps past total keep the last rate.
	Rate(base float64, step, total int) float64
}

// Schedules lists the schedules, each with its defaults.
var Schedules = []Schedule{
	Constant{},
	Step{},
	Cosine{},
	Warmup{},
}

// RateAt returns s.Rate(base, step, total), or base if s is nil.
func RateAt(s Schedule, base float64, step, total int) float64 {
	if s == nil {
		return base
	}
	return s.Rate(base, step, total)
}

// Constant keeps the base rate. It does what no schedule does, by a name.
type Constant struct{}

// Name returns "constant".
func (Constant) Name() string { return "constant" }

// Validate returns nil.
func (Constant) Validate() error { return nil }

// Rate returns base.
func (Constant) Rate(base float64, _, _ int) float64 { return base }
