package optim

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/option"
)

// FTRL follows the regularised leader: it is Adagrad whose L1 penalty makes weights exactly 0, which is why it trains large
// sparse linear models. With p = -Power and g' = g + 2·Shrinkage·w:
//
//	n' = n + g²     z ← z + g' - (n'ᵖ - nᵖ)/lr·w     n ← n'
//	w ← 0 if |z| <= L1, else (sign(z)·L1 - z) / (n'ᵖ/lr + Beta/lr + 2·L2)
//
// The weights follow from n, z and lr alone. So those that training starts from are soon forgotten: begin with zeros. And
// the rate is to be constant: the rule lowers the elements' rates by itself, and a schedule that goes towards 0 takes the
// weights with it, in Keras as here. At rate 0, where the formula has no value, nothing moves. L2 counts as Keras's: the
// penalty is L2·w², so WithDecay, whose penalty is decay/2·w², sets L2 to half the decay.
//
// State: slots "accumulator" (n) and "linear" (z), Keras's names; PyTorch has no FTRL.
// Source: McMahan et al., Ad Click Prediction, KDD 2013, with the formula and defaults of Keras's Ftrl.
type FTRL struct {
	LR        float64 // learning rate; 0 means 1e-3. 0.05 to 0.5 suits linear models.
	Power     float64 // of the sum of squares in the rate, in [-1, 0]; 0 means -0.5, Zero is a fixed rate
	Initial   float64 // where the sums of squares start, >= 0; 0 means 0.1
	L1        float64 // >= 0; default 0
	L2        float64 // >= 0; default 0
	Shrinkage float64 // an L2 penalty inside the gradient that z takes in, >= 0; default 0
	Beta      float64 // >= 0; default 0. The paper's β: what slows the first steps.
}

// Name returns "ftrl".
func (FTRL) Name() string { return "ftrl" }

// Rate returns LR or its default.
func (o FTRL) Rate() float64 { return option.Float(o.LR, 1e-3) }

// Validate reports the first field out of range.
func (o FTRL) Validate() error {
	if !(o.Power >= -1 && o.Power <= Zero) {
		return fmt.Errorf("optim: FTRL.Power = %v, want -1 <= Power <= 0", o.Power)
	}
	return check(
		atLeast0("FTRL", "LR", o.LR),
		atLeast0("FTRL", "Initial", o.Initial),
		atLeast0("FTRL", "L1", o.L1),
		atLeast0("FTRL", "L2", o.L2),
		atLeast0("FTRL", "Shrinkage", o.Shrinkage),
		atLeast0("FTRL", "Beta", o.Beta),
	)
}

// WithDecay returns o with half of decay as L2: the same penalty as that weight decay elsewhere.
func (o FTRL) WithDecay(decay float64) Optimizer {
	o.L2 = decay / 2
	return o
}

// New returns the state of n elements before their first step.
func (o FTRL) New(n int) Stepper { return newFTRL[float32](o, n) }

// New64 is New for float64.
func (o FTRL) New64(n int) StepperOf[float64] { return newFTRL[float64](o, n) }

func newFTRL[T vec.Float](o FTRL, n int) StepperOf[T] {
	s := newElementwise("FTRL", n, &ftrl[T]{
		power: -option.Float(o.Power, -0.5), l1: T(option.Float(o.L1, 0)), l2: option.Float(o.L2, 0),
		shrinkage: T(2 * option.Float(o.Shrinkage, 0)), beta: option.Float(o.Beta, 0),
	}, "accumulator", "linear")
	vec.Fill(s.state.Slots[0].Data, T(option.Float(o.Initial, 0.1)))
	return s
}

type ftrl[T vec.Float] struct {
	power, l2, beta float64
	l1, shrinkage   T
	still           bool // the rate of the step in hand is 0
	inverse, more   T    // of the step in hand: 1/lr, and what is added to n'ᵖ/lr
}

func (s *ftrl[T]) begin(_ int64, lr float64) {
	s.still = lr == 0
	s.inverse, s.more = T(1/lr), T(s.beta/lr+2*s.l2)
}

func (s *ftrl[T]) update(w, g []T, m moments[T]) {
	if s.still {
		return
	}
	l1, shrinkage, inverse, more := s.l1, s.shrinkage, s.inverse, s.more
	g, square, linear := g[:len(w)], m[0][:len(w)], m[1][:len(w)]
	for i, wi := range w {
		old := square[i]
		sum := old + T(g[i]*g[i])
		before, after := s.raise(old), s.raise(sum)
		z := linear[i] + g[i] + T(shrinkage*wi) - T(T((after-before)*inverse)*wi)
		square[i], linear[i] = sum, z
		if size := T(math.Abs(float64(z))); size <= l1 {
			w[i] = 0
		} else {
			w[i] = T(math.Copysign(float64(size-l1), float64(-z))) / (T(after*inverse) + more)
		}
	}
}

// raise returns n to the power p.
func (s *ftrl[T]) raise(n T) T {
	if s.power == 0.5 {
		return T(math.Sqrt(float64(n)))
	}
	return T(math.Pow(float64(n), s.power))
}
