package optim

import "cmp"

// Warmup raises the rate linearly over the first Steps steps, to base·(step+1)/Steps, and hands the rest of the run to
// Then, which counts it from 0. Large batches need it: Goyal et al., arXiv:1706.02677.
type Warmup struct {
	Steps int      // 0 means a twentieth of the run; negative: none
	Then  Schedule // nil means constant
}

// Validate reports the first field out of range, here or in Then.
func (s Warmup) Validate() error {
	return validateInner(s.Then)
}

// Rate returns the learning rate of a step.
func (s Warmup) Rate(base float64, step, total int) float64 {
	steps := max(0, cmp.Or(s.Steps, total/20))
	if step < steps {
		return base * float64(step+1) / float64(steps)
	}
	return RateAt(s.Then, base, step-steps, max(total-steps, 0))
}
