package optim

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/option"
)

// decay is the weight decay of rules that have it in both ways: a penalty inside the gradient, or beside it.
type decay[T vec.Float] struct {
	decoupled float64
	l2        T // inside the gradient: g + l2·w
	keep      T // of the step in hand: w is multiplied by it first
}

func decayOf[T vec.Float](weightDecay float64, decoupled bool) decay[T] {
	d := option.Float(weightDecay, 0)
	if decoupled {
		return decay[T]{decoupled: d}
	}
	return decay[T]{l2: T(d)}
}

func (d *decay[T]) begin(lr float64) { d.keep = T(1 - lr*d.decoupled) }
