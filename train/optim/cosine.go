package optim

import "math"

// Cosine lowers the rate from base to Floor·base along half a cosine: with p = step/total,
// base·(Floor + (1-Floor)·(1+cos πp)/2). It never raises it again.
//
// Source: Loshchilov and Hutter, arXiv:1608.03983; PyTorch's CosineAnnealingLR.
type Cosine struct {
	Floor float64 // the last rate as a fraction of base, in [0, 1]; default 0
}

// Validate reports the first field out of range.
func (s Cosine) Validate() error {
	return check(upTo1("Cosine", "Floor", s.Floor))
}

// Rate returns the learning rate of a step.
func (s Cosine) Rate(base float64, step, total int) float64 {
	step = clamp(step, total)
	p := float64(step) / float64(max(total, 1))
	return base * (s.Floor + (1-s.Floor)*(1+math.Cos(math.Pi*p))/2)
}
