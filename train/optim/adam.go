package optim

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/option"
)

// Adam adapts the rate of every element to the running mean m of its gradient and v of its square. At step t, with
// g' = g + WeightDecay·w:
//
//	m ← Beta1·m + (1-Beta1)·g'     v ← Beta2·v + (1-Beta2)·g'²
//	w ← w - lr/(1-Beta1ᵗ) · m / (√v/√(1-Beta2ᵗ) + Eps)
//
// With AMSGrad the root is of the largest v so far, in place of v: a rate never rises again.
//
// By rows it is PyTorch's SparseAdam, whose Eps stands beside √v before that is divided: a little other than Adam's.
//
// State: slots "exp_avg" (m) and "exp_avg_sq" (v), and with AMSGrad "max_exp_avg_sq".
// Source: Kingma and Ba, arXiv:1412.6980; Reddi, Kale and Kumar, arXiv:1904.09237, for AMSGrad; PyTorch's torch.optim.Adam.
type Adam struct {
	LR          float64 // learning rate; 0 means 1e-3
	Beta1       float64 // in [0, 1); 0 means 0.9
	Beta2       float64 // in [0, 1); 0 means 0.999
	Eps         float64 // >= 0; 0 means 1e-8. Raise it towards 1e-3 where rarely used weights jump.
	WeightDecay float64 // L2 penalty inside the gradient, >= 0; default 0. AdamW's decay generalises better.
	AMSGrad     bool    // divide by the root of the largest v so far
}

// Name returns "adam".
func (Adam) Name() string { return "adam" }

// Rate returns LR or its default.
func (o Adam) Rate() float64 { return option.Float(o.LR, 1e-3) }

// Validate reports the first field out of range.
func (o Adam) Validate() error { return o.validate("Adam") }

func (o Adam) validate(name string) error {
	return check(
		atLeast0(name, "LR", o.LR),
		below1(name, "Beta1", o.Beta1),
		below1(name, "Beta2", o.Beta2),
		atLeast0(name, "Eps", o.Eps),
		atLeast0(name, "WeightDecay", o.WeightDecay),
	)
}

// WithDecay returns o with another weight decay.
func (o Adam) WithDecay(decay float64) Optimizer {
	o.WeightDecay = decay
	return o
}

// New returns the state of n elements before their first step.
func (o Adam) New(n int) Stepper {
	return newAdam[float32]("Adam", o, n, option.Float(o.WeightDecay, 0), 0)
}

// New64 is New for float64.
func (o Adam) New64(n int) StepperOf[float64] {
	return newAdam[float64]("Adam", o, n, option.Float(o.WeightDecay, 0), 0)
}

// adam is the rule of Adam and AdamW, which differ in where the decay goes.
type adam[T vec.Float] struct {
	beta1, beta2 float64
	eps          float64
	l2           float64           // decay inside the gradient: Adam's
	decoupled    float64           // decay beside it: AdamW's
	c            vec.AdamCoefOf[T] // of the step in hand
}

func newAdam[T vec.Float](name string, o Adam, n int, l2, decoupled float64) StepperOf[T] {
	s := &adam[T]{
		beta1: option.Float(o.Beta1, 0.9), beta2: option.Float(o.Beta2, 0.999), eps: option.Float(o.Eps, 1e-8),
		l2: l2, decoupled: decoupled,
	}
	if o.AMSGrad {
		return newElementwise(name, n, (*amsgrad[T])(s), "exp_avg", "exp_avg_sq", "max_exp_avg_sq")
	}
	return newElementwise(name, n, s, "exp_avg", "exp_avg_sq")
}

func (s *adam[T]) begin(step int64, lr float64) {
	t := float64(step)
	s.c = vec.AdamCoefOf[T]{
		Keep:  T(1 - lr*s.decoupled),
		Decay: T(s.l2),
		Beta1: T(s.beta1), New1: T(1 - s.beta1),
		Beta2: T(s.beta2), New2: T(1 - s.beta2),
		Rate: T(lr / (1 - math.Pow(s.beta1, t))),
		Root: T(1 / math.Sqrt(1-math.Pow(s.beta2, t))),
		Eps:  T(s.eps),
	}
}

// beginRows puts Eps beside √v, not beside √v/√(1-Beta2ᵗ): SparseAdam's.
func (s *adam[T]) beginRows() { s.c.Eps = T(s.c.Eps * s.c.Root) }

func (s *adam[T]) update(w, g []T, m moments[T]) { vec.Adam(w, g, m[0], m[1], s.c) }

// amsgrad is adam with a third moment.
type amsgrad[T vec.Float] adam[T]

func (s *amsgrad[T]) begin(step int64, lr float64) { (*adam[T])(s).begin(step, lr) }

func (s *amsgrad[T]) beginRows() { (*adam[T])(s).beginRows() }

func (s *amsgrad[T]) update(w, g []T, m moments[T]) {
	c := s.c
	g, mean, square, most := g[:len(w)], m[0][:len(w)], m[1][:len(w)], m[2][:len(w)]
	for i, wi := range w {
		wi = T(c.Keep * wi)
		gi := g[i] + T(c.Decay*wi)
		mi := T(c.Beta1*mean[i]) + T(c.New1*gi)
		vi := T(c.Beta2*square[i]) + T(c.New2*T(gi*gi))
		xi := max(most[i], vi)
		mean[i], square[i], most[i] = mi, vi, xi
		w[i] = wi - T(c.Rate*mi)/(T(c.Root*T(math.Sqrt(float64(xi))))+c.Eps)
	}
}
