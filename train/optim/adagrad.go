package optim

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/option"
)

// Adagrad divides the rate of every element by the root of the sum of its squared gradients so far: what is rarely used keeps a
// high rate. At step t, from 1, with g' = g + WeightDecay·w:
//
//	s ← s + g'²     w ← w - lr/(1 + (t-1)·LRDecay) · g' / (√s + Eps)
//
// State: slot "sum" (s). Source: Duchi, Hazan and Singer, JMLR 12 (2011); PyTorch's torch.optim.Adagrad.
type Adagrad struct {
	LR          float64 // learning rate; 0 means 0.01
	LRDecay     float64 // >= 0; default 0
	Eps         float64 // >= 0; 0 means 1e-10
	WeightDecay float64 // L2 penalty, >= 0; default 0
	Initial     float64 // where the sums start, >= 0; default 0. 0.1 keeps the first steps from being the largest.
}

// Name returns "adagrad".
func (Adagrad) Name() string { return "adagrad" }

// Rate returns LR or its default.
func (o Adagrad) Rate() float64 { return option.Float(o.LR, 0.01) }

// Validate reports the first field out of range.
func (o Adagrad) Validate() error {
	return check(
		atLeast0("Adagrad", "LR", o.LR),
		atLeast0("Adagrad", "LRDecay", o.LRDecay),
		atLeast0("Adagrad", "Eps", o.Eps),
		atLeast0("Adagrad", "WeightDecay", o.WeightDecay),
		atLeast0("Adagrad", "Initial", o.Initial),
	)
}

// WithDecay returns o with another weight decay.
func (o Adagrad) WithDecay(decay float64) Optimizer {
	o.WeightDecay = decay
	return o
}

// New returns the state of n elements before their first step.
func (o Adagrad) New(n int) Stepper {
	o.LRDecay, o.Initial = option.Float(o.LRDecay, 0), option.Float(o.Initial, 0)
	o.WeightDecay = option.Float(o.WeightDecay, 0)
	s := &adagrad{Adagrad: o, state: State{Slots: []Slot{{"sum", make([]float32, n)}}}}
	vec.Fill(s.state.Slots[0].Data, float32(o.Initial))
	return s
}

type adagrad struct {
	Adagrad
	state State
	room  [2][1024]float32 // gradients with decay and their divisors, a block at a time
}

func (s *adagrad) State() *State { return &s.state }

func (s *adagrad) Step(w, g []float32, lr float64) {
	sum := s.state.Slots[0].Data
	lengths("Adagrad", len(w), len(g), len(sum))
	rate := s.begin(lr)
	s.update(w, g, sum, rate)
}

func (s *adagrad) StepRows(w []float32, cols int, rows []int64, g []float32, lr float64) {
	sum, rate := s.state.Slots[0].Data, s.begin(lr)
	eachRow("Adagrad", len(sum), w, cols, rows, g, func(lo, hi int, g []float32) { s.update(w[lo:hi], g, sum[lo:hi], rate) })
}

// begin counts a step and returns its rate.
func (s *adagrad) begin(lr float64) float32 {
	s.state.Steps++
	return float32(lr / (1 + float64(s.state.Steps-1)*s.LRDecay))
}

func (s *adagrad) update(w, g, sum []float32, rate float32) {
	eps := float32(option.Float(s.Eps, 1e-10))
	for len(w) > 0 {
		n := min(len(w), len(s.room[0]))
		grad, div := s.room[0][:n], s.room[1][:n]
		copy(grad, g[:n])
		if s.WeightDecay != 0 {
			vec.Axpy(grad, float32(s.WeightDecay), w[:n])
		}
		vec.MulAdd(sum[:n], grad, grad)
		vec.Sqrt(div, sum[:n])
		vec.AddScalar(div, eps, div)
		vec.Div(div, grad, div)
		vec.Axpy(w[:n], -rate, div)
		w, g, sum = w[n:], g[n:], sum[n:]
	}
}
