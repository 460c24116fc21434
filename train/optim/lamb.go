package optim

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/option"
)

// LAMB is Adam whose step is adapted to each parameter W by norms over all of it: it trained BERT in batches of 32,768. At
// step t:
//
//	m ← Beta1·m + (1-Beta1)·G     v ← Beta2·v + (1-Beta2)·G²
//	U = m/(1-Beta1ᵗ) / (√v/√(1-Beta2ᵗ) + Eps) + WeightDecay·W
//	W ← W - lr·r·U     with r = ‖W‖/‖U‖, or 1 if one of the norms is 0
//
// Parameters without weight decay have r = 1 unless Always: it is usual to leave biases and normalisations out by a Group
// {Pattern: "*.bias", WeightDecay: Zero}. Clipping the global norm first, which NVIDIA's code does by itself, is the
// training loop's. The paper's φ is the identity.
//
// State: slots "exp_avg" (m) and "exp_avg_sq" (v). It is a LayerWise.
// Source: You et al., arXiv:1904.00962, with bias correction and defaults as timm's Lamb.
type LAMB struct {
	LR          float64 // learning rate; 0 means 1e-3
	Beta1       float64 // in [0, 1); 0 means 0.9
	Beta2       float64 // in [0, 1); 0 means 0.999
	Eps         float64 // >= 0; 0 means 1e-6
	WeightDecay float64 // decoupled, >= 0; 0 means 0.01
	Always      bool    // adapt parameters without weight decay too
}

// Name returns "lamb".
func (LAMB) Name() string { return "lamb" }

// Rate returns LR or its default.
func (o LAMB) Rate() float64 { return option.Float(o.LR, 1e-3) }

// Validate reports the first field out of range.
func (o LAMB) Validate() error {
	return Adam{LR: o.LR, Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps, WeightDecay: o.WeightDecay}.validate("LAMB")
}

// WithDecay returns o with another weight decay.
func (o LAMB) WithDecay(decay float64) Optimizer {
	o.WeightDecay = exactly(decay)
	return o
}

// New returns the state of n elements before their first step.
func (o LAMB) New(n int) Stepper { return newLAMB[float32](o, n) }

// New64 is New for float64.
func (o LAMB) New64(n int) StepperOf[float64] { return newLAMB[float64](o, n) }

func newLAMB[T vec.Float](o LAMB, n int) StepperOf[T] {
	s := &lamb[T]{
		beta1: option.Float(o.Beta1, 0.9), beta2: option.Float(o.Beta2, 0.999),
		eps: T(option.Float(o.Eps, 1e-6)), decay: T(option.Float(o.WeightDecay, 0.01)),
	}
	s.adapt = s.decay != 0 || o.Always
	return newLayerwise("LAMB", n, s, "exp_avg", "exp_avg_sq")
}

type lamb[T vec.Float] struct {
	beta1, beta2 float64
	eps, decay   T
	adapt        bool
	mean, root   T // 1/(1-Beta1ᵗ) and 1/√(1-Beta2ᵗ) of the step in hand
}

func (s *lamb[T]) begin(step int64) {
	t := float64(step)
	s.mean, s.root = T(1/(1-math.Pow(s.beta1, t))), T(1/math.Sqrt(1-math.Pow(s.beta2, t)))
}

func (s *lamb[T]) measure(w, g []T, m moments[T]) (weights, update float64) {
	b1, n1, b2, n2 := T(s.beta1), T(1-s.beta1), T(s.beta2), T(1-s.beta2)
	mean, square := m[0][:len(w)], m[1][:len(w)]
	for i, gi := range g[:len(w)] {
		mean[i] = T(b1*mean[i]) + T(n1*gi)
		square[i] = T(b2*square[i]) + T(n2*T(gi*gi))
	}
	if !s.adapt {
		return 0, 0
	}
	var sum squares
	var room [256]T // a multiple of the lanes
	for at := 0; at < len(w); at += len(room) {
		end := min(at+len(room), len(w))
		u := room[:end-at]
		s.direction(u, w[at:end], mean[at:end], square[at:end])
		addSquares(&sum, u)
	}
	return NormSq(w), sum.sum()
}

func (s *lamb[T]) apply(w, _ []T, m moments[T], lr, weights, update float64) {
	ratio := 1.0
	if weights > 0 && update > 0 {
		ratio = math.Sqrt(weights) / math.Sqrt(update)
	}
	rate := T(lr * ratio)
	var room [256]T
	for at := 0; at < len(w); at += len(room) {
		end := min(at+len(room), len(w))
		u, w := room[:end-at], w[at:end]
		s.direction(u, w, m[0][at:end], m[1][at:end])
		for i := range u {
			w[i] -= T(rate * u[i])
		}
	}
}

// direction stores U, of weights w with moments m and v.
func (s *lamb[T]) direction(u, w, m, v []T) {
	w, m, v = w[:len(u)], m[:len(u)], v[:len(u)]
	for i := range u {
		root := T(math.Sqrt(float64(v[i])))
		u[i] = T(s.mean*m[i])/(T(s.root*root)+s.eps) + T(s.decay*w[i])
	}
}
