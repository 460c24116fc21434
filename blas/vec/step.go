package vec

// This file spreads an optimizer's step over the worker threads, as run does elementwise loops.

import (
	"sync"

	"github.com/tutti-ml/tutti/internal/parallel"
)

// stepTask is one step that workers share: Adam's if v is not nil, else SGD's, with momentum if m is not nil.
type stepTask[T Float] struct {
	w, g, m, v []T
	adam       AdamCoefOf[T]
	sgd        SGDCoefOf[T]
	do         func(lo, hi int)
}

var stepTasks32, stepTasks64 sync.Pool

func newStepTask[T Float]() *stepTask[T] {
	t, _ := stepPool[T]().Get().(*stepTask[T])
	if t == nil {
		t = new(stepTask[T])
		t.do = t.elements
	}
	return t
}

// spread takes the step for all elements.
func (t *stepTask[T]) spread() {
	parallel.For(len(t.w), 8<<10, t.do)
	t.w, t.g, t.m, t.v = nil, nil, nil, nil
	stepPool[T]().Put(t)
}

// stepPool returns the pool for tasks on elements of T's size, as taskPool does.
func stepPool[T Float]() *sync.Pool {
	if single[T]() {
		return &stepTasks32
	}
	return &stepTasks64
}

func (t *stepTask[T]) elements(lo, hi int) {
	switch w, g := t.w[lo:hi], t.g[lo:hi]; {
	case t.v != nil:
		adam(w, g, t.m[lo:hi], t.v[lo:hi], &t.adam)
	case t.m != nil:
		sgdMomentum(w, g, t.m[lo:hi], &t.sgd)
	default:
		sgd(w, g, t.sgd.Decay, t.sgd.Rate)
	}
}
