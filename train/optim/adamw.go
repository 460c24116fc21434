package optim

import "github.com/tutti-ml/tutti/internal/option"

// AdamW is Adam with decoupled weight decay: first w ← w - lr·WeightDecay·w, then Adam's step on the bare gradient, so that
// weights with large gradients decay as fast as the others.
//
// State: slots as Adam's.
// Source: Loshchilov and Hutter, arXiv:1711.05101; PyTorch's torch.optim.AdamW.
type AdamW struct {
	LR          float64 // learning rate; 0 means 1e-3
	Beta1       float64 // in [0, 1); 0 means 0.9
	Beta2       float64 // in [0, 1); 0 means 0.999
	Eps         float64 // >= 0; 0 means 1e-8
	WeightDecay float64 // >= 0; 0 means 0.01; Zero makes it Adam. 0.01 to 0.1 is usual.
	AMSGrad     bool    // divide by the root of the largest v so far
}

// Name returns "adamw".
func (AdamW) Name() string { return "adamw" }

// Rate returns LR or its default.
func (o AdamW) Rate() float64 { return Adam(o).Rate() }

// Validate reports the first field out of range.
func (o AdamW) Validate() error { return Adam(o).validate("AdamW") }

// WithDecay returns o with another weight decay.
func (o AdamW) WithDecay(decay float64) Optimizer {
	o.WeightDecay = exactly(decay)
	return o
}

// New returns the state of n elements before their first step.
func (o AdamW) New(n int) Stepper {
	return newAdam[float32]("AdamW", Adam(o), n, 0, option.Float(o.WeightDecay, 0.01))
}

// New64 is New for float64.
func (o AdamW) New64(n int) StepperOf[float64] {
	return newAdam[float64]("AdamW", Adam(o), n, 0, option.Float(o.WeightDecay, 0.01))
}
