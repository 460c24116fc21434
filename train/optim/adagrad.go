package optim

import (
	"sync"

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
func (o Adagrad) New(n int) Stepper { return newAdagrad[float32](o, n) }

// New64 is New for float64.
func (o Adagrad) New64(n int) StepperOf[float64] { return newAdagrad[float64](o, n) }

func newAdagrad[T vec.Float](o Adagrad, n int) StepperOf[T] {
	s := newElementwise("Adagrad", n, &adagrad[T]{
		eps: T(option.Float(o.Eps, 1e-10)), decay: T(option.Float(o.WeightDecay, 0)), rateDecay: option.Float(o.LRDecay, 0),
	}, "sum")
	vec.Fill(s.state.Slots[0].Data, T(option.Float(o.Initial, 0)))
	return s
}

type adagrad[T vec.Float] struct {
	eps, decay T
	rateDecay  float64
	rate       T         // of the step in hand
	rooms      sync.Pool // of *[2][1024]T: gradients with decay and their divisors, a block at a time
}

func (s *adagrad[T]) begin(step int64, lr float64) {
	s.rate = T(lr / (1 + float64(step-1)*s.rateDecay))
}

func (s *adagrad[T]) update(w, g []T, m moments[T]) {
	room, _ := s.rooms.Get().(*[2][1024]T)
	if room == nil {
		room = new([2][1024]T)
	}
	sum := m[0]
	for len(w) > 0 {
		n := min(len(w), len(room[0]))
		grad, div := room[0][:n], room[1][:n]
		copy(grad, g[:n])
		if s.decay != 0 {
			vec.Axpy(grad, s.decay, w[:n])
		}
		vec.MulAdd(sum[:n], grad, grad)
		vec.Sqrt(div, sum[:n])
		vec.AddScalar(div, s.eps, div)
		vec.Div(div, grad, div)
		vec.Axpy(w[:n], -s.rate, div)
		w, g, sum = w[n:], g[n:], sum[n:]
	}
	s.rooms.Put(room)
}
